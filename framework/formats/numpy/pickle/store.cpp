#include "formats/numpy/pickle/store.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.hpp"
#include "base/number_text.hpp"
#include "formats/numpy/pickle.hpp"
#include "formats/numpy/pickle/globals.hpp"
#include "formats/numpy/pickle/printable.hpp"

namespace seplflow::pickle {

Cell Cell::of_boolean(bool value) {
  Cell cell;
  cell.type = Type::boolean;
  cell.boolean = value;
  return cell;
}

Cell Cell::of_integer(std::int64_t value) {
  Cell cell;
  cell.type = Type::integer;
  cell.integer = value;
  return cell;
}

Cell Cell::of_number(double value) {
  Cell cell;
  cell.type = Type::number;
  cell.number = value;
  return cell;
}

Cell Cell::of_bytes(Type type, Bytes bytes) {
  Cell cell;
  cell.type = type;
  cell.view = {bytes.data(), bytes.size()};
  return cell;
}

Cell Cell::of_index(Type type, std::size_t index) {
  Cell cell;
  cell.type = type;
  cell.index = index;
  return cell;
}

void Store::charge(std::size_t more) {
  if (more > kMaxPickleValues - values) {
    throw Error("pickle holds more than " + std::to_string(kMaxPickleValues) +
                " values, the most that seplflow loads");
  }
  values += more;
}

Cell Store::new_tuple(std::span<Cell const> from) {
  Cell cell;
  cell.type = Type::tuple;
  cell.items = {items.size(), from.size()};
  items.insert(items.end(), from.begin(), from.end());
  return cell;
}

Cell Store::new_list() {
  charge(1);
  lists.emplace_back();
  return Cell::of_index(Type::list, lists.size() - 1);
}

Cell Store::new_dict() {
  charge(2);
  dicts.emplace_back();
  return Cell::of_index(Type::dict, dicts.size() - 1);
}

Cell Store::new_array(ArraySlot slot) {
  // What it takes, in values: with its shape and strides.
  constexpr std::size_t kValuesOfArray = 8;
  charge(kValuesOfArray + (slot.array ? slot.array->axes() : 0) +
         (slot.layout ? slot.layout->shape.size() : 0));
  arrays.push_back(std::move(slot));
  return Cell::of_index(Type::array, arrays.size() - 1);
}

std::span<std::uint8_t> Store::new_buffer(std::size_t size) {
  constexpr std::size_t kSlab = std::size_t{64} << 10, kSmall = kSlab / 16;
  auto const allocate = [&](std::size_t bytes) {
    buffers.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(bytes));
    return std::span(buffers.back().get(), bytes);
  };
  if (size > kSmall) return allocate(size);
  if (size > slab.size()) slab = allocate(kSlab);
  auto const buffer = slab.first(size);
  slab = slab.subspan(size);
  return buffer;
}

namespace {

enum class KeyKind { none, integer, number, text, bytes };

struct Key {
  KeyKind kind = KeyKind::none;
  std::int64_t integer = 0;
  double number = 0;
  std::string_view text;
};

Key key_of_number(double number) {
  // Exactly representable bounds of 64-bit integers.
  bool const whole = number >= -0x1p63 && number < 0x1p63 && std::floor(number) == number;
  if (whole) return {KeyKind::integer, static_cast<std::int64_t>(number), 0, {}};
  return {KeyKind::number, 0, number, {}};
}

Key key_of(Cell const& cell) {
  switch (cell.type) {
    case Type::boolean:
      return {KeyKind::integer, cell.boolean ? 1 : 0, 0, {}};
    case Type::integer:
      return {KeyKind::integer, cell.integer, 0, {}};
    case Type::number:
      return key_of_number(cell.number);
    case Type::text:
      return {KeyKind::text, 0, 0, cell.text()};
    case Type::bytes:
      return {KeyKind::bytes, 0, 0, cell.text()};
    default:
      return {};
  }
}

bool is_key(Cell const& cell) {
  if (cell.is(Type::number)) return !std::isnan(cell.number);
  return cell.type <= Type::bytes;
}

std::string key_names(Store const& store, Dict const& dict) {
  constexpr std::size_t kMost = 8;
  std::string names;
  for (std::size_t i = 0; i < std::min(kMost, dict.entries.size()); ++i) {
    Cell const& key = dict.entries[i].key;
    names += names.empty() ? "" : ", ";
    names += key.is(Type::text)      ? "'" + printable(key.text()) + "'"
             : key.is(Type::integer) ? std::to_string(key.integer)
                                     : description(store, key);
  }
  return dict.entries.size() > kMost ? names + ", ..." : names;
}

std::string description_of_dict(Store const& store, Dict const& dict) {
  std::size_t const size = dict.entries.size();
  if (size == 0) return "an empty dict";
  return "a dict of " + counted(size, "entry", "entries") + " with the " +
         (size == 1 ? "key " : "keys ") + key_names(store, dict);
}

std::string description_of_array(ArraySlot const& slot) {
  if (slot.array) return slot.array->description();
  return slot.object ? "an array of objects" : "an array without its data";
}

}  // namespace

DelayedFile const* Store::file_of(Bytes bytes) const {
  return delayed && delayed->holds(bytes) ? delayed.get() : nullptr;
}

Bytes Store::loaded_bytes(Bytes bytes) const {
  if (DelayedFile const* const file = file_of(bytes)) file->load(bytes);
  return bytes;
}

void Store::insert(std::size_t dict, Cell const& key, Cell const& value) {
  if (!is_key(key)) {
    throw Error(
        "a dict has a key that is neither a number nor a text, which seplflow does not load");
  }
  if ((key.is(Type::text) || key.is(Type::bytes)) && key.view.size > kMaxPickleKeyBytes) {
    throw Error("a dict has a key of " + std::to_string(key.view.size) +
                " bytes; seplflow loads dicts whose keys have at most " +
                std::to_string(kMaxPickleKeyBytes));
  }
  if (key.is(Type::bytes)) loaded_bytes(key.bytes());
  dicts[dict].entries.push_back({key, value});
}

bool key_less(Cell const& a, Cell const& b) {
  Key const left = key_of(a), right = key_of(b);
  if (left.kind != right.kind) return left.kind < right.kind;
  switch (left.kind) {
    case KeyKind::none:
      return false;
    case KeyKind::integer:
      return left.integer < right.integer;
    case KeyKind::number:
      return left.number < right.number;
    default:
      return left.text < right.text;
  }
}

std::string description(Store const& store, Cell const& cell) {
  switch (cell.type) {
    case Type::none:
      return "None";
    case Type::boolean:
      return cell.boolean ? "True" : "False";
    case Type::integer:
      return "the integer " + std::to_string(cell.integer);
    case Type::number:
      return "the number " + shortest(cell.number);
    case Type::text:
      return "the text '" + printable(cell.text()) + "'";
    case Type::bytes:
      return counted(cell.view.size, "byte");
    case Type::list:
      return "a list of " + counted(store.lists[cell.index].size(), "item");
    case Type::tuple:
      return "a tuple of " + counted(cell.items.size, "item");
    case Type::dict:
      return description_of_dict(store, store.dicts[cell.index]);
    case Type::array:
      return description_of_array(store.arrays[cell.index]);
    case Type::huge_integer:
      return "an integer of more than 64 bits";
    case Type::global:
      return "'" + std::string(cell.global->module) + "." + std::string(cell.global->name) + "'";
    case Type::dtype:
      return "a numpy dtype";
    case Type::torch_storage:
      return "a torch storage";
  }
  return {};
}

}  // namespace seplflow::pickle
