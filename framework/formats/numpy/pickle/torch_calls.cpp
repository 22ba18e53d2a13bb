// torch's tensors.
#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/calls.hpp"
#include "formats/numpy/pickle/torch.hpp"

namespace seplflow::pickle {
namespace {

Cell load_bytes(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 1, 1);
  Cell const bytes = arguments.require(0, Type::bytes, "what torch.save wrote");
  auto const known = context.store.loaded.find(bytes.view.data);
  if (known != context.store.loaded.end()) return known->second;
  Cell result;
  try {
    result =
        read_torch(context.store.loaded_bytes(bytes.bytes()), context.store, context.nesting + 1);
  } catch (Error const& error) {
    throw Error(std::string("in a torch storage of ") + std::to_string(bytes.view.size) +
                " bytes: " + error.what());
  }
  context.store.loaded.emplace(bytes.view.data, result);
  return result;
}

// The type of a tensor: its storage's, or, where that is but bytes, the one it is given.
ElementType type_of(TorchStorage const& storage, Cell const& dtype) {
  bool const given = dtype.is(Type::global) && dtype.global->call == Call::torch_dtype;
  if (given) return dtype.global->type;
  if (!dtype.is(Type::none)) throw Error("pickle makes a tensor of a type that is none");
  if (storage.untyped) throw Error("pickle makes a tensor of bytes without saying of which type");
  return storage.type;
}

// True would mean that the tensor is the conjugate or the negative of what is stored.
void require_plain(Context context, Cell const& metadata) {
  if (metadata.is(Type::none)) return;
  bool const empty = metadata.is(Type::dict) && context.store.dicts[metadata.index].entries.empty();
  if (!empty) {
    throw Error("pickle makes a tensor with " + description(context.store, metadata) +
                " as metadata, which seplflow does not load");
  }
}

Cell make_tensor(Context context, Global const& callee, Cell const& tuple) {
  bool const v3 = callee.call == Call::torch_tensor_v3;
  bool const v1 = callee.call == Call::torch_tensor;
  Arguments const arguments(context, callee, tuple, v1 ? 4 : v3 ? 7 : 6, v1 ? 4 : v3 ? 8 : 7);
  require_plain(context, arguments[v3 ? 7 : 6]);
  std::size_t const index = arguments.require(0, Type::torch_storage, "a storage").index;
  TorchStorage const& storage = context.store.storages[index];
  ArrayLayout layout;
  layout.type = type_of(storage, v3 ? arguments[6] : Cell());
  layout.offset = arguments.count(1);
  layout.shape = arguments.counts(2);
  layout.strides = arguments.counts(3);
  ArraySlot slot;
  if (storage.filled) {
    slot.array.emplace(std::move(layout), storage.bytes);
  } else {
    slot.layout = std::move(layout);
    slot.storage = index;
  }
  return context.store.new_array(std::move(slot));
}

Cell make_parameter(Context context, Global const& callee, Cell const& tuple) {
  return Arguments(context, callee, tuple, 1, 4).require(0, Type::array, "a tensor");
}

// A tensor that had attributes, which are of no use here.
Cell make_from_type(Context context, Global const& callee, Cell const& tuple) {
  Arguments const arguments(context, callee, tuple, 4, 4);
  Cell const function = arguments.require(0, Type::global, "a function that makes tensors");
  arguments.require(1, Type::global, "a class of tensors");
  Cell const inner = arguments.require(2, Type::tuple, "arguments");
  switch (function.global->call) {
    case Call::torch_tensor_v2:
    case Call::torch_tensor_v3:
      return make_tensor(context, *function.global, inner);
    case Call::torch_parameter:
      return make_parameter(context, *function.global, inner);
    default:
      throw Error("pickle makes a tensor by " + description(context.store, function));
  }
}

}  // namespace

Cell call_torch(Context context, Global const& callee, Cell const& arguments) {
  switch (callee.call) {
    case Call::torch_load_bytes:
      return load_bytes(context, callee, arguments);
    case Call::torch_tensor:
    case Call::torch_tensor_v2:
    case Call::torch_tensor_v3:
      return make_tensor(context, callee, arguments);
    case Call::torch_parameter:
      return make_parameter(context, callee, arguments);
    case Call::torch_from_type:
      return make_from_type(context, callee, arguments);
    case Call::torch_size:
      return Arguments(context, callee, arguments, 1, 1).require(0, Type::tuple, "sizes");
    default:
      throw Error("pickle calls " + std::string(callee.module) + "." + std::string(callee.name) +
                  ", which seplflow does not do");
  }
}

}  // namespace seplflow::pickle
