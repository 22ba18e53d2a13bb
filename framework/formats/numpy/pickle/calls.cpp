#include "formats/numpy/pickle/calls.hpp"

#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/text.hpp"

namespace seplflow::pickle {
namespace {

std::string name_of(Global const& global) {
  return std::string(global.module) + "." + std::string(global.name);
}

Bytes encoded(Store& store, Bytes text) {
  constexpr std::size_t kMany = 256;  // below, it is charged each time
  if (text.size() < kMany) store.charge(1 + text.size() / sizeof(Cell));
  auto const known = text.size() < kMany ? store.decoded.end() : store.decoded.find(text.data());
  if (known != store.decoded.end()) return known->second;
  auto const buffer = store.new_buffer(text.size());
  Bytes const bytes = buffer.first(encode_latin1(text, buffer.data()));
  if (text.size() >= kMany) store.decoded.emplace(text.data(), bytes);
  return bytes;
}

Cell encode_codecs(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 2, 2);
  Cell const text = arguments.require(0, Type::text, "a text");
  Cell const encoding = arguments.require(1, Type::text, "an encoding");
  if (encoding.text() != "latin1") {
    throw Error("pickle encodes a text otherwise than as latin1");
  }
  return Cell::of_bytes(Type::bytes, encoded(context.store, text.bytes()));
}

// Python 2 gives its entries as an argument, a list of pairs.
Cell make_ordered_dict(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 0, 1);
  Store& store = context.store;
  Cell const result = store.new_dict();
  if (arguments.size() == 0) return result;
  auto const& pairs = store.lists[arguments.require(0, Type::list, "a list of pairs").index];
  store.charge(2 * pairs.size());
  for (Cell const& pair : pairs) {
    bool const list = pair.is(Type::list) && store.lists[pair.index].size() == 2;
    bool const two = list || (pair.is(Type::tuple) && pair.items.size == 2);
    if (!two) throw Error("pickle makes an OrderedDict of something that is no pair");
    auto const items = list ? std::span<Cell const>(store.lists[pair.index]) : store.items_of(pair);
    store.insert(result.index, items[0], items[1]);
  }
  return result;
}

Cell make_empty_bytes(Context context, Global const& callee, Cell const& tuple) {
  Arguments(context, callee, tuple, 0, 0);
  return Cell::of_bytes(Type::bytes, {});
}

}  // namespace

Arguments::Arguments(Context context, Global const& callee, Cell const& tuple, std::size_t least,
                     std::size_t most)
    : context_(context), callee_(callee), tuple_(tuple) {
  if (size() < least || size() > most) {
    throw Error("pickle calls " + name_of(callee_) + " with " + std::to_string(size()) +
                " arguments, which is not how it is called");
  }
}

Cell Arguments::operator[](std::size_t i) const {
  return i < size() ? context_.store.items_of(tuple_)[i] : Cell();
}

void Arguments::refuse(std::size_t i, char const* expected) const {
  throw Error("pickle calls " + name_of(callee_) + " with " +
              description(context_.store, (*this)[i]) + " where " + expected + " belongs");
}

Cell Arguments::require(std::size_t i, Type type, char const* expected) const {
  Cell const argument = (*this)[i];
  if (!argument.is(type)) refuse(i, expected);
  return argument;
}

std::uint64_t Arguments::count(std::size_t i) const {
  Cell const argument = require(i, Type::integer, "a count");
  if (argument.integer < 0) refuse(i, "a count");
  return static_cast<std::uint64_t>(argument.integer);
}

std::vector<std::uint64_t> Arguments::counts(std::size_t i) const {
  Cell const tuple = require(i, Type::tuple, "a tuple of counts");
  if (tuple.items.size > Array::kMaxAxes) {
    throw Error("an array has " + std::to_string(tuple.items.size) +
                " axes; seplflow reads at most " + std::to_string(Array::kMaxAxes));
  }
  std::vector<std::uint64_t> counts;
  counts.reserve(tuple.items.size);
  for (Cell const& item : context_.store.items_of(tuple)) {
    if (!item.is(Type::integer) || item.integer < 0) refuse(i, "a tuple of counts");
    counts.push_back(static_cast<std::uint64_t>(item.integer));
  }
  return counts;
}

Cell call(Context context, Global const& callee, Cell const& arguments) {
  switch (callee.call) {
    case Call::bytes:
      return make_empty_bytes(context, callee, arguments);
    case Call::codecs_encode:
      return encode_codecs(context, callee, arguments);
    case Call::ordered_dict:
      return make_ordered_dict(context, callee, arguments);
    case Call::numpy_reconstruct:
    case Call::numpy_scalar:
    case Call::numpy_frombuffer:
    case Call::numpy_ndarray:
    case Call::numpy_dtype:
      return call_numpy(context, callee, arguments);
    default:
      return call_torch(context, callee, arguments);
  }
}

void set_state(Context context, Cell const& object, Cell const& state) {
  switch (object.type) {
    case Type::array:
      set_array_state(context, object, state);
      return;
    case Type::dtype:
      set_dtype_state(context, object, state);
      return;
    case Type::dict:
      if (state.is(Type::dict)) return;
      [[fallthrough]];
    default:
      throw Error("pickle sets the state of " + description(context.store, object) +
                  ", which seplflow does not do");
  }
}

}  // namespace seplflow::pickle
