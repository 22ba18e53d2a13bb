#include "run/resume/sample_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <numeric>
#include <span>
#include <unordered_map>

#include <seplflow/bytes.hpp>
#include "base/error_of.hpp"
#include "run/resume/fingerprint.hpp"
#include "run/run_file.hpp"

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

std::string encode(SampleMemory const& memory) {
  ByteWriter bytes;
  bytes.text(memory.id).count(memory.identity).count(memory.line);
  // Equal results share their bytes, whether they came about together or not: the file must be the
  // same however the run got there.
  std::unordered_map<std::string_view, std::size_t> known;
  std::vector<std::string_view> distinct;
  std::vector<std::size_t> places(memory.entries.size());  // from 1; 0: nothing is kept
  for (std::size_t i = 0; i < places.size(); ++i) {
    SharedBytes const& kept = memory.entries[i].kept;
    if (!kept) continue;
    // Those that share them with one of the first need not be hashed.
    std::span const first(distinct.data(), std::min<std::size_t>(distinct.size(), 16));
    auto const same = std::ranges::find(first, kept->data(), &std::string_view::data);
    if (same != first.end()) {
      places[i] = static_cast<std::size_t>(same - first.begin()) + 1;
      continue;
    }
    auto const [place, is_new] = known.try_emplace(*kept, distinct.size() + 1);
    if (is_new) distinct.push_back(*kept);
    places[i] = place->second;
  }
  bytes.count(distinct.size());
  for (std::string_view const each : distinct) bytes.text(each);
  bytes.count(memory.entries.size());
  for (std::size_t i = 0; i < memory.entries.size(); ++i) {
    auto const& entry = memory.entries[i];
    bytes.count(entry.key).count(entry.stamp).count(static_cast<std::uint64_t>(entry.kind));
    bytes.count(places[i]);
  }
  for (std::size_t i = 0; i < memory.entries.size(); ++i) {
    for (Warning const& warning : memory.entries[i].warnings) {
      bytes.count(i).text(warning.what).text(warning.detail);
    }
  }
  // The counts follow an index that no entry has. Without any, nothing follows.
  for (std::size_t i = 0, written = 0; i < memory.entries.size(); ++i) {
    for (Count const& count : memory.entries[i].counts) {
      if (written++ == 0) bytes.count(memory.entries.size());
      bytes.count(i).text(count.what).count(count.number);
    }
  }
  return bytes.take();
}

SampleMemory decode(std::string_view bytes) {
  ByteReader reader(bytes);
  SampleMemory memory;
  memory.id = reader.text();
  memory.identity = reader.count();
  memory.line = reader.count();
  std::vector<SharedBytes> distinct(reader.length());
  for (SharedBytes& each : distinct) each = std::make_shared<std::string const>(reader.text());
  memory.entries.resize(reader.length());
  for (auto& entry : memory.entries) {
    entry.key = reader.count();
    entry.stamp = reader.count();
    std::uint64_t const kind = reader.count();
    if (kind > static_cast<std::uint64_t>(SampleMemory::Entry::Kind::files_and_result)) {
      throw Error("an entry is of an unknown kind");
    }
    entry.kind = static_cast<SampleMemory::Entry::Kind>(kind);
    std::uint64_t const place = reader.count();
    if (place > distinct.size()) throw Error("the bytes of an entry are missing");
    if (place > 0) entry.kept = distinct[place - 1];
  }
  bool counts_follow = false;
  while (!reader.at_end()) {
    std::uint64_t const i = reader.count();
    if (i == memory.entries.size() && !counts_follow) {
      counts_follow = true;
      continue;
    }
    if (i >= memory.entries.size()) throw Error("a warning or a count belongs to no entry");
    std::string what(reader.text());
    if (counts_follow) {
      memory.entries[i].counts.push_back({std::move(what), reader.count()});
    } else {
      memory.entries[i].warnings.push_back({std::move(what), std::string(reader.text())});
    }
  }
  std::ranges::stable_sort(memory.entries, {}, &SampleMemory::Entry::key);
  return memory;
}

bool has_results(SampleMemory const& memory) {
  return std::ranges::any_of(memory.entries, [](SampleMemory::Entry const& entry) {
    return entry.kind == SampleMemory::Entry::Kind::result ||
           entry.kind == SampleMemory::Entry::Kind::files ||
           entry.kind == SampleMemory::Entry::Kind::files_and_result;
  });
}

}  // namespace

SampleMemory::Entry const* SampleMemory::find(std::uint64_t key) const {
  auto const found = std::ranges::lower_bound(entries, key, {}, &Entry::key);
  return found == entries.end() || found->key != key ? nullptr : &*found;
}

void SampleMemory::add(SampleMemory const& older) {
  if (older.identity != identity) return;
  std::vector<Entry> others;
  for (Entry const& entry : older.entries) {
    if (!find(entry.key)) others.push_back(entry);
  }
  entries.insert(entries.end(), others.begin(), others.end());
  std::ranges::sort(entries, {}, &Entry::key);
}

std::string encode_files(std::vector<OutputFile> const& files) {
  ByteWriter bytes;
  bytes.count(files.size());
  for (OutputFile const& file : files) {
    bytes.text(file.name.string()).count(file.bytes.size()).count(fingerprint(file.bytes));
  }
  return bytes.take();
}

std::vector<WrittenFile> decode_files(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<WrittenFile> files(reader.length());
  for (WrittenFile& file : files) {
    file.name = reader.text();
    if (why_unsafe_id(file.name.string())) throw Error("a file would leave its folder");
    file.size = reader.count();
    file.content = reader.count();
  }
  reader.end();
  return files;
}

std::vector<WrittenFile> files_of(SampleMemory::Entry const& entry) {
  using Entry = SampleMemory::Entry;
  if (entry.kind == Entry::Kind::files) return decode_files(*entry.kept);
  if (entry.kind == Entry::Kind::files_and_result) {
    return decode_files(split_kept(*entry.kept).files);
  }
  return {};
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

std::string memory_id(std::string const& id, std::uint64_t repetition) {
  return repetition == 0 ? id : id + " (repetition " + std::to_string(repetition) + ")";
}

MemoryWriter::MemoryWriter(std::filesystem::path file) : file_(std::move(file)) {
  file_.append(kMagic);
  file_.flush();
}

void MemoryWriter::append(SampleMemory const& memory) {
  std::string const payload = encode(memory);
  if (payload.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error("the results of sample \"" + memory.id + "\" are more than 4 GiB");
  }
  std::string frame;
  put(frame, static_cast<std::uint32_t>(payload.size()));
  put(frame, fingerprint(payload));
  file_.append(frame + payload);
  file_.flush();
}

MemoryReader::MemoryReader(std::filesystem::path file) : file_(std::move(file)) {
  if (!exists_as_regular_file(file_)) return;
  stream_.reset(std::fopen(file_.c_str(), "rbe"));
  if (!stream_) throw Error("cannot read " + file_.string());
  scan();
}

std::string MemoryReader::next(std::uint64_t size) const {
  std::string bytes(size, '\0');
  bytes.resize(std::fread(bytes.data(), 1, size, stream_.get()));
  if (std::ferror(stream_.get()) != 0) throw Error("cannot read " + file_.string());
  return bytes;
}

std::string MemoryReader::read(Place const& place) const {
  std::string bytes(place.size, '\0');
  // Without the buffer of the stream, which would read far more for each memory.
  for (std::size_t done = 0; done < bytes.size();) {
    ssize_t const count = ::pread(::fileno(stream_.get()), bytes.data() + done,
                                  bytes.size() - done, static_cast<off_t>(place.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error("cannot read " + file_.string());
    if (count == 0) bytes.resize(done);
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

void MemoryReader::scan() {
  std::uint64_t offset = kMagic.size();
  std::string const name = file_.string();
  std::uint64_t const end = std::filesystem::file_size(file_);
  if (end == 0) return;  // of a run that was killed as soon as it began
  if (next(kMagic.size()) != kMagic) {
    problems_.push_back(name + " is not a ledger.records file of seplflow; it is not used");
    return;
  }
  for (std::size_t number = 1;; ++number) {
    std::string const frame = next(kFrame);
    if (frame.empty()) return;
    std::string const where = name + ": entry " + std::to_string(number);
    std::uint32_t const size = frame.size() == kFrame ? get<std::uint32_t>(frame) : 0;
    if (size == 0 || size > end - offset - kFrame) {
      problems_.push_back(where +
                          " is truncated; its sample and all later ones are processed again");
      return;
    }
    std::string const payload = next(size);
    SampleMemory memory;
    bool const intact =
        get<std::uint64_t>(std::string_view(frame).substr(4)) == fingerprint(payload);
    if (intact && !error_of([&] { memory = decode(payload); })) {
      places_.push_back({fingerprint(memory.id), memory.line, offset + kFrame, size,
                         has_results(memory)});
    } else {
      problems_.push_back(where + " is damaged; its sample is processed again");
    }
    offset += kFrame + size;
  }
}

SampleMemory MemoryReader::at(std::size_t i) const {
  return decode(read(places_[i]));
}

void MemoryReader::index() {
  by_id_.resize(places_.size());
  std::iota(by_id_.begin(), by_id_.end(), std::size_t{0});
  std::ranges::stable_sort(by_id_, {}, [this](std::size_t i) { return places_[i].id; });
}

std::optional<SampleMemory> MemoryReader::find(std::string_view id) const {
  std::uint64_t const wanted = fingerprint(id);
  // The last one counts.
  auto i = std::ranges::upper_bound(by_id_, wanted, {},
                                    [this](std::size_t place) { return places_[place].id; });
  while (i != by_id_.begin() && places_[*--i].id == wanted) {
    Place const& place = places_[*i];
    SampleMemory memory = decode(read(place));
    if (memory.id != id) continue;
    place.found = true;
    return memory;
  }
  return std::nullopt;
}

std::vector<std::uint64_t> MemoryReader::lines() const {
  std::vector<std::uint64_t> lines;
  for (std::size_t i = 0; i < by_id_.size(); ++i) {
    Place const& place = places_[by_id_[i]];
    bool const is_last = i + 1 == by_id_.size() || places_[by_id_[i + 1]].id != place.id;
    if (is_last) lines.push_back(place.line);
  }
  std::ranges::sort(lines);
  return lines;
}

std::size_t MemoryReader::count_with_results() const {
  return static_cast<std::size_t>(std::ranges::count(places_, true, &Place::has_results));
}

MemoryReader::Unlisted MemoryReader::never_found(std::vector<std::string> const& but) const {
  constexpr std::size_t kNamed = 3;
  Unlisted unlisted;
  for (std::size_t i = 0, next = 0; i < by_id_.size(); i = next) {
    Place const& first = places_[by_id_[i]];
    bool found = false, has_results = false;
    // All memories of a sample.
    for (; next < by_id_.size() && places_[by_id_[next]].id == first.id; ++next) {
      found = found || places_[by_id_[next]].found;
      has_results = has_results || places_[by_id_[next]].has_results;
    }
    if (found || !has_results) continue;
    std::string id = decode(read(first)).id;
    if (std::ranges::find(but, id) != but.end()) continue;
    if (++unlisted.count <= kNamed) unlisted.first.push_back(std::move(id));
  }
  return unlisted;
}

}  // namespace seplflow
