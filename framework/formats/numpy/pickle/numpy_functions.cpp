// numpy's arrays, scalars and dtypes.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include <seplflow/error.hpp>
#include "formats/numpy/pickle/functions.hpp"

namespace seplflow::pickle {
namespace {

struct TypeName {
  std::string_view text;
  std::optional<ElementType> type;
};

using enum ElementType;
constexpr std::array kTypeNames{
    TypeName{"b1", boolean}, TypeName{"i1", int8},    TypeName{"i2", int16},
    TypeName{"i4", int32},   TypeName{"i8", int64},   TypeName{"u1", uint8},
    TypeName{"u2", uint16},  TypeName{"u4", uint32},  TypeName{"u8", uint64},
    TypeName{"f2", float16}, TypeName{"f4", float32}, TypeName{"f8", float64},
    TypeName{"O", {}},       TypeName{"O4", {}},      TypeName{"O8", {}},
};

// What the types that are not loaded hold, by their first letter; empty for others.
std::string_view content_of(std::string_view name) {
  std::string_view const first = name.substr(0, 1);
  if (first == "V") return " (records)";
  if (first == "c") return " (complex numbers)";
  return first == "M" || first == "m" ? " (dates and times)" : "";
}

// "<" little, ">" big, "=" and "|" the machine's own.
std::endian byte_order_of(std::string_view order) {
  if (order == "<") return std::endian::little;
  if (order == ">") return std::endian::big;
  if (order == "=" || order == "|") return std::endian::native;
  throw Error("'" + printable(order) + "' is not a byte order of numpy");
}

// Numbers in bytes that must have exactly the size for them.
Array make_array(Store const& store, Dtype const& dtype, std::vector<std::uint64_t> shape,
                 std::vector<std::uint64_t> strides, Bytes bytes) {
  Array array({*dtype.type, dtype.byte_order, std::move(shape), std::move(strides), 0}, bytes,
              store.file_of(bytes));
  std::uint64_t const expected = array.size() * element_bytes(array.type());
  if (bytes.size() != expected) {
    throw Error(array.description() + " has " + std::to_string(bytes.size()) +
                " bytes instead of " + std::to_string(expected));
  }
  return array;
}

// Of numbers or text.
Dtype plain_dtype(Arguments const& arguments, std::size_t i) {
  Dtype const dtype = arguments.store().dtypes[arguments.require(i, Type::dtype, "a dtype").index];
  if (!dtype.type && !dtype.characters) {
    throw Error("the pickle holds an array of objects; expected numbers or text");
  }
  return dtype;
}

// "U5" or "S3"; nothing for other types.
std::optional<Dtype> text_dtype(std::string_view name) {
  if (!name.starts_with('U') && !name.starts_with('S')) return std::nullopt;
  std::uint32_t characters = 0;
  auto const [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), characters);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  Dtype dtype;
  dtype.characters = characters;
  dtype.is_unicode = name.front() == 'U';
  return dtype;
}

// Writes the character as UTF-8, and returns the number of its bytes. At most 4.
std::size_t write_utf8(char32_t character, std::uint8_t* to) {
  if (character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) {
    throw Error("an array of text holds a character that Unicode does not have; the file is damaged");
  }
  std::size_t const more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  constexpr std::array<std::uint8_t, 4> kLead = {0, 0xC0, 0xE0, 0xF0};
  to[0] = static_cast<std::uint8_t>(kLead[more] | character >> (6 * more));
  for (std::size_t i = 1; i <= more; ++i) {
    to[i] = static_cast<std::uint8_t>(0x80 | (character >> (6 * (more - i)) & 0x3F));
  }
  return more + 1;
}

// Text without the zeros that fill it up: of one byte a character as it is, and else as UTF-8 in
// `buffer`, which has as many bytes.
Cell text_in(Dtype const& dtype, Bytes bytes, std::uint8_t* buffer) {
  if (!dtype.is_unicode) {
    while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
    bool const is_ascii = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte < 0x80; });
    return Cell::of_bytes(is_ascii ? Type::text : Type::bytes, bytes);
  }
  std::size_t size = 0, used = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    char32_t character = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      std::size_t const place = dtype.byte_order == std::endian::little ? 3 - i : i;
      character = character << 8 | bytes[at + place];
    }
    size += write_utf8(character, buffer + size);
    if (character != 0) used = size;
  }
  return Cell::of_bytes(Type::text, {buffer, used});
}

// Bytes, which Python 2 calls a str.
Bytes data_of(Cell const& cell) {
  if (cell.is(Type::bytes) || cell.is(Type::text)) return cell.bytes();
  throw Error("the data of an array in the pickle are not bytes");
}

// What numpy's reshape(shape, "C").transpose(axes) makes of a contiguous array.
ArrayLayout transposed(ArrayLayout const& layout, std::vector<std::uint64_t> const& axes) {
  ArrayLayout result = layout;
  std::vector<bool> used(layout.shape.size());
  bool sound = axes.size() == used.size();
  for (std::size_t i = 0; sound && i < axes.size(); ++i) {
    sound = axes[i] < used.size() && !used[axes[i]];
    if (!sound) break;
    used[axes[i]] = true;
    result.shape[i] = layout.shape[axes[i]];
    result.strides[i] = layout.strides[axes[i]];
  }
  if (!sound) throw Error("the pickle gives an order of axes that does not fit its array");
  return result;
}

}  // namespace

Dtype dtype_of(std::string_view name) {
  std::string_view rest = name;
  Dtype dtype;
  if (!rest.empty() && std::string_view("<>=|").find(rest.front()) != std::string_view::npos) {
    dtype.byte_order = byte_order_of(rest.substr(0, 1));
    rest.remove_prefix(1);
  }
  if (auto text = text_dtype(rest)) {
    text->byte_order = dtype.byte_order;
    return *text;
  }
  auto const found = std::ranges::find(kTypeNames, rest, &TypeName::text);
  if (found == kTypeNames.end()) {
    throw Error("the elements of an array have numpy's type '" + printable(name) + "'" +
                std::string(content_of(rest)) +
                "; seplflow loads bool, integers of 8 to 64 bits, float16, float32, float64 and "
                "text: "
                "convert the array to one of these and save the file again");
  }
  dtype.type = found->type;
  return dtype;
}

Cell read_texts(Store& store, Dtype const& dtype, std::span<std::uint64_t const> shape,
                Bytes bytes) {
  std::uint64_t count = 1;
  for (std::uint64_t const extent : shape) {
    if (extent == 1) continue;
    if (count != 1) {
      throw Error("the file holds an array of text of shape " + shape_text(shape) +
                  "; seplflow loads text of shape () or (N,)");
    }
    count = extent;
  }
  std::size_t const size = *dtype.characters * (dtype.is_unicode ? 4 : 1);
  if (size > 0 ? bytes.size() % size != 0 || bytes.size() / size != count : !bytes.empty()) {
    throw Error("an array of text of shape " + shape_text(shape) + " has " +
                std::to_string(bytes.size()) + " bytes instead of " + std::to_string(size) +
                " for each element");
  }
  store.spend_values(count);
  store.spend_bytes(bytes.size());
  store.loaded_bytes(bytes);
  std::uint8_t* buffer = nullptr;
  if (dtype.is_unicode && !bytes.empty()) {
    store.buffers.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(bytes.size()));
    buffer = store.buffers.back().get();
  }
  auto const text = [&](std::size_t i) {
    return text_in(dtype, bytes.subspan(i * size, size), buffer + (buffer ? i * size : 0));
  };
  if (shape.empty()) return text(0);
  Cell const list = store.new_list();
  for (std::size_t i = 0; i < count; ++i) store.lists[list.index].push_back(text(i));
  return list;
}

// numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b")
Cell numpy_reconstruct(Arguments const& arguments) {
  Cell const type = arguments.require(0, Type::global, "numpy.ndarray");
  if (type.global->kind != Global::Kind::numpy_array) {
    throw Error("the pickle creates an array that is not a numpy.ndarray");
  }
  return arguments.store().new_array({});
}

// numpy.dtype("f4", ...)
Cell numpy_dtype(Arguments const& arguments) {
  auto& dtypes = arguments.store().dtypes;
  dtypes.push_back(dtype_of(arguments.require(0, Type::text, "the name of a type").text()));
  return {.type = Type::dtype, .index = dtypes.size() - 1};
}

// numpy.core.multiarray.scalar(dtype, bytes)
Cell numpy_scalar(Arguments const& arguments) {
  Dtype const dtype = plain_dtype(arguments, 0);
  if (dtype.characters) return read_texts(arguments.store(), dtype, {}, data_of(arguments[1]));
  Array const value = make_array(arguments.store(), dtype, {}, {}, data_of(arguments[1]));
  if (value.type() == boolean) return {.type = Type::boolean, .boolean = value.integer(0) != 0};
  if (is_floating_point(value.type())) return {.type = Type::number, .number = value.number(0)};
  return {.type = Type::integer, .integer = value.integer(0)};
}

// numpy.core.numeric._frombuffer(bytes, dtype, shape, order, axes)
Cell numpy_frombuffer(Arguments const& arguments) {
  Store& store = arguments.store();
  Bytes const bytes = data_of(arguments[0]);
  Dtype const dtype = plain_dtype(arguments, 1);
  std::vector<std::uint64_t> shape = arguments.counts(2);
  if (dtype.characters) return read_texts(store, dtype, shape, bytes);
  auto const order = arguments.require(3, Type::text, "an order of axes").text();
  bool const ordered = order == "K" && !arguments[4].is(Type::none);
  if (order != "C" && order != "F" && !ordered) {
    throw Error("the pickle holds an array of order '" + printable(order) +
                "', which seplflow does not load");
  }
  auto strides = order == "F" ? column_major_strides(shape) : row_major_strides(shape);
  ArraySlot slot;
  slot.array = make_array(store, dtype, std::move(shape), std::move(strides), bytes);
  if (ordered) {
    ArrayLayout layout = transposed(slot.array->layout(), arguments.counts(4));
    slot.array.emplace(std::move(layout), bytes, store.file_of(bytes));
  }
  return store.new_array(std::move(slot));
}

// (version, shape, dtype, whether Fortran order, data), or the same without the version.
void set_array_state(Store& store, Cell const& array, Cell const& state) {
  static constexpr Global kSetState{
      .module = "numpy.ndarray", .name = "__setstate__", .least = 4, .most = 5};
  ArraySlot& slot = store.arrays[array.index];
  if (slot.array || slot.object || slot.layout) {
    throw Error("the pickle sets the state of an array for the second time");
  }
  if (!state.is(Type::tuple)) throw Error("the pickle gives an array a state that is not a tuple");
  Arguments const arguments(store, kSetState, state);
  std::size_t const first = arguments.size() - 4;
  std::vector<std::uint64_t> shape = arguments.counts(first);
  Dtype const dtype = store.dtypes[arguments.require(first + 1, Type::dtype, "a dtype").index];
  Cell const flag = arguments[first + 2], data = arguments[first + 3];
  if (dtype.characters) {
    slot.object = read_texts(store, dtype, shape, data_of(data));
    slot.is_text = true;
    return;
  }
  if (!dtype.type) {
    std::size_t const objects = data.is(Type::list) ? store.lists[data.index].size() : 0;
    if (data.is(Type::list) && shape.size() == 1 && shape[0] == objects) {
      slot.object = data;
      return;
    }
    if (!shape.empty() || objects != 1) {
      throw Error("the pickle holds an array of objects of shape " + shape_text(shape) +
                  "; seplflow loads arrays of numbers, and of objects only of shape () or (N,)");
    }
    slot.object = store.lists[data.index][0];
    return;
  }
  bool const fortran =
      flag.is(Type::boolean) ? flag.boolean : flag.is(Type::integer) && flag.integer != 0;
  auto strides = fortran ? column_major_strides(shape) : row_major_strides(shape);
  store.spend_values(2 * shape.size());
  slot.array = make_array(store, dtype, std::move(shape), std::move(strides), data_of(data));
}

// (version, byte order, ...); the rest is the same for all numbers.
void set_dtype_state(Store& store, Cell const& dtype, Cell const& state) {
  bool const sound = state.is(Type::tuple) && state.items.size >= 2;
  Cell const order = sound ? store.items_of(state)[1] : Cell();
  if (!order.is(Type::text)) throw Error("the pickle gives a dtype a state without a byte order");
  store.dtypes[dtype.index].byte_order = byte_order_of(order.text());
}

}  // namespace seplflow::pickle
