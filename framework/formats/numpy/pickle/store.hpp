// Everything that the values of one file refer to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/file.hpp"
#include "formats/numpy/array.hpp"
#include "formats/numpy/delayed_file.hpp"

namespace seplflow::pickle {

using Bytes = std::span<std::uint8_t const>;

// A name that pickles may refer to; see globals.hpp.
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
  // What a pickle holds on the way to those; none of it is a value.
  huge_integer,  // its little-endian two's complement
  global,
  dtype,
  torch_storage
};

// A value, or a reference to one in the store. What it refers to does not move or end before the
// store does.
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
    bool boolean;
    std::int64_t integer;
    double number;
    View view;          // text, bytes, huge_integer
    Range items;        // tuple: of Store::items
    std::size_t index;  // list, dict, array, dtype, torch_storage
    Global const* global;
  };

  Cell() : integer(0) {}
  static Cell of_boolean(bool value);
  static Cell of_integer(std::int64_t value);
  static Cell of_number(double value);
  static Cell of_bytes(Type type, Bytes bytes);
  static Cell of_index(Type type, std::size_t index);

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
  std::optional<ElementType> type;  // nothing: objects
  std::endian byte_order = std::endian::native;
};

// An array on its way: first named (numpy builds arrays in two steps, and a tensor may come before
// its storage), then filled.
struct ArraySlot {
  std::optional<Array> array;
  std::optional<Cell> object;         // of numpy's array of one object
  std::optional<ArrayLayout> layout;  // of a tensor that waits for
  std::size_t storage = 0;            // this storage
};

struct TorchStorage {
  ElementType type = ElementType::uint8;
  bool untyped = false;  // bytes, of which each tensor says the type
  Bytes bytes;
  bool filled = false;
};

struct Store {
  std::vector<std::unique_ptr<std::uint8_t[]>> buffers;
  // One or none of these holds the bytes of all.
  std::unique_ptr<MappedFile> mapped;
  std::unique_ptr<DelayedFile> delayed;

  std::vector<Cell> items;  // of all tuples
  std::vector<std::vector<Cell>> lists;
  std::vector<Dict> dicts;
  std::deque<ArraySlot> arrays;
  std::vector<Dtype> dtypes;
  std::vector<TorchStorage> storages;
  Cell root;

  // What was made of many bytes before, by their address: a pickle can ask for the same thing again
  // and again, at a few bytes a time.
  std::unordered_map<std::uint8_t const*, Bytes> decoded;
  std::unordered_map<std::uint8_t const*, Cell> loaded;

  // Counts what takes memory; throws Error above kMaxPickleValues.
  void charge(std::size_t values);
  std::size_t values = 0;

  std::span<Cell const> items_of(Cell const& tuple) const {
    return std::span(items).subspan(tuple.items.first, tuple.items.size);
  }

  // The file that `bytes` are of and maybe still in, for arrays; null when they are in memory.
  DelayedFile const* file_of(Bytes bytes) const;
  // `bytes`, which are now in memory.
  Bytes loaded_bytes(Bytes bytes) const;

  // Adds an entry to a dict. Throws Error when the key is nothing that keys of data are: a
  // container, an array, NaN.
  void insert(std::size_t dict, Cell const& key, Cell const& value);

  Cell new_tuple(std::span<Cell const> from);
  Cell new_list();
  Cell new_dict();
  Cell new_array(ArraySlot slot);

  // Memory for `size` bytes that lives as long as the store.
  std::span<std::uint8_t> new_buffer(std::size_t size);
  std::span<std::uint8_t> slab;  // what is left of the last piece of memory for small ones
};

// The order of keys in Dict::sorted; equal are those that Python calls equal. Text and bytes, none
// and numbers are never equal.
bool key_less(Cell const& a, Cell const& b);

// For messages, of what is a value and what is not: "the integer 5", "a list of 3 items".
std::string description(Store const& store, Cell const& cell);

// Checks what was read, when everything is: that values which `root` reaches are values and not
// halves of them, that none contains itself, how deep they are, and that no key comes twice. Sorts
// the keys. Throws Error.
void finish(Store& store);

}  // namespace seplflow::pickle
