// torch's form before version 1.6, which it still uses for tensors inside of pickles: five pickles
// (a magic number, a version, properties of the machine, the object, the keys of its storages),
// then each storage as its number of elements and the elements.
#include <algorithm>
#include <array>
#include <map>
#include <string>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "formats/numpy/pickle/cursor.hpp"
#include "formats/numpy/pickle/torch.hpp"

namespace seplflow::pickle {
namespace {

constexpr std::array<std::uint8_t, 12> kMagic{0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                              0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
constexpr std::int64_t kVersion = 1001;

// A protocol and a frame may precede the magic number.
constexpr std::size_t kMostBeforeMagic = 11;

class Stream {
 public:
  Stream(Bytes bytes, Store& store) : bytes_(bytes), store_(store) {}

  Cell read() {
    read_pickle(bytes_, position_, store_);  // the magic number
    require_version(read_pickle(bytes_, position_, store_));
    require_little_endian(read_pickle(bytes_, position_, store_));
    std::size_t const first_array = store_.arrays.size();
    Cell const object =
        read_pickle(bytes_, position_, store_, [this](Cell const& id) { return storage_of(id); });
    read_storages(read_pickle(bytes_, position_, store_));
    cut_views();
    fill_tensors(first_array);
    return object;
  }

 private:
  struct Root {
    StorageId id;
    std::size_t storage;
  };
  struct View {
    std::size_t storage, root;
    std::uint64_t offset, elements;
  };

  static void require_version(Cell const& version) {
    if (!version.is(Type::integer) || version.integer != kVersion) {
      throw Error("torch's stream has an unknown version; seplflow reads version " +
                  std::to_string(kVersion));
    }
  }

  void require_little_endian(Cell const& machine) const {
    if (!machine.is(Type::dict)) throw Error("torch's stream does not describe its machine");
    for (Entry const& entry : store_.dicts[machine.index].entries) {
      bool const big = entry.key.is(Type::text) && entry.key.text() == "little_endian" &&
                       entry.value.is(Type::boolean) && !entry.value.boolean;
      if (big) {
        throw Error(
            "the file comes from a big-endian machine, whose numbers seplflow does not read; save "
            "it again on a little-endian machine");
      }
    }
  }

  Cell storage_of(Cell const& cell) {
    StorageId const id = storage_id(store_, cell);
    auto const known = roots_.find(id.key);
    if (known == roots_.end()) {
      roots_.insert({id.key, {id, new_storage(store_, id).index}});
    } else if (known->second.id.bytes() != id.bytes()) {
      throw Error("the storage '" + printable(id.key) + "' has two sizes");
    }
    std::size_t const root = roots_.at(id.key).storage;
    if (!id.view.is(Type::tuple)) return {.type = Type::torch_storage, .index = root};
    return view_of(id, root);
  }

  Cell view_of(StorageId const& id, std::size_t root) {
    auto const items = store_.items_of(id.view);
    bool const sound = items.size() == 3 && items[1].is(Type::integer) && items[1].integer >= 0 &&
                       items[2].is(Type::integer) && items[2].integer >= 0;
    if (!sound) throw Error("a view of a storage is damaged");
    auto const offset = static_cast<std::uint64_t>(items[1].integer);
    auto const elements = static_cast<std::uint64_t>(items[2].integer);
    if (offset > id.elements || elements > id.elements - offset) {
      throw Error("a view reaches beyond its storage");
    }
    Cell const view = new_storage(store_, id);
    views_.push_back({view.index, root, offset, elements});
    return view;
  }

  void read_storages(Cell const& keys) {
    if (!keys.is(Type::list)) throw Error("torch's stream has no list of its storages");
    Cursor cursor(bytes_, position_, store_.file_being_read());
    for (Cell const& key : store_.lists[keys.index]) {
      auto const root = key.is(Type::text) ? roots_.find(key.text()) : roots_.end();
      if (root == roots_.end()) throw Error("torch's stream lists a storage that no tensor uses");
      fill(root->second, cursor);
    }
    for (auto const& [key, root] : roots_) {
      if (!store_.storages[root.storage].filled) {
        throw Error("the data of the storage '" + printable(key) + "' are missing");
      }
    }
    if (cursor.left() > 0) {
      throw Error(counted(cursor.left(), "byte") + " follow the last storage");
    }
  }

  void fill(Root const& root, Cursor& cursor) {
    TorchStorage& storage = store_.storages[root.storage];
    auto const elements = cursor.number<std::uint64_t>();
    if (storage.filled || elements != root.id.elements) {
      throw Error("the storage '" + printable(root.id.key) + "' holds " + std::to_string(elements) +
                  " elements instead of " + std::to_string(root.id.elements) +
                  "; the file is damaged");
    }
    storage.bytes = cursor.take_later(root.id.bytes());
    storage.filled = true;
  }

  void cut_views() {
    for (View const& view : views_) {
      TorchStorage& storage = store_.storages[view.storage];
      std::size_t const size = element_bytes(storage.type);
      storage.bytes =
          store_.storages[view.root].bytes.subspan(view.offset * size, view.elements * size);
      storage.filled = true;
    }
  }

  // Tensors precede their storages.
  void fill_tensors(std::size_t first) {
    for (std::size_t i = first; i < store_.arrays.size(); ++i) {
      ArraySlot& slot = store_.arrays[i];
      if (!slot.layout) continue;
      Bytes const bytes = store_.storages[slot.storage].bytes;
      slot.array.emplace(std::move(*slot.layout), bytes, store_.file_of(bytes));
      slot.layout.reset();
    }
  }

  Bytes bytes_;
  Store& store_;
  std::size_t position_ = 0;
  std::map<std::string_view, Root> roots_;
  std::vector<View> views_;
};

}  // namespace

bool is_torch_stream(Bytes bytes) {
  auto const head = bytes.first(std::min(bytes.size(), kMostBeforeMagic + kMagic.size()));
  return std::search(head.begin(), head.end(), kMagic.begin(), kMagic.end()) != head.end();
}

Cell read_torch_stream(Bytes bytes, Store& store) {
  return Stream(bytes, store).read();
}

}  // namespace seplflow::pickle
