// The values of one file, as they are stored, and everything that they refer to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/formats/input_file.hpp>
#include <seplflow/formats/array.hpp>
#include <seplflow/formats/lazy_file.hpp>

namespace seplflow {
class Pickle;
}

namespace seplflow::pickle {

using Bytes = std::span<std::uint8_t const>;

// A name that pickles may refer to; see functions.hpp.
struct Global;

enum class Type : std::uint8_t {
  none,
  boolean,
  integer,
  number,
  text,
  bytes,
  list,
  tuple,
  dict,
  array,
  // Parts from which a pickle builds values; none of them is a value itself.
  huge_integer,  // its little-endian two's complement
  global,
  dtype,
  torch_storage
};

// A value, or a reference to one in the store. What it refers to stays in place as long as the
// store exists.
struct Cell {
  struct View {
    std::uint8_t const* data;
    std::size_t size;
  };
  struct Range {
    std::size_t first, size;
  };

  Type type = Type::none;
  union {
    std::int64_t integer = 0;
    bool boolean;
    double number;
    View view;          // text, bytes, huge_integer
    Range items;        // tuple: of Store::items
    std::size_t index;  // list, dict, array, dtype, torch_storage
    Global const* global;
  };

  static Cell of_bytes(Type type, Bytes bytes) {
    return {.type = type, .view = {bytes.data(), bytes.size()}};
  }
  Bytes bytes() const { return {view.data, view.size}; }
  std::string_view text() const { return {reinterpret_cast<char const*>(view.data), view.size}; }
  bool is(Type other) const { return type == other; }
};

struct Entry {
  Cell key, value;
};

struct Dict {
  std::vector<Entry> entries;         // in the order of the file
  std::vector<std::uint32_t> sorted;  // the entries by key, once all are known
};

// numpy's dtype, as far as arrays may have it.
struct Dtype {
  std::optional<ElementType> type;  // nothing: text, or else objects
  std::endian byte_order = std::endian::native;
  std::optional<std::size_t> characters = {};  // of each element, if it is text
  bool is_unicode = false;                     // its characters have 4 bytes (U), not 1 (S)
};

// An array, which is declared before it is filled: numpy builds arrays in two steps, and a tensor
// may come before its storage.
struct ArraySlot {
  std::optional<Array> array;
  std::optional<Cell> object;         // of numpy's array of one object, or its texts
  bool is_text = false;               // `object` stands for the array wherever it is
  std::optional<ArrayLayout> layout;  // of a tensor that waits for
  std::size_t storage = 0;            // this storage
};

struct TorchStorage {
  ElementType type = ElementType::uint8;
  bool untyped = false;  // bytes, whose type each tensor states
  Bytes bytes;
  bool filled = false;
};

// A part of the file and its CRC-32, as the zip that it is an entry of states it.
struct Checksum {
  Bytes bytes;
  std::uint32_t expected;
  std::string_view name;  // of the entry
};

struct Store {
  std::string name;                                      // of the file, for messages
  std::unique_ptr<LazyFile> lazy;                        // where the bytes come from a file
  std::vector<std::unique_ptr<std::uint8_t[]>> buffers;  // decoded bytes

  std::vector<Cell> items;  // of all tuples
  std::vector<std::vector<Cell>> lists;
  std::vector<Dict> dicts;
  std::deque<ArraySlot> arrays;
  std::vector<Dtype> dtypes;
  std::vector<TorchStorage> storages;
  Cell root;

  // The checksums of long parts are verified when they are requested if `defers_checksums`, else
  // when the file is opened.
  bool defers_checksums = false;
  std::vector<Checksum> checksums;
  // Reads the part and throws Error when it does not have its checksum.
  void require(Checksum const& checksum) const;

  // How many pickles the one that is being read is nested in: a tensor's storage is a pickle of its
  // own.
  int nesting = 0;

  // What is left of the memory and the time that a file may cost. Each opcode costs a value.
  // Decoding bytes, or reading them as a nested pickle, costs bytes: a pickle can refer to the same
  // bytes any number of times, with a few bytes each time. Both throw Error when nothing is left.
  std::size_t values_left = 0;
  std::size_t bytes_left = 0;
  std::size_t unpacked = 0;  // bytes of compressed entries of a zip
  void spend_values(std::size_t count);
  void spend_bytes(std::size_t count);

  // Of a list or a tuple.
  std::span<Cell const> items_of(Cell const& cell) const {
    if (cell.is(Type::list)) return lists[cell.index];
    return std::span(items).subspan(cell.items.first, cell.items.size);
  }

  // The file, while it is read: null when its bytes, or those of a pickle in it, are in memory.
  LazyFile* file_being_read() const { return nesting == 0 ? lazy.get() : nullptr; }
  // The file that `bytes` belong to and may still have to be read from, for arrays; null when they
  // are in memory.
  LazyFile const* file_of(Bytes bytes) const;
  // `bytes`, which are now in memory.
  Bytes loaded_bytes(Bytes bytes) const;

  // Adds an entry to a dict. Throws Error when the key is a container, an array, NaN or too long.
  void insert(std::size_t dict, Cell const& key, Cell const& value);

  Cell new_tuple(std::span<Cell const> from);
  Cell new_list();
  Cell new_dict();
  Cell new_array(ArraySlot slot);
};

// How many pickles may be nested in each other.
constexpr int kMaxNesting = 4;

// The order of keys in Dict::sorted. Keys that Python calls equal are equal; texts, bytes, None and
// numbers are never equal to each other.
bool key_less(Cell const& a, Cell const& b);

// For messages: "the integer 5", "a list of 3 items".
std::string description(Store const& store, Cell const& cell);

// Text of a file, safe to print: at most 60 characters, then "..."; all but printable ASCII as
// \x1f.
std::string printable(std::string_view text);

// Checks what can only be checked when everything is read: that all values that `root` reaches are
// complete, that none contains itself, their depth, and that no key occurs twice. Sorts the keys.
// Throws Error.
void check_values(Store& store);

// ---- What the readers of pickles, .npy files and torch files share ----

// Returns the object that a persistent id stands for: torch refers to storages this way. Throws
// Error.
using PersistentLoad = std::function<Cell(Cell const& id)>;

// Reads the pickle that begins at byte `position` of `file`, and moves `position` to its end.
// Everything that the value refers to is kept in `store`; `file` must outlive the value. Throws
// Error, beginning with "byte N: ", the position in the file.
Cell read_pickle(Bytes file, std::size_t& position, Store& store, PersistentLoad const& load = {});

// The same for a pickle that begins at `begin` and must end where `file` ends.
Cell read_last_pickle(Bytes file, std::size_t begin, Store& store, PersistentLoad const& load = {});

// Reads the root of all values. Its errors do not name the file.
using ReadRoot = Cell (*)(Bytes bytes, Store& store);
Cell read_npy_root(Bytes bytes, Store& store);
Cell read_npz_root(Bytes bytes, Store& store);

// Reads a file of at most kMaxFileBytes and keeps it with the values. Large arrays are left in the
// file until they are needed.
Pickle read_document(std::filesystem::path const& path, ReadRoot read_root);
// The same with a file of any size, whose checksums are deferred.
Pickle read_checkpoint(std::filesystem::path const& path, ReadRoot read_root);
// The same from bytes that outlive the values.
Pickle parse_document(Bytes bytes, std::string_view name, ReadRoot read_root);

}  // namespace seplflow::pickle
