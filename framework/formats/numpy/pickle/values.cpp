#include "formats/numpy/pickle/values.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>

#include <seplflow/error.hpp>
#include <seplflow/formats/pickle.hpp>
#include "base/number_text.hpp"
#include "formats/numpy/pickle/functions.hpp"

namespace seplflow::pickle {

void Store::spend_values(std::size_t count) {
  if (count > values_left) {
    throw Error("the pickle has more than " + std::to_string(kMaxPickleValues) +
                " values, the most that seplflow loads");
  }
  values_left -= count;
}

void Store::spend_bytes(std::size_t count) {
  if (count > bytes_left) throw Error("the pickle decodes the same bytes again and again");
  bytes_left -= count;
}

Cell Store::new_tuple(std::span<Cell const> from) {
  Cell const cell{.type = Type::tuple, .items = {items.size(), from.size()}};
  items.insert(items.end(), from.begin(), from.end());
  return cell;
}

Cell Store::new_list() {
  lists.emplace_back();
  return {.type = Type::list, .index = lists.size() - 1};
}

Cell Store::new_dict() {
  dicts.emplace_back();
  return {.type = Type::dict, .index = dicts.size() - 1};
}

Cell Store::new_array(ArraySlot slot) {
  // An array takes the memory of so many values, and of two more for each axis.
  constexpr std::size_t kValuesOfArray = 8;
  std::size_t const axes = slot.array    ? slot.array->axes()
                           : slot.layout ? slot.layout->shape.size()
                                         : 0;
  spend_values(kValuesOfArray + 2 * axes);
  arrays.push_back(std::move(slot));
  return {.type = Type::array, .index = arrays.size() - 1};
}

LazyFile const* Store::file_of(Bytes bytes) const {
  return lazy && lazy->holds(bytes) ? lazy.get() : nullptr;
}

Bytes Store::loaded_bytes(Bytes bytes) const {
  if (LazyFile const* const file = file_of(bytes)) file->load(bytes);
  return bytes;
}

void Store::require(Checksum const& checksum) const {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return;  // a changed file could not get past it
#endif
  constexpr std::size_t kBlock = std::size_t{256} << 10;
  LazyFile const* const file = defers_checksums ? file_of(checksum.bytes) : nullptr;
  Bytes const bytes = file != nullptr ? checksum.bytes : loaded_bytes(checksum.bytes);
  std::vector<std::uint8_t> block(file != nullptr ? std::min(kBlock, bytes.size()) : 0);
  uLong found = 0;
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
    Bytes part = bytes.subspan(at, std::min(kBlock, bytes.size() - at));
    if (file != nullptr) {  // without keeping it in memory
      file->copy(part, block.data());
      part = {block.data(), part.size()};
    }
    found = crc32(found, part.data(), static_cast<uInt>(part.size()));
  }
  if (found == checksum.expected) return;
  throw Error("the zip's entry '" + printable(checksum.name) +
              "' is damaged: its bytes do not have their checksum; copy or download the file "
              "again");
}

namespace {

// Keys are compared by their kind, and then by the one part that is set for this kind.
using Key = std::tuple<int, std::int64_t, double, std::string_view>;

Key key_of(Cell const& cell) {
  enum { kNone, kInteger, kNumber, kText, kBytes };
  switch (cell.type) {
    case Type::boolean:
      return {kInteger, cell.boolean ? 1 : 0, 0, {}};
    case Type::integer:
      return {kInteger, cell.integer, 0, {}};
    case Type::number: {
      // Exactly representable bounds of 64-bit integers.
      bool const in_range = cell.number >= -0x1p63 && cell.number < 0x1p63;
      bool const whole = in_range && std::floor(cell.number) == cell.number;
      if (whole) return {kInteger, static_cast<std::int64_t>(cell.number), 0, {}};
      return {kNumber, 0, cell.number, {}};
    }
    case Type::text:
      return {kText, 0, 0, cell.text()};
    case Type::bytes:
      return {kBytes, 0, 0, cell.text()};
    default:
      return {kNone, 0, 0, {}};
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
  if (dicts[dict].entries.size() == kMaxDictEntries) {
    throw Error("a dict has more than " + std::to_string(kMaxDictEntries) +
                " entries, the most that seplflow loads");
  }
  if (key.is(Type::bytes)) loaded_bytes(key.bytes());
  dicts[dict].entries.push_back({key, value});
}

bool key_less(Cell const& a, Cell const& b) {
  if (a.is(Type::integer) && b.is(Type::integer)) return a.integer < b.integer;  // most often
  return key_of(a) < key_of(b);
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
      return "'" + cell.global->full_name() + "'";
    case Type::dtype:
      return "a numpy dtype";
    case Type::torch_storage:
      return "a torch storage";
  }
  return {};
}

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 60;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (char const c : text.substr(0, kMost)) {
    if (c >= ' ' && c <= '~') {
      result += c;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text.size() > kMost ? result + "..." : result;
}

}  // namespace seplflow::pickle
