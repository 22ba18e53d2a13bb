// What torch.save writes, in either of its forms.
#pragma once

#include "formats/numpy/pickle/values.hpp"

namespace seplflow::pickle {

bool is_torch_zip(Bytes bytes);
bool is_torch_stream(Bytes bytes);

// The object in the zip or the legacy stream; its tensors are views of `bytes`. Throws Error,
// without the name of the file.
Cell read_torch(Bytes bytes, Store& store);
Cell read_torch_zip(Bytes bytes, Store& store);
Cell read_torch_stream(Bytes bytes, Store& store);

// How both forms describe a storage, in a persistent id: ("storage", type, key, location, number of
// elements) and, in the legacy form, a view of it or None. A view is (key, offset, elements).
struct StorageId {
  ElementType type;
  bool untyped;
  std::string_view key;
  std::uint64_t elements;
  Cell view;  // a tuple, or None

  std::uint64_t bytes() const { return elements * element_bytes(type); }
};

// Throws Error for anything else, e.g. a module, and for sizes that no memory could have.
StorageId storage_id(Store const& store, Cell const& id);

// A storage without its bytes.
Cell new_storage(Store& store, StorageId const& id);

}  // namespace seplflow::pickle
