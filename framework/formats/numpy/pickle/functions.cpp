#include "formats/numpy/pickle/functions.hpp"

#include <algorithm>
#include <array>

#include <seplflow/error.hpp>

namespace seplflow::pickle {
namespace {

// Python's bytes(), without arguments.
Cell empty_bytes(Arguments const&) {
  return Cell::of_bytes(Type::bytes, {});
}

// Writes the bytes whose characters are `utf8`, and returns how many there are: at most
// utf8.size().
std::size_t encode_latin1(Bytes utf8, std::uint8_t* to) {
  std::uint8_t* end = to;
  std::size_t i = 0;
  unsigned wrong = 0;
  // The bytes of numbers are as good as random: the processor would mispredict half of all branches
  // on them.
  while (i + 1 < utf8.size()) {
    unsigned const lead = utf8[i], tail = utf8[i + 1];
    unsigned const two = lead >> 7;
    *end++ = static_cast<std::uint8_t>(two != 0 ? (lead << 6 | (tail & 0x3FU)) : lead);
    wrong |= two & static_cast<unsigned>((lead & 0xFEU) != 0xC2U || (tail & 0xC0U) != 0x80U);
    i += 1 + two;
  }
  if (i < utf8.size()) {
    wrong |= utf8[i] >> 7;
    *end++ = utf8[i];
  }
  if (wrong != 0) throw Error("a text that stands for bytes has characters above 255");
  return static_cast<std::size_t>(end - to);
}

// _codecs.encode(text, "latin1"): the bytes of protocol 2.
Cell codecs_encode(Arguments const& arguments) {
  Bytes const text = arguments.require(0, Type::text, "a text").bytes();
  if (arguments.require(1, Type::text, "an encoding").text() != "latin1") {
    throw Error("the pickle encodes a text with an encoding other than latin1");
  }
  Store& store = arguments.store();
  store.spend_bytes(text.size());
  auto& buffer =
      store.buffers.emplace_back(std::make_unique_for_overwrite<std::uint8_t[]>(text.size()));
  std::size_t const size = encode_latin1(text, buffer.get());
  return Cell::of_bytes(Type::bytes, {buffer.get(), size});
}

// collections.OrderedDict(); Python 2 passes its entries as a list of pairs.
Cell ordered_dict(Arguments const& arguments) {
  Store& store = arguments.store();
  Cell const result = store.new_dict();
  if (arguments.size() == 0) return result;
  auto const& pairs = store.lists[arguments.require(0, Type::list, "a list of pairs").index];
  store.spend_values(2 * pairs.size());
  for (Cell const& pair : pairs) {
    bool const has_items = pair.is(Type::list) || pair.is(Type::tuple);
    auto const items = has_items ? store.items_of(pair) : std::span<Cell const>();
    if (items.size() != 2) {
      throw Error("the pickle creates an OrderedDict from " + description(store, pair) +
                  ", not from a pair");
    }
    store.insert(result.index, items[0], items[1]);
  }
  return result;
}

using Kind = Global::Kind;
using enum ElementType;

constexpr Global function(std::string_view module, std::string_view name,
                          Cell (*call)(Arguments const&), std::size_t least, std::size_t most) {
  return {module, name, Kind::function, uint8, call, least, most};
}

constexpr std::array kGlobals{
    function("__builtin__", "bytes", empty_bytes, 0, 0),
    function("builtins", "bytes", empty_bytes, 0, 0),
    function("_codecs", "encode", codecs_encode, 2, 2),
    function("collections", "OrderedDict", ordered_dict, 0, 1),
    function("numpy", "dtype", numpy_dtype, 1, 3),
    function("numpy.core.multiarray", "_reconstruct", numpy_reconstruct, 3, 3),
    function("numpy.core.multiarray", "scalar", numpy_scalar, 2, 2),
    function("numpy.core.numeric", "_frombuffer", numpy_frombuffer, 4, 5),
    function("torch.storage", "_load_from_bytes", torch_load_bytes, 1, 1),
    function("torch._utils", "_rebuild_tensor", torch_tensor, 4, 4),
    function("torch._utils", "_rebuild_tensor_v2", torch_tensor_v2, 6, 7),
    function("torch._utils", "_rebuild_tensor_v3", torch_tensor_v3, 7, 8),
    function("torch._utils", "_rebuild_parameter", torch_parameter, 1, 4),
    function("torch._utils", "_rebuild_parameter_with_state", torch_parameter, 1, 4),
    function("torch._tensor", "_rebuild_from_type_v2", torch_from_type, 4, 4),
    function("torch", "Size", torch_size, 1, 1),
    Global{"numpy", "ndarray", Kind::numpy_array},
    Global{"torch", "Tensor", Kind::torch_class},
    Global{"torch.nn.parameter", "Parameter", Kind::torch_class},
    Global{"torch", "bool", Kind::torch_dtype, boolean},
    Global{"torch", "int8", Kind::torch_dtype, int8},
    Global{"torch", "int16", Kind::torch_dtype, int16},
    Global{"torch", "int32", Kind::torch_dtype, int32},
    Global{"torch", "int64", Kind::torch_dtype, int64},
    Global{"torch", "uint8", Kind::torch_dtype, uint8},
    Global{"torch", "uint16", Kind::torch_dtype, uint16},
    Global{"torch", "uint32", Kind::torch_dtype, uint32},
    Global{"torch", "uint64", Kind::torch_dtype, uint64},
    Global{"torch", "float16", Kind::torch_dtype, float16},
    Global{"torch", "bfloat16", Kind::torch_dtype, bfloat16},
    Global{"torch", "float32", Kind::torch_dtype, float32},
    Global{"torch", "float64", Kind::torch_dtype, float64},
    Global{"torch", "BoolStorage", Kind::torch_storage, boolean},
    Global{"torch", "CharStorage", Kind::torch_storage, int8},
    Global{"torch", "ShortStorage", Kind::torch_storage, int16},
    Global{"torch", "IntStorage", Kind::torch_storage, int32},
    Global{"torch", "LongStorage", Kind::torch_storage, int64},
    Global{"torch", "ByteStorage", Kind::torch_storage, uint8},
    Global{"torch", "HalfStorage", Kind::torch_storage, float16},
    Global{"torch", "BFloat16Storage", Kind::torch_storage, bfloat16},
    Global{"torch", "FloatStorage", Kind::torch_storage, float32},
    Global{"torch", "DoubleStorage", Kind::torch_storage, float64},
    Global{"torch", "UntypedStorage", Kind::torch_bytes},
    Global{"torch.storage", "UntypedStorage", Kind::torch_bytes},
};

// numpy 2 has moved what numpy 1 calls numpy.core; storages of a GPU are read like any other.
std::string usual_module(std::string_view module, std::string_view name) {
  constexpr std::string_view kNumpy2 = "numpy._core.";
  if (module.starts_with(kNumpy2)) {
    return "numpy.core." + std::string(module.substr(kNumpy2.size()));
  }
  if (module == "torch.cuda" && name.ends_with("Storage")) return "torch";
  return std::string(module);
}

}  // namespace

Global const& find_global(std::string_view module, std::string_view name) {
  std::string const wanted = usual_module(module, name);
  auto const found = std::find_if(kGlobals.begin(), kGlobals.end(), [&](Global const& global) {
    return global.module == wanted && global.name == name;
  });
  if (found != kGlobals.end()) return *found;
  // Programs import these modules as os.
  bool const os = module == "posix" || module == "nt";
  throw Error("the pickle refers to '" + printable(module) + "." + printable(name) +
              "', which seplflow does not load" + (os ? " (os." + printable(name) + ")" : "") +
              "; it loads numbers, text, lists, dicts, numpy arrays and torch tensors");
}

Arguments::Arguments(Store& store, Global const& callee, Cell const& tuple)
    : store_(store), callee_(callee), tuple_(tuple) {
  if (size() < callee.least || size() > callee.most) {
    throw Error("the pickle calls " + callee.full_name() + " with " + std::to_string(size()) +
                " arguments, which it does not take");
  }
}

Cell Arguments::operator[](std::size_t i) const {
  return i < size() ? store_.items_of(tuple_)[i] : Cell();
}

void Arguments::refuse(std::size_t i, char const* expected) const {
  throw Error("the pickle calls " + callee_.full_name() + " with " +
              description(store_, (*this)[i]) + "; expected " + expected);
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
  for (Cell const& item : store_.items_of(tuple)) {
    if (!item.is(Type::integer) || item.integer < 0) refuse(i, "a tuple of counts");
    counts.push_back(static_cast<std::uint64_t>(item.integer));
  }
  return counts;
}

Cell call(Store& store, Global const& callee, Cell const& arguments) {
  if (callee.call == nullptr) {
    throw Error("the pickle calls " + callee.full_name() + ", which seplflow does not do");
  }
  return callee.call(Arguments(store, callee, arguments));
}

void set_state(Store& store, Cell const& object, Cell const& state) {
  if (object.is(Type::array)) return set_array_state(store, object, state);
  if (object.is(Type::dtype)) return set_dtype_state(store, object, state);
  if (object.is(Type::dict) && state.is(Type::dict)) return;
  throw Error("the pickle sets the state of " + description(store, object) +
              ", which seplflow does not do");
}

}  // namespace seplflow::pickle
