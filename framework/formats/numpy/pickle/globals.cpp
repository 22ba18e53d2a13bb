#include "formats/numpy/pickle/globals.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/printable.hpp"

namespace seplflow::pickle {
namespace {

using enum ElementType;

constexpr std::array kGlobals{
    Global{"__builtin__", "bytes", Call::bytes},
    Global{"builtins", "bytes", Call::bytes},
    Global{"_codecs", "encode", Call::codecs_encode},
    Global{"collections", "OrderedDict", Call::ordered_dict},
    Global{"numpy", "ndarray", Call::numpy_ndarray},
    Global{"numpy", "dtype", Call::numpy_dtype},
    Global{"numpy.core.multiarray", "_reconstruct", Call::numpy_reconstruct},
    Global{"numpy.core.multiarray", "scalar", Call::numpy_scalar},
    Global{"numpy.core.numeric", "_frombuffer", Call::numpy_frombuffer},
    Global{"torch.storage", "_load_from_bytes", Call::torch_load_bytes},
    Global{"torch._utils", "_rebuild_tensor", Call::torch_tensor},
    Global{"torch._utils", "_rebuild_tensor_v2", Call::torch_tensor_v2},
    Global{"torch._utils", "_rebuild_tensor_v3", Call::torch_tensor_v3},
    Global{"torch._utils", "_rebuild_parameter", Call::torch_parameter},
    Global{"torch._utils", "_rebuild_parameter_with_state", Call::torch_parameter},
    Global{"torch._tensor", "_rebuild_from_type_v2", Call::torch_from_type},
    Global{"torch", "Size", Call::torch_size},
    Global{"torch", "Tensor", Call::torch_class},
    Global{"torch.nn.parameter", "Parameter", Call::torch_class},
    Global{"torch", "bool", Call::torch_dtype, boolean},
    Global{"torch", "int8", Call::torch_dtype, int8},
    Global{"torch", "int16", Call::torch_dtype, int16},
    Global{"torch", "int32", Call::torch_dtype, int32},
    Global{"torch", "int64", Call::torch_dtype, int64},
    Global{"torch", "uint8", Call::torch_dtype, uint8},
    Global{"torch", "uint16", Call::torch_dtype, uint16},
    Global{"torch", "uint32", Call::torch_dtype, uint32},
    Global{"torch", "uint64", Call::torch_dtype, uint64},
    Global{"torch", "float16", Call::torch_dtype, float16},
    Global{"torch", "bfloat16", Call::torch_dtype, bfloat16},
    Global{"torch", "float32", Call::torch_dtype, float32},
    Global{"torch", "float64", Call::torch_dtype, float64},
    Global{"torch", "BoolStorage", Call::torch_storage, boolean},
    Global{"torch", "CharStorage", Call::torch_storage, int8},
    Global{"torch", "ShortStorage", Call::torch_storage, int16},
    Global{"torch", "IntStorage", Call::torch_storage, int32},
    Global{"torch", "LongStorage", Call::torch_storage, int64},
    Global{"torch", "ByteStorage", Call::torch_storage, uint8},
    Global{"torch", "HalfStorage", Call::torch_storage, float16},
    Global{"torch", "BFloat16Storage", Call::torch_storage, bfloat16},
    Global{"torch", "FloatStorage", Call::torch_storage, float32},
    Global{"torch", "DoubleStorage", Call::torch_storage, float64},
    Global{"torch", "UntypedStorage", Call::torch_untyped_storage},
    Global{"torch.storage", "UntypedStorage", Call::torch_untyped_storage},
};

// numpy 2 has moved what numpy 1 calls numpy.core; storages of a GPU are read like any other.
std::string usual(std::string_view module, std::string_view name) {
  constexpr std::string_view kNumpy2 = "numpy._core.";
  if (module.starts_with(kNumpy2)) {
    return "numpy.core." + std::string(module.substr(kNumpy2.size()));
  }
  if (module == "torch.cuda" && name.ends_with("Storage")) return "torch";
  return std::string(module);
}

// What the module is called by those who import it.
std::string alias_of(std::string_view module, std::string_view name) {
  if (module != "posix" && module != "nt") return {};
  return " (os." + printable(name) + ")";
}

}  // namespace

Global const& find_global(std::string_view module, std::string_view name) {
  std::string const wanted = usual(module, name);
  auto const found = std::find_if(kGlobals.begin(), kGlobals.end(), [&](Global const& global) {
    return global.module == wanted && global.name == name;
  });
  if (found != kGlobals.end()) return *found;
  throw Error("pickle refers to '" + printable(module) + "." + printable(name) +
              "', which seplflow does not load" + alias_of(module, name) +
              "; it loads numbers, text, lists, dicts, numpy arrays and torch tensors");
}

}  // namespace seplflow::pickle
