// torch's tensors and their storages.
#include "formats/numpy/pickle/torch.hpp"

#include <algorithm>
#include <string>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/pickle.hpp>
#include "formats/numpy/pickle/functions.hpp"

namespace seplflow::pickle {
namespace {

using Kind = Global::Kind;

// The type of a tensor: that of its storage, or, where the storage is untyped, the one it is given.
ElementType type_of(TorchStorage const& storage, Cell const& dtype) {
  bool const given = dtype.is(Type::global) && dtype.global->kind == Kind::torch_dtype;
  if (given) return dtype.global->type;
  if (!dtype.is(Type::none)) throw Error("the pickle creates a tensor of an unknown type");
  if (storage.untyped) throw Error("the pickle creates a tensor of bytes without giving its type");
  return storage.type;
}

// Metadata can say that the tensor is the conjugate or the negative of what is stored.
void require_no_metadata(Store const& store, Cell const& metadata) {
  if (metadata.is(Type::none)) return;
  if (metadata.is(Type::dict) && store.dicts[metadata.index].entries.empty()) return;
  throw Error("the pickle creates a tensor with " + description(store, metadata) +
              " as metadata, which seplflow does not load");
}

// (storage, offset, size, stride, ...)
Cell make_tensor(Arguments const& arguments, Cell const& dtype, Cell const& metadata) {
  Store& store = arguments.store();
  require_no_metadata(store, metadata);
  std::size_t const index = arguments.require(0, Type::torch_storage, "a storage").index;
  TorchStorage const& storage = store.storages[index];
  ArrayLayout layout;
  layout.type = type_of(storage, dtype);
  layout.offset = arguments.count(1);
  layout.shape = arguments.counts(2);
  layout.strides = arguments.counts(3);
  ArraySlot slot;
  if (storage.filled) {
    slot.array.emplace(std::move(layout), storage.bytes, store.file_of(storage.bytes));
  } else {
    slot.layout = std::move(layout);
    slot.storage = index;
  }
  return store.new_array(std::move(slot));
}

// A text, which may have been a str of Python 2.
std::string_view text_of(Cell const& cell) {
  return cell.is(Type::text) ? cell.text() : std::string_view();
}

}  // namespace

// torch.storage._load_from_bytes(bytes)
Cell torch_load_bytes(Arguments const& arguments) {
  Store& store = arguments.store();
  Bytes const bytes = arguments.require(0, Type::bytes, "bytes that torch.save wrote").bytes();
  if (++store.nesting >= kMaxNesting) {
    throw Error("pickles are nested more than " + std::to_string(kMaxNesting) + " deep");
  }
  store.spend_bytes(bytes.size());
  try {
    Cell const result = read_torch(store.loaded_bytes(bytes), store);
    --store.nesting;
    return result;
  } catch (Error const& error) {
    throw Error("in a torch storage of " + std::to_string(bytes.size()) +
                " bytes: " + error.what());
  }
}

// torch._utils._rebuild_tensor(storage, offset, size, stride)
Cell torch_tensor(Arguments const& arguments) {
  return make_tensor(arguments, {}, {});
}

// The same with (requires_grad, hooks, metadata).
Cell torch_tensor_v2(Arguments const& arguments) {
  return make_tensor(arguments, {}, arguments[6]);
}

// The same with (requires_grad, hooks, dtype, metadata).
Cell torch_tensor_v3(Arguments const& arguments) {
  return make_tensor(arguments, arguments[6], arguments[7]);
}

// torch._utils._rebuild_parameter(tensor, requires_grad, hooks)
Cell torch_parameter(Arguments const& arguments) {
  return arguments.require(0, Type::array, "a tensor");
}

// torch._tensor._rebuild_from_type_v2(function, class, arguments, state): a tensor that had
// attributes, which are ignored.
Cell torch_from_type(Arguments const& arguments) {
  Cell const function = arguments.require(0, Type::global, "a function that creates tensors");
  arguments.require(1, Type::global, "a class of tensors");
  Cell const inner = arguments.require(2, Type::tuple, "arguments");
  auto const callee = function.global->call;
  if (callee != torch_tensor_v2 && callee != torch_tensor_v3 && callee != torch_parameter) {
    throw Error("the pickle creates a tensor by calling " +
                description(arguments.store(), function));
  }
  return call(arguments.store(), *function.global, inner);
}

// torch.Size(sizes)
Cell torch_size(Arguments const& arguments) {
  return arguments.require(0, Type::tuple, "sizes");
}

StorageId storage_id(Store const& store, Cell const& id) {
  constexpr std::size_t kParts = 5;  // without a view
  auto const parts = id.is(Type::tuple) ? store.items_of(id) : std::span<Cell const>();
  std::string_view const kind = parts.empty() ? std::string_view() : text_of(parts[0]);
  if (kind == "module") {
    throw Error("the file holds a whole module, which is code; save its state_dict() instead");
  }
  bool const storage = kind == "storage" &&
                       (parts.size() == kParts || parts.size() == kParts + 1) &&
                       parts[1].is(Type::global) && parts[2].is(Type::text) &&
                       parts[2].view.size <= kMaxPickleKeyBytes && parts[4].is(Type::integer);
  if (!storage) {
    throw Error("the pickle refers to data outside of it that are not a storage of torch");
  }
  Global const& type = *parts[1].global;
  bool const untyped = type.kind == Kind::torch_bytes;
  if (!untyped && type.kind != Kind::torch_storage) {
    throw Error("the pickle refers to a storage of type '" + type.full_name() +
                "', which seplflow does not load");
  }
  std::int64_t const elements = parts[4].integer;
  constexpr std::int64_t kMost = std::int64_t{1} << 48;
  if (elements < 0 || elements > kMost) {
    throw Error("the pickle refers to a storage of " + std::to_string(elements) + " elements");
  }
  return {type.type, untyped, parts[2].text(), static_cast<std::uint64_t>(elements),
          parts.size() > kParts ? parts[kParts] : Cell()};
}

Cell new_storage(Store& store, StorageId const& id) {
  store.storages.push_back({id.type, id.untyped, {}, false});
  return {.type = Type::torch_storage, .index = store.storages.size() - 1};
}

bool is_torch_zip(Bytes bytes) {
  return bytes.size() >= 4 && bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] == 3 && bytes[3] == 4;
}

Cell read_torch(Bytes bytes, Store& store) {
  if (is_torch_zip(bytes)) return read_torch_zip(bytes, store);
  if (is_torch_stream(bytes)) return read_torch_stream(bytes, store);
  if (LazyFile* const file = store.file_being_read()) {
    file->need(std::min(bytes.size(), kFileKindBytes));
  }
  if (file_kind_of(bytes) == FileKind::tar) {
    throw Error(
        "this is a tar file, as torch wrote them before version 0.1.12; load it and save it again "
        "with a newer torch");
  }
  throw Error("this " + what_it_is(bytes, "a file that torch.save writes"));
}

}  // namespace seplflow::pickle
