// numpy's arrays, scalars and dtypes.
#include <algorithm>
#include <array>
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
  if (first == "U" || first == "S" || first == "a") return " (text)";
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

Dtype numeric_dtype(Arguments const& arguments, std::size_t i) {
  Dtype const dtype = arguments.store().dtypes[arguments.require(i, Type::dtype, "a dtype").index];
  if (!dtype.type) throw Error("the pickle holds an array of objects; expected numbers");
  return dtype;
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
  auto const found = std::ranges::find(kTypeNames, rest, &TypeName::text);
  if (found == kTypeNames.end()) {
    throw Error("the elements of an array have numpy's type '" + printable(name) + "'" +
                std::string(content_of(rest)) +
                "; seplflow loads bool, integers of 8 to 64 bits, float16, float32 and float64: "
                "convert the array to one of these and save the file again");
  }
  dtype.type = found->type;
  return dtype;
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
  Dtype const dtype = numeric_dtype(arguments, 0);
  Array const value = make_array(arguments.store(), dtype, {}, {}, data_of(arguments[1]));
  if (value.type() == boolean) return {.type = Type::boolean, .boolean = value.integer(0) != 0};
  if (is_floating_point(value.type())) return {.type = Type::number, .number = value.number(0)};
  return {.type = Type::integer, .integer = value.integer(0)};
}

// numpy.core.numeric._frombuffer(bytes, dtype, shape, order, axes)
Cell numpy_frombuffer(Arguments const& arguments) {
  Store& store = arguments.store();
  Bytes const bytes = data_of(arguments[0]);
  Dtype const dtype = numeric_dtype(arguments, 1);
  std::vector<std::uint64_t> shape = arguments.counts(2);
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
