#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/globals.hpp"
#include "formats/numpy/pickle/printable.hpp"
#include "formats/numpy/pickle/torch.hpp"

namespace seplflow::pickle {
namespace {

constexpr std::size_t kSizeOfId = 5;  // without a view

// A text, which may have been a str of Python 2.
std::string_view text_of(Cell const& cell) {
  return cell.is(Type::text) ? cell.text() : std::string_view();
}

}  // namespace

StorageId storage_id(Store const& store, Cell const& id) {
  bool const sound = id.is(Type::tuple) && id.items.size >= 1;
  auto const items = sound ? store.items_of(id) : std::span<Cell const>();
  std::string_view const kind = items.empty() ? std::string_view() : text_of(items[0]);
  if (kind == "module") {
    throw Error("the file holds a whole module, that is code; save its state_dict() instead");
  }
  bool const storage =
      kind == "storage" && (items.size() == kSizeOfId || items.size() == kSizeOfId + 1);
  if (!storage || !items[1].is(Type::global) || !items[2].is(Type::text) ||
      !items[4].is(Type::integer)) {
    throw Error("pickle refers to something outside of it that is no storage of torch");
  }
  Global const& type = *items[1].global;
  bool const untyped = type.call == Call::torch_untyped_storage;
  if (!untyped && type.call != Call::torch_storage) {
    throw Error("pickle refers to a storage of type " + description(store, items[1]) +
                ", which seplflow does not load");
  }
  std::int64_t const elements = items[4].integer;
  constexpr std::int64_t kMost = std::int64_t{1} << 48;
  if (elements < 0 || elements > kMost) {
    throw Error("pickle refers to a storage of " + std::to_string(elements) + " elements");
  }
  return {type.type, untyped, items[2].text(), static_cast<std::uint64_t>(elements),
          items.size() > kSizeOfId ? items[kSizeOfId] : Cell()};
}

Cell new_storage(Store& store, StorageId const& id) {
  store.charge(2);
  store.storages.push_back({id.type, id.untyped, {}, false});
  return Cell::of_index(Type::torch_storage, store.storages.size() - 1);
}

bool is_torch_zip(Bytes bytes) {
  return bytes.size() >= 4 && bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] == 3 && bytes[3] == 4;
}

Cell read_torch(Bytes bytes, Store& store, int nesting) {
  if (is_torch_zip(bytes)) return read_torch_zip(bytes, store, nesting);
  if (is_torch_stream(bytes)) return read_torch_stream(bytes, store, nesting);
  constexpr std::size_t kTarMark = 257;
  if (bytes.size() > kTarMark + 5 &&
      std::string_view(reinterpret_cast<char const*>(bytes.data()) + kTarMark, 5) == "ustar") {
    throw Error(
        "this is a tar file, as torch wrote them before version 0.1.12; save it again "
        "with a torch that is less than eight years old");
  }
  throw Error("this is nothing that torch.save writes: neither a zip nor torch's legacy stream");
}

}  // namespace seplflow::pickle
