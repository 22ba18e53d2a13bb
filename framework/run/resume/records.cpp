#include "run/resume/records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "base/bytes.hpp"
#include "base/error_of.hpp"
#include "run/resume/fingerprint.hpp"

namespace seplflow {
namespace {

constexpr std::string_view kMagic = "seplflow ledger.records 1\n";
constexpr std::size_t kFrame = 4 + 8;

template <class T>
void put(std::string& bytes, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i));
}

template <class T>
T get(std::string_view bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

std::string encode(SampleRecord const& record) {
  ByteWriter bytes;
  bytes.text(record.id).count(record.identity).count(record.line);
  // Settings that made the same share the bytes of it, whether they made it together or not: the
  // file must not tell how a run came about.
  std::unordered_map<std::string_view, std::size_t> places;
  std::vector<std::string_view> distinct;
  for (auto const& entry : record.entries) {
    if (entry.kept && places.try_emplace(*entry.kept, distinct.size() + 1).second) {
      distinct.push_back(*entry.kept);
    }
  }
  bytes.count(distinct.size());
  for (std::string_view const each : distinct) bytes.text(each);
  bytes.count(record.entries.size());
  for (auto const& entry : record.entries) {
    bytes.count(entry.key).count(entry.stamp).count(static_cast<std::uint64_t>(entry.kind));
    bytes.count(entry.kept ? places[*entry.kept] : 0);
  }
  return bytes.take();
}

SampleRecord decode(std::string_view bytes) {
  ByteReader reader(bytes);
  SampleRecord record;
  record.id = reader.text();
  record.identity = reader.count();
  record.line = reader.count();
  std::vector<Kept> distinct(reader.length());
  for (Kept& each : distinct) each = std::make_shared<std::string const>(reader.text());
  record.entries.resize(reader.length());
  for (auto& entry : record.entries) {
    entry.key = reader.count();
    entry.stamp = reader.count();
    std::uint64_t const kind = reader.count();
    if (kind > static_cast<std::uint64_t>(SampleRecord::Entry::Kind::failed)) {
      throw Error("a result of no known kind");
    }
    entry.kind = static_cast<SampleRecord::Entry::Kind>(kind);
    std::uint64_t const place = reader.count();
    if (place > distinct.size()) throw Error("a result is missing");
    if (place > 0) entry.kept = distinct[place - 1];
  }
  reader.end();
  std::ranges::stable_sort(record.entries, {}, &SampleRecord::Entry::key);
  return record;
}

}  // namespace

SampleRecord::Entry const* SampleRecord::find(std::uint64_t key) const {
  auto const found = std::ranges::lower_bound(entries, key, {}, &Entry::key);
  return found == entries.end() || found->key != key ? nullptr : &*found;
}

void SampleRecord::add(SampleRecord const& older) {
  if (older.identity != identity) return;
  std::vector<Entry> others;
  for (Entry const& entry : older.entries) {
    if (!find(entry.key)) others.push_back(entry);
  }
  entries.insert(entries.end(), others.begin(), others.end());
  std::ranges::sort(entries, {}, &Entry::key);
}

std::uint64_t identity_of(Sample const& sample) {
  ByteWriter bytes;
  bytes.text(sample.id).count(sample.size ? 1 : 0);
  if (sample.size) bytes.count(sample.size->height).count(sample.size->width);
  if (sample.classes) {
    for (std::string const& name : sample.classes->names()) bytes.text(name);
  }
  return fingerprint(bytes.take());
}

RecordWriter::RecordWriter(std::filesystem::path file) : file_(std::move(file)) {
  file_.append(kMagic);
  file_.flush();
}

void RecordWriter::append(SampleRecord const& record) {
  std::string const payload = encode(record);
  if (payload.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error("the results of sample \"" + record.id + "\" are more than 4 GiB");
  }
  std::string frame;
  put(frame, static_cast<std::uint32_t>(payload.size()));
  put(frame, fingerprint(payload));
  file_.append(frame + payload);
  file_.flush();
}

RecordReader::RecordReader(std::filesystem::path file) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ >= 0) {
    scan();
  } else if (errno != ENOENT) {
    throw Error("cannot read " + file_.string() + ": " + std::strerror(errno));
  }
}

RecordReader::~RecordReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RecordReader::RecordReader(RecordReader&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      places_(std::move(other.places_)),
      by_id_(std::move(other.by_id_)),
      problems_(std::move(other.problems_)) {}

std::uint64_t RecordReader::size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    throw Error("cannot read " + file_.string() + ": " + std::strerror(errno));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

std::string RecordReader::read(Place const& place) const {
  std::string bytes(place.size, '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    ssize_t const got = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(place.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error("cannot read " + file_.string() + ": " + std::strerror(errno));
    if (got == 0) {
      bytes.resize(done);
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

void RecordReader::scan() {
  std::uint64_t offset = kMagic.size();
  std::string const name = file_.string();
  std::uint64_t const end = size();
  if (end == 0) return;  // as a run leaves it that is killed when it begins
  if (read({0, 0, kMagic.size()}) != kMagic) {
    problems_.push_back(name + " does not begin as the records of a run do; none are used");
    return;
  }
  for (std::size_t number = 1;; ++number) {
    std::string const frame = read({0, offset, kFrame});
    if (frame.empty()) return;
    std::string const where = name + ": record " + std::to_string(number);
    std::uint64_t const size = frame.size() == kFrame ? get<std::uint32_t>(frame) : 0;
    if (size == 0 || size > end - offset - kFrame) {
      problems_.push_back(where + " is cut off; it and what followed is done again");
      return;
    }
    std::string const payload = read({0, offset + kFrame, size});
    SampleRecord record;
    bool const intact =
        get<std::uint64_t>(std::string_view(frame).substr(4)) == fingerprint(payload);
    if (intact && !error_of([&] { record = decode(payload); })) {
      places_.push_back({fingerprint(record.id), offset + kFrame, size});
    } else {
      problems_.push_back(where + " is damaged; its sample is done again");
    }
    offset += kFrame + size;
  }
}

SampleRecord RecordReader::at(std::size_t i) const {
  return decode(read(places_[i]));
}

void RecordReader::index() {
  by_id_ = places_;
  std::ranges::stable_sort(by_id_, {}, &Place::id);
}

std::optional<SampleRecord> RecordReader::find(std::string_view id) const {
  std::uint64_t const wanted = fingerprint(id);
  // From the last of them on.
  auto place = std::ranges::upper_bound(by_id_, wanted, {}, &Place::id);
  while (place != by_id_.begin() && (--place)->id == wanted) {
    SampleRecord record = decode(read(*place));
    if (record.id == id) return record;
  }
  return std::nullopt;
}

}  // namespace seplflow
