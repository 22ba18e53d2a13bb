// The names that pickles may refer to, and what stands for them here.
#pragma once

#include <string_view>

#include "formats/numpy/array.hpp"

namespace seplflow::pickle {

enum class Call {
  bytes,              // bytes()
  codecs_encode,      // _codecs.encode(text, "latin1")
  ordered_dict,       // collections.OrderedDict()
  numpy_reconstruct,  // numpy.core.multiarray._reconstruct(ndarray, (0,), b"b")
  numpy_scalar,       // numpy.core.multiarray.scalar(dtype, bytes)
  numpy_frombuffer,   // numpy.core.numeric._frombuffer(bytes, dtype, shape, order)
  numpy_ndarray,      // a class, as an argument
  numpy_dtype,        // numpy.dtype("f4", ...)
  torch_load_bytes,   // torch.storage._load_from_bytes(bytes)
  torch_tensor,       // torch._utils._rebuild_tensor(storage, offset, size, stride)
  torch_tensor_v2,    // the same, requires_grad, hooks, metadata
  torch_tensor_v3,    // the same, requires_grad, hooks, dtype, metadata
  torch_parameter,    // torch._utils._rebuild_parameter(tensor, requires_grad, hooks)
  torch_from_type,    // torch._tensor._rebuild_from_type_v2(call, class, arguments, state)
  torch_size,         // torch.Size(sizes)
  torch_class,        // torch.Tensor, torch.nn.Parameter, as an argument
  torch_dtype,        // torch.float32, as an argument
  torch_storage,      // torch.FloatStorage, as an argument
  torch_untyped_storage
};

struct Global {
  std::string_view module, name;
  Call call;
  ElementType type = ElementType::uint8;  // of torch_dtype and torch_storage
};

// Throws Error, "pickle refers to 'os.system', which seplflow does not load", for all others.
Global const& find_global(std::string_view module, std::string_view name);

}  // namespace seplflow::pickle
