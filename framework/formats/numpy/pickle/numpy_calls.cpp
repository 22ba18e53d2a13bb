// numpy's arrays, scalars and dtypes.
#include <optional>
#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/calls.hpp"
#include "formats/numpy/pickle/dtype.hpp"
#include "formats/numpy/pickle/printable.hpp"

namespace seplflow::pickle {
namespace {

Cell reconstruct(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 3, 3);
  Cell const type = arguments.require(0, Type::global, "numpy.ndarray");
  if (type.global->call != Call::numpy_ndarray) {
    throw Error("pickle makes an array that is no numpy.ndarray");
  }
  return context.store.new_array({});
}

Cell make_dtype(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 1, 3);
  Dtype const dtype = dtype_of(arguments.require(0, Type::text, "the name of a type").text());
  context.store.charge(1);
  context.store.dtypes.push_back(dtype);
  return Cell::of_index(Type::dtype, context.store.dtypes.size() - 1);
}

// Numbers in bytes that have exactly the size for them.
Array make_array(Store const& store, Dtype const& dtype, std::vector<std::uint64_t> shape,
                 std::vector<std::uint64_t> strides, Bytes bytes) {
  Array array({*dtype.type, dtype.byte_order, std::move(shape), std::move(strides), 0}, bytes,
              store.file_of(bytes));
  std::size_t const stored = bytes.size() / element_bytes(array.type());
  if (stored != array.size() || bytes.size() % element_bytes(array.type()) != 0) {
    throw Error(array.description() + " has " + std::to_string(bytes.size()) +
                " bytes instead of " + std::to_string(array.size() * element_bytes(array.type())));
  }
  return array;
}

Dtype numeric(Context context, Cell const& cell) {
  Dtype const dtype = context.store.dtypes[cell.index];
  if (!dtype.type) throw Error("pickle holds an array of objects where numbers belong");
  return dtype;
}

// Bytes, which Python 2 calls a str.
Bytes data_of(Cell const& cell) {
  if (!cell.is(Type::bytes) && !cell.is(Type::text)) {
    throw Error("pickle gives an array data that are no bytes");
  }
  return cell.bytes();
}

Cell make_scalar(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 2, 2);
  Dtype const dtype = numeric(context, arguments.require(0, Type::dtype, "a dtype"));
  Array const value = make_array(context.store, dtype, {}, {}, data_of(arguments[1]));
  if (value.type() == ElementType::boolean) return Cell::of_boolean(value.integer(0) != 0);
  if (is_floating_point(value.type())) return Cell::of_number(value.number(0));
  return Cell::of_integer(value.integer(0));
}

// What numpy's reshape(shape, "C").transpose(axes) gives of an array in one piece.
ArrayLayout transposed(ArrayLayout const& layout, std::vector<std::uint64_t> const& axes) {
  ArrayLayout result = layout;
  std::vector<bool> used(layout.shape.size());
  if (axes.size() != layout.shape.size()) throw Error("pickle orders axes that an array lacks");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] >= used.size() || used[axes[i]]) {
      throw Error("pickle orders axes that an array lacks");
    }
    used[axes[i]] = true;
    result.shape[i] = layout.shape[axes[i]];
    result.strides[i] = layout.strides[axes[i]];
  }
  return result;
}

Cell from_buffer(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 4, 5);
  Bytes const bytes = data_of(arguments[0]);
  Dtype const dtype = numeric(context, arguments.require(1, Type::dtype, "a dtype"));
  std::vector<std::uint64_t> shape = arguments.counts(2);
  auto const order = arguments.require(3, Type::text, "an order of axes").text();
  bool const ordered = order == "K" && !arguments[4].is(Type::none);
  if (order != "C" && order != "F" && !ordered) {
    throw Error("pickle holds an array of order '" + printable(order) +
                "', which seplflow does not load");
  }
  auto strides = order == "F" ? column_major_strides(shape) : row_major_strides(shape);
  Array array = make_array(context.store, dtype, std::move(shape), std::move(strides), bytes);
  if (ordered)
    array =
        Array(transposed(array.layout(), arguments.counts(4)), bytes, context.store.file_of(bytes));
  ArraySlot slot;
  slot.array = std::move(array);
  return context.store.new_array(std::move(slot));
}

}  // namespace

Cell call_numpy(Context context, Global const& callee, Cell const& arguments) {
  switch (callee.call) {
    case Call::numpy_reconstruct:
      return reconstruct(context, callee, arguments);
    case Call::numpy_scalar:
      return make_scalar(context, callee, arguments);
    case Call::numpy_frombuffer:
      return from_buffer(context, callee, arguments);
    case Call::numpy_dtype:
      return make_dtype(context, callee, arguments);
    default:
      throw Error("pickle calls numpy.ndarray, which seplflow does not do");
  }
}

// (version, shape, dtype, whether Fortran order, data), or the same without the version.
void set_array_state(Context context, Cell const& array, Cell const& state) {
  static Global const kSetState{"numpy.ndarray", "__setstate__", Call::numpy_ndarray};
  Store& store = context.store;
  ArraySlot& slot = store.arrays[array.index];
  if (slot.array || slot.object || slot.layout) {
    throw Error("pickle sets the state of an array that has one");
  }
  if (!state.is(Type::tuple)) throw Error("pickle gives an array a state that is no tuple");
  Arguments const arguments(context, kSetState, state, 4, 5);
  std::size_t const first = arguments.size() - 4;
  std::vector<std::uint64_t> shape = arguments.counts(first);
  Dtype const dtype = store.dtypes[arguments.require(first + 1, Type::dtype, "a dtype").index];
  Cell const data = arguments[first + 3];
  if (!dtype.type) {
    bool const one = shape.empty() && data.is(Type::list) && store.lists[data.index].size() == 1;
    if (!one) {
      throw Error("pickle holds an array of objects of shape " + shape_text(shape) +
                  "; seplflow loads arrays of numbers, and of objects only of shape ()");
    }
    slot.object = store.lists[data.index][0];
    return;
  }
  Cell const flag = arguments[first + 2];
  bool const fortran =
      flag.is(Type::boolean) ? flag.boolean : flag.is(Type::integer) && flag.integer != 0;
  auto strides = fortran ? column_major_strides(shape) : row_major_strides(shape);
  store.charge(2 * shape.size());
  slot.array = make_array(store, dtype, std::move(shape), std::move(strides), data_of(data));
}

// (version, byte order, ...); what follows is the same for all numbers.
void set_dtype_state(Context context, Cell const& dtype, Cell const& state) {
  bool const sound = state.is(Type::tuple) && state.items.size >= 2;
  Cell const order = sound ? context.store.items_of(state)[1] : Cell();
  if (!order.is(Type::text)) throw Error("pickle gives a dtype a state without a byte order");
  context.store.dtypes[dtype.index].byte_order = byte_order_of(order.text());
}

}  // namespace seplflow::pickle
