#include "formats/numpy/zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <string>

#include <seplflow/error.hpp>
#include "formats/numpy/pickle/cursor.hpp"

namespace seplflow::pickle {
namespace {

// The first four bytes of each part, as a little-endian number.
constexpr std::uint32_t kLocalMark = 0x04034b50, kCentralMark = 0x02014b50, kEndMark = 0x06054b50,
                        kEnd64Mark = 0x06064b50, kLocator64Mark = 0x07064b50;
constexpr std::size_t kEndBytes = 22, kLocator64Bytes = 20, kEnd64Bytes = 56, kLocalBytes = 30;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint16_t kStored = 0, kDeflated = 8;

Error damaged(std::string const& how) {
  return Error("the zip is truncated or damaged: " + how);
}

std::string quoted_entry(std::string_view name) {
  return "the entry '" + printable(name) + "'";
}

std::uint32_t mark_at(Bytes bytes, std::size_t position) {
  return Cursor(bytes.subspan(position)).number<std::uint32_t>();
}

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// Replaces the numbers of the entry that are all ones by the 64-bit numbers that stand for them.
template <class Central>
void widen(Central& entry, Bytes extra) {
  constexpr std::uint16_t kZip64 = 1;
  constexpr std::uint64_t kElsewhere = 0xffffffff;
  Cursor cursor(extra);
  while (cursor.left() >= 4) {
    auto const kind = cursor.number<std::uint16_t>();
    Cursor field(cursor.take(cursor.number<std::uint16_t>()));
    if (kind != kZip64) continue;
    for (std::uint64_t* const value : {&entry.size, &entry.packed, &entry.local}) {
      if (*value == kElsewhere) *value = field.number<std::uint64_t>();
    }
    return;
  }
}

// `size` bytes that are packed by deflate.
std::unique_ptr<std::uint8_t[]> inflated(Bytes packed, std::size_t size, std::string_view name) {
  auto bytes = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  z_stream stream{};
  constexpr int kWithoutHeader = -MAX_WBITS;
  if (inflateInit2(&stream, kWithoutHeader) != Z_OK) throw Error("zlib cannot be initialised");
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = bytes.get();
  stream.avail_out = static_cast<uInt>(size);
  int const result = inflate(&stream, Z_FINISH);
  bool const whole = result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole) throw damaged(quoted_entry(name) + " does not unpack to its size");
  return bytes;
}

}  // namespace

Zip::Zip(Bytes bytes, Store& store) : bytes_(bytes), store_(store), file_(store.file_being_read()) {
  Directory const directory = find_directory();
  if (directory.begin > bytes_.size() || directory.size > bytes_.size() - directory.begin) {
    throw damaged("its directory of " + std::to_string(directory.size) + " bytes at byte " +
                  std::to_string(directory.begin) + " does not fit into " +
                  std::to_string(bytes_.size()) + " bytes");
  }
  Cursor cursor(in_memory(directory.begin, directory.size));
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    std::uint64_t const begin = directory.begin + cursor.position();
    Central const entry = next_entry(cursor);
    if (!entries_.emplace(entry.name, begin).second) {
      throw damaged(quoted_entry(entry.name) + " occurs twice");
    }
  }
}

Bytes Zip::in_memory(std::uint64_t begin, std::uint64_t size) const {
  Bytes const part = bytes_.subspan(begin, size);
  if (file_ != nullptr) {
    file_->isolate(part);
    file_->load(part);
  }
  return part;
}

Zip::Central Zip::next_entry(Cursor& cursor) {
  if (cursor.number<std::uint32_t>() != kCentralMark)
    throw damaged("an entry of its directory is missing");
  Central entry;
  cursor.take(4);  // versions
  entry.flags = cursor.number<std::uint16_t>();
  entry.method = cursor.number<std::uint16_t>();
  cursor.take(4);  // time, date
  entry.checksum = cursor.number<std::uint32_t>();
  entry.packed = cursor.number<std::uint32_t>();
  entry.size = cursor.number<std::uint32_t>();
  auto const name = cursor.number<std::uint16_t>();
  auto const extra = cursor.number<std::uint16_t>();
  auto const comment = cursor.number<std::uint16_t>();
  cursor.take(8);  // disk, attributes
  entry.local = cursor.number<std::uint32_t>();
  entry.name = text_of(cursor.take(name));
  widen(entry, cursor.take(extra));
  cursor.take(comment);
  return entry;
}

Zip::Central Zip::find(std::string_view name) const {
  auto const found = entries_.find(name);
  if (found == entries_.end()) throw damaged(quoted_entry(name) + " is missing");
  Cursor central(bytes_.subspan(found->second));  // in memory, as the whole directory
  Central const entry = next_entry(central);
  if ((entry.flags & 1U) != 0) {
    throw Error("the zip's entry '" + printable(name) + "' is encrypted, which seplflow does not "
                "read");
  }
  return entry;
}

// The bytes as they are stored, which may not be in memory.
Bytes Zip::packed_bytes(Central const& entry) const {
  constexpr std::uint32_t kBehind = 0, kElsewhere = 0xffffffff;
  std::uint64_t const from = std::min<std::uint64_t>(entry.local, bytes_.size());
  Cursor local(in_memory(from, std::min<std::uint64_t>(kLocalBytes, bytes_.size() - from)));
  if (local.number<std::uint32_t>() != kLocalMark) {
    throw damaged(quoted_entry(entry.name) + " is not where the directory says");
  }
  local.take(18);  // version, flags, method, time, date, checksum, packed
  auto const size = local.number<std::uint32_t>();
  if (size != entry.size && size != kBehind && size != kElsewhere) {
    throw damaged(quoted_entry(entry.name) + " has " + std::to_string(size) +
                  " bytes according to its own header, and " + std::to_string(entry.size) +
                  " according to the directory");
  }
  std::uint64_t const name_size = local.number<std::uint16_t>();
  std::uint64_t const extra = local.number<std::uint16_t>();
  std::uint64_t const left = bytes_.size() - from - kLocalBytes;
  if (name_size + extra > left ||
      text_of(in_memory(from + kLocalBytes, name_size)) != entry.name) {
    throw damaged(quoted_entry(entry.name) + " has another name in its own header");
  }
  if (entry.packed > left - name_size - extra) {
    throw damaged(quoted_entry(entry.name) + " of " + std::to_string(entry.packed) +
                  " bytes reaches beyond the end of the file");
  }
  return bytes_.subspan(from + kLocalBytes + name_size + extra, entry.packed);
}

Bytes Zip::read_later(std::string_view name) const {
  Central const entry = find(name);
  if (entry.method != kStored || entry.packed != entry.size) {
    throw Error("the zip's entry '" + printable(name) +
                "' is compressed, which torch.save never does and seplflow does not read; load the "
                "file with torch and save it again");
  }
  Bytes const bytes = packed_bytes(entry);
  if (file_ != nullptr) file_->isolate(bytes);
  Checksum const checksum{bytes, entry.checksum, entry.name};
  if (store_.defers_checksums) {
    store_.checksums.push_back(checksum);
  } else {
    store_.require(checksum);
  }
  return bytes;
}

Bytes Zip::read(std::string_view name) const {
  Bytes const bytes = read_later(name);
  if (!store_.defers_checksums) return bytes;
  if (file_ != nullptr) file_->load(bytes);
  Checksum const checksum = store_.checksums.back();
  store_.checksums.pop_back();
  store_.require(checksum);
  return bytes;
}

Bytes Zip::unpack(std::string_view name) const {
  constexpr std::uint64_t kMostUnpacked = std::uint64_t{512} << 20;  // of one file
  constexpr std::uint64_t kMostExpansion = 1032;                     // of deflate
  Central const entry = find(name);
  if (entry.method == kStored) return read(name);
  if (entry.method != kDeflated) {
    throw Error("the zip's entry '" + printable(name) + "' is compressed by method " +
                std::to_string(entry.method) + "; seplflow reads entries that are stored or "
                "deflated, as numpy writes them");
  }
  Bytes const packed = packed_bytes(entry);
  if (file_ != nullptr) {
    file_->isolate(packed);
    file_->load(packed);
  }
  if (entry.size / kMostExpansion > packed.size()) {
    throw damaged(quoted_entry(name) + " cannot unpack to its " + std::to_string(entry.size) +
                  " bytes");
  }
  if (entry.size > kMostUnpacked - store_.unpacked) {
    throw Error("the zip unpacks to more than " + std::to_string(kMostUnpacked) +
                " bytes, the most that seplflow unpacks of a file");
  }
  store_.unpacked += entry.size;
  store_.buffers.push_back(inflated(packed, entry.size, name));
  Bytes const bytes(store_.buffers.back().get(), entry.size);
  store_.require({bytes, entry.checksum, entry.name});
  return bytes;
}

Zip::Directory Zip::find_directory() const {
  std::size_t const first = bytes_.size() - std::min(bytes_.size(), kEndBytes + kLongestComment);
  in_memory(first, bytes_.size() - first);
  for (std::size_t at = bytes_.size(); at-- > first;) {
    if (bytes_.size() - at < kEndBytes || mark_at(bytes_, at) != kEndMark) continue;
    Cursor cursor(bytes_.subspan(at));
    cursor.take(10);  // mark, disks, entries on this disk
    Directory directory{};
    directory.entries = cursor.number<std::uint16_t>();
    directory.size = cursor.number<std::uint32_t>();
    directory.begin = cursor.number<std::uint32_t>();
    if (cursor.number<std::uint16_t>() != cursor.left()) continue;  // the length of the comment
    if (at < kLocator64Bytes) return directory;
    bool const zip64 =
        mark_at(in_memory(at - kLocator64Bytes, kLocator64Bytes), 0) == kLocator64Mark;
    return zip64 ? find_directory64(at) : directory;
  }
  throw damaged("it has no directory at the end of its " + std::to_string(bytes_.size()) +
                " bytes");
}

Zip::Directory Zip::find_directory64(std::uint64_t end) const {
  Cursor locator(bytes_.subspan(end - kLocator64Bytes));
  locator.take(8);  // mark, disk
  auto const at = locator.number<std::uint64_t>();
  bool const fits = at < end && end - at >= kEnd64Bytes;
  if (!fits || mark_at(in_memory(at, kEnd64Bytes), 0) != kEnd64Mark) {
    throw damaged("its zip64 record is missing");
  }
  Cursor cursor(bytes_.subspan(at));
  cursor.take(32);  // mark, size, versions, disks, entries on this disk
  Directory directory{};
  directory.entries = cursor.number<std::uint64_t>();
  directory.size = cursor.number<std::uint64_t>();
  directory.begin = cursor.number<std::uint64_t>();
  return directory;
}

}  // namespace seplflow::pickle
