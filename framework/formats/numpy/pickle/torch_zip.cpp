// torch's form since version 1.6: a zip with a folder that holds data.pkl and the storages, each in
// a file data/KEY. No entry is compressed.
#include <algorithm>
#include <map>
#include <string>

#include <seplflow/error.hpp>
#include "formats/numpy/pickle/torch.hpp"
#include "formats/numpy/zip.hpp"

namespace seplflow::pickle {
namespace {

// The folder that holds everything, with a slash at its end.
std::string_view root_of(Zip const& zip) {
  constexpr std::string_view kPickle = "/data.pkl";
  for (auto const& [name, place] : zip.entries()) {
    bool const top = name.ends_with(kPickle) && name.find('/') == name.size() - kPickle.size();
    if (top) return name.substr(0, name.size() - kPickle.size() + 1);
  }
  bool const numpy = std::any_of(zip.entries().begin(), zip.entries().end(),
                                 [](auto const& entry) { return entry.first.ends_with(".npy"); });
  throw Error(numpy ? "this is a .npz file of numpy, not a file of torch"
                    : "this is a zip that torch.save did not write: it has no data.pkl");
}

void require_little_endian(Zip const& zip, std::string const& name) {
  if (!zip.contains(name)) return;
  Bytes const order = zip.read(name);
  std::string_view const text(reinterpret_cast<char const*>(order.data()), order.size());
  if (text == "little") return;
  throw Error("the file has the byte order '" + printable(text) +
              "', which seplflow does not read; save it again on a little-endian machine");
}

}  // namespace

Cell read_torch_zip(Bytes bytes, Store& store) {
  Zip const zip(bytes, store);
  std::string const root(root_of(zip));
  if (zip.contains(root + "constants.pkl")) {
    throw Error(
        "this is a TorchScript archive, which is code; save the state_dict() of the module with "
        "torch.save instead");
  }
  require_little_endian(zip, root + "byteorder");
  std::map<std::string_view, std::size_t> storages;
  auto const load = [&](Cell const& cell) {
    StorageId const id = storage_id(store, cell);
    auto const known = storages.find(id.key);
    if (known != storages.end() && store.storages[known->second].type == id.type &&
        store.storages[known->second].bytes.size() == id.bytes()) {
      return Cell{.type = Type::torch_storage, .index = known->second};
    }
    Bytes const data = zip.read_later(root + "data/" + std::string(id.key));
    if (data.size() != id.bytes()) {
      throw Error("the storage '" + printable(id.key) + "' has " + std::to_string(data.size()) +
                  " bytes instead of " + std::to_string(id.bytes()));
    }
    Cell const storage = new_storage(store, id);
    store.storages[storage.index].bytes = data;
    store.storages[storage.index].filled = true;
    storages[id.key] = storage.index;
    return storage;
  };
  Bytes const pickle = zip.read(root + "data.pkl");
  auto const begin = static_cast<std::size_t>(pickle.data() - bytes.data());
  return read_last_pickle(bytes.first(begin + pickle.size()), begin, store, load);
}

}  // namespace seplflow::pickle
