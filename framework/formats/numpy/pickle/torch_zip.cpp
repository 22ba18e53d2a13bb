// torch's form since version 1.6: a zip with a folder that holds data.pkl and the storages, each in
// a file data/KEY. No entry is compressed.
#include <algorithm>
#include <map>
#include <string>

#include <seplflow/error.hpp>
#include "formats/numpy/pickle/cursor.hpp"
#include "formats/numpy/pickle/torch.hpp"

namespace seplflow::pickle {
namespace {

// The first four bytes of each part, as a little-endian number.
constexpr std::uint32_t kLocalMark = 0x04034b50, kCentralMark = 0x02014b50, kEndMark = 0x06054b50,
                        kEnd64Mark = 0x06064b50, kLocator64Mark = 0x07064b50;
constexpr std::size_t kEndBytes = 22, kLocator64Bytes = 20;
constexpr std::size_t kLongestComment = 65535;

Error damaged(std::string const& how) {
  return Error("the zip is truncated or damaged: " + how);
}

std::uint32_t mark_at(Bytes bytes, std::size_t position) {
  return Cursor(bytes.subspan(position)).number<std::uint32_t>();
}

std::string_view text(Bytes bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// An entry as the directory describes it.
struct Central {
  std::uint16_t flags, method;
  std::uint64_t packed, size, local;
  std::string_view name;
};

// Replaces the numbers of the entry that are all ones by the 64-bit numbers that stand for them.
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

Central next_entry(Cursor& cursor) {
  if (cursor.number<std::uint32_t>() != kCentralMark)
    throw damaged("an entry of its directory is missing");
  Central entry;
  cursor.take(4);  // versions
  entry.flags = cursor.number<std::uint16_t>();
  entry.method = cursor.number<std::uint16_t>();
  cursor.take(8);  // time, date, checksum
  entry.packed = cursor.number<std::uint32_t>();
  entry.size = cursor.number<std::uint32_t>();
  auto const name = cursor.number<std::uint16_t>();
  auto const extra = cursor.number<std::uint16_t>();
  auto const comment = cursor.number<std::uint16_t>();
  cursor.take(8);  // disk, attributes
  entry.local = cursor.number<std::uint32_t>();
  entry.name = text(cursor.take(name));
  widen(entry, cursor.take(extra));
  cursor.take(comment);
  return entry;
}

void require_plain(Central const& entry) {
  std::string const what = "the zip's entry '" + printable(entry.name) + "'";
  if ((entry.flags & 1U) != 0) throw Error(what + " is encrypted, which seplflow does not read");
  if (entry.method != 0 || entry.packed != entry.size) {
    throw Error(
        what +
        " is compressed, which torch.save never does and seplflow does not read; load the file "
        "with torch and save it again");
  }
}

// Reads the entry's own header up to the length of its name.
void require_same_size(Central const& entry, Cursor& local) {
  constexpr std::uint32_t kBehind = 0, kElsewhere = 0xffffffff;
  local.take(18);  // version, flags, method, time, date, checksum, packed
  auto const size = local.number<std::uint32_t>();
  if (size != entry.size && size != kBehind && size != kElsewhere) {
    throw damaged("the entry '" + printable(entry.name) + "' has " + std::to_string(size) +
                  " bytes according to its own header, and " + std::to_string(entry.size) +
                  " according to the directory");
  }
}

// A zip or zip64 in memory. Reads only its directory, and the header of an entry when its bytes are
// needed.
class Zip {
 public:
  // Throws Error when the directory is missing or damaged.
  explicit Zip(Bytes bytes) : bytes_(bytes) {
    Directory const directory = find_directory();
    if (directory.begin > bytes_.size() || directory.size > bytes_.size() - directory.begin) {
      throw damaged("its directory of " + std::to_string(directory.size) + " bytes at byte " +
                    std::to_string(directory.begin) + " does not fit into " +
                    std::to_string(bytes_.size()) + " bytes");
    }
    Cursor cursor(bytes_.subspan(directory.begin, directory.size));
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      std::uint64_t const begin = directory.begin + cursor.position();
      Central const entry = next_entry(cursor);
      if (!entries_.emplace(entry.name, begin).second) {
        throw damaged("the entry '" + printable(entry.name) + "' occurs twice");
      }
    }
  }

  using Entries = std::map<std::string_view, std::uint64_t>;
  // Names with their folders, and the position of each in the directory.
  Entries const& entries() const { return entries_; }
  bool contains(std::string_view name) const { return entries_.contains(name); }

  // The bytes of an entry. Throws Error when there is no entry of this name, or it is compressed,
  // encrypted or reaches beyond the end of the file.
  Bytes read(std::string_view name) const {
    auto const found = entries_.find(name);
    if (found == entries_.end()) throw damaged("the entry '" + printable(name) + "' is missing");
    Cursor central(bytes_.subspan(found->second));
    Central const entry = next_entry(central);
    require_plain(entry);
    Cursor local(bytes_.subspan(std::min<std::uint64_t>(entry.local, bytes_.size())));
    if (local.number<std::uint32_t>() != kLocalMark) {
      throw damaged("the entry '" + printable(name) + "' is not where the directory says");
    }
    require_same_size(entry, local);
    auto const name_size = local.number<std::uint16_t>();
    auto const extra = local.number<std::uint16_t>();
    if (text(local.take(name_size)) != name) {
      throw damaged("the entry '" + printable(name) + "' has another name in its own header");
    }
    local.take(extra);
    if (entry.size > local.left()) {
      throw damaged("the entry '" + printable(name) + "' of " + std::to_string(entry.size) +
                    " bytes reaches beyond the end of the file");
    }
    return local.take(entry.size);
  }

 private:
  struct Directory {
    std::uint64_t begin, size, entries;
  };

  Zip::Directory find_directory() const {
    std::size_t const first = bytes_.size() - std::min(bytes_.size(), kEndBytes + kLongestComment);
    for (std::size_t at = bytes_.size(); at-- > first;) {
      if (bytes_.size() - at < kEndBytes || mark_at(bytes_, at) != kEndMark) continue;
      Cursor cursor(bytes_.subspan(at));
      cursor.take(10);  // mark, disks, entries on this disk
      Directory directory{};
      directory.entries = cursor.number<std::uint16_t>();
      directory.size = cursor.number<std::uint32_t>();
      directory.begin = cursor.number<std::uint32_t>();
      if (cursor.number<std::uint16_t>() != cursor.left()) continue;  // the length of the comment
      bool const zip64 =
          at >= kLocator64Bytes && mark_at(bytes_, at - kLocator64Bytes) == kLocator64Mark;
      return zip64 ? find_directory64(at) : directory;
    }
    throw damaged("it has no directory at the end of its " + std::to_string(bytes_.size()) +
                  " bytes");
  }

  Zip::Directory find_directory64(std::uint64_t end) const {
    Cursor locator(bytes_.subspan(end - kLocator64Bytes));
    locator.take(8);  // mark, disk
    auto const at = locator.number<std::uint64_t>();
    if (at >= end || mark_at(bytes_, at) != kEnd64Mark)
      throw damaged("its zip64 record is missing");
    Cursor cursor(bytes_.subspan(at));
    cursor.take(32);  // mark, size, versions, disks, entries on this disk
    Directory directory{};
    directory.entries = cursor.number<std::uint64_t>();
    directory.size = cursor.number<std::uint64_t>();
    directory.begin = cursor.number<std::uint64_t>();
    return directory;
  }

  Bytes bytes_;
  Entries entries_;
};

// The folder that holds everything, with a slash at its end.
std::string_view root_of(Zip const& zip) {
  constexpr std::string_view kPickle = "/data.pkl";
  for (auto const& [name, place] : zip.entries()) {
    bool const top = name.ends_with(kPickle) && name.find('/') == name.size() - kPickle.size();
    if (top) return name.substr(0, name.size() - kPickle.size() + 1);
  }
  bool const numpy = std::any_of(zip.entries().begin(), zip.entries().end(),
                                 [](auto const& entry) { return entry.first.ends_with(".npy"); });
  throw Error(numpy ? "this is a .npz file of numpy, not a file of torch"
                    : "this is a zip that torch.save did not write: it has no data.pkl");
}

void require_little_endian(Zip const& zip, std::string const& name) {
  if (!zip.contains(name)) return;
  Bytes const order = zip.read(name);
  std::string_view const text(reinterpret_cast<char const*>(order.data()), order.size());
  if (text == "little") return;
  throw Error("the file has the byte order '" + printable(text) +
              "', which seplflow does not read; save it again on a little-endian machine");
}

}  // namespace

Cell read_torch_zip(Bytes bytes, Store& store) {
  Zip const zip(bytes);
  std::string const root(root_of(zip));
  if (zip.contains(root + "constants.pkl")) {
    throw Error(
        "this is a TorchScript archive, which is code; save the state_dict() of the module with "
        "torch.save instead");
  }
  require_little_endian(zip, root + "byteorder");
  std::map<std::string_view, std::size_t> storages;
  auto const load = [&](Cell const& cell) {
    StorageId const id = storage_id(store, cell);
    auto const known = storages.find(id.key);
    if (known != storages.end() && store.storages[known->second].type == id.type &&
        store.storages[known->second].bytes.size() == id.bytes()) {
      return Cell{.type = Type::torch_storage, .index = known->second};
    }
    Bytes const data = zip.read(root + "data/" + std::string(id.key));
    if (data.size() != id.bytes()) {
      throw Error("the storage '" + printable(id.key) + "' has " + std::to_string(data.size()) +
                  " bytes instead of " + std::to_string(id.bytes()));
    }
    Cell const storage = new_storage(store, id);
    store.storages[storage.index].bytes = data;
    store.storages[storage.index].filled = true;
    storages[id.key] = storage.index;
    return storage;
  };
  Bytes const pickle = zip.read(root + "data.pkl");
  auto const begin = static_cast<std::size_t>(pickle.data() - bytes.data());
  return read_last_pickle(bytes.first(begin + pickle.size()), begin, store, load);
}

}  // namespace seplflow::pickle
