// torch's form since version 1.6: a zip with a folder that holds data.pkl and the storages, each in
// a file data/KEY.
#include <algorithm>
#include <map>
#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/document.hpp"
#include "formats/numpy/pickle/machine.hpp"
#include "formats/numpy/pickle/printable.hpp"
#include "formats/numpy/pickle/torch.hpp"
#include "formats/numpy/pickle/zip.hpp"

namespace seplflow::pickle {
namespace {

// The folder that everything is in, with a slash at its end.
std::string_view root_of(Zip const& zip) {
  constexpr std::string_view kPickle = "/data.pkl";
  for (auto const& [name, place] : zip.entries()) {
    bool const top = name.ends_with(kPickle) && name.find('/') == name.size() - kPickle.size();
    if (top) return name.substr(0, name.size() - kPickle.size() + 1);
  }
  bool const numpy = std::any_of(zip.entries().begin(), zip.entries().end(),
                                 [](auto const& entry) { return entry.first.ends_with(".npy"); });
  throw Error(numpy ? "this is a .npz file of numpy, not one of torch"
                    : "this is a zip, but not of torch.save: it has no data.pkl");
}

void require_little_endian(Zip const& zip, std::string const& name) {
  if (!zip.contains(name)) return;
  Bytes const order = zip.read(name);
  std::string_view const text(reinterpret_cast<char const*>(order.data()), order.size());
  if (text == "little") return;
  throw Error("the file comes from a machine of byte order '" + printable(text) +
              "', whose numbers seplflow does not read; save it again on another");
}

}  // namespace

Cell read_torch_zip(Bytes bytes, Store& store, int nesting) {
  Zip const zip(bytes);
  std::string const root(root_of(zip));
  if (zip.contains(root + "constants.pkl")) {
    throw Error(
        "this is a TorchScript archive, that is code; save the state_dict() of the module "
        "with torch.save instead");
  }
  require_little_endian(zip, root + "byteorder");
  std::map<std::string_view, std::size_t> storages;
  auto const load = [&](Cell const& cell) {
    StorageId const id = storage_id(store, cell);
    auto const known = storages.find(id.key);
    if (known != storages.end() && store.storages[known->second].type == id.type &&
        store.storages[known->second].bytes.size() == id.bytes()) {
      return Cell::of_index(Type::torch_storage, known->second);
    }
    Bytes const data = zip.read(root + "data/" + std::string(id.key));
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
  Machine machine(bytes.first(begin + pickle.size()), begin, store, nesting, load);
  Cell const object = machine.run();
  require_end(machine.end(), begin + pickle.size());
  return object;
}

}  // namespace seplflow::pickle
