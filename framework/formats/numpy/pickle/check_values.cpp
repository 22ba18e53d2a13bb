#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/pickle.hpp>
#include "formats/numpy/pickle/values.hpp"

namespace seplflow::pickle {
namespace {

bool is_container(Cell const& cell) {
  return cell.is(Type::list) || cell.is(Type::tuple) || cell.is(Type::dict);
}

std::size_t size_of(Store const& store, Cell const& container) {
  return container.is(Type::dict) ? store.dicts[container.index].entries.size()
                                  : store.items_of(container).size();
}

Cell const& item_of(Store const& store, Cell const& container, std::size_t i) {
  return container.is(Type::dict) ? store.dicts[container.index].entries[i].value
                                  : store.items_of(container)[i];
}

void require_value(Store const& store, Cell const& cell) {
  if (cell.type > Type::array) {
    throw Error("the pickle holds " + description(store, cell) + ", which seplflow does not load");
  }
  if (!cell.is(Type::array) || store.arrays[cell.index].array) return;
  if (store.arrays[cell.index].object) {
    throw Error(
        "the pickle holds an array of objects among its values; seplflow loads an array of objects "
        "only as the outermost value, with one object");
  }
  throw Error("the pickle holds an array without its data");
}

// Visits all values that the root reaches, each container once, without recursion.
class Walk {
 public:
  explicit Walk(Store const& store)
      : store_(store),
        lists_(store.lists.size()),
        dicts_(store.dicts.size()),
        tuples_(store.items.size()) {}

  void from(Cell const& root) {
    enter(root);
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next < size_of(store_, step.container)) {
        enter(item_of(store_, step.container, step.next++));
      } else {
        leave();
      }
    }
  }

 private:
  struct Step {
    Cell container;
    std::size_t next = 0;
    std::uint8_t height = 1;  // with the items visited so far
  };
  static constexpr std::uint8_t kOpen = 255;  // on the path
  static_assert(kMaxPickleDepth < kOpen);

  // The height of a container that was visited: how many containers are nested in each other,
  // counting itself.
  std::uint8_t& height_of(Cell const& container) {
    if (container.is(Type::tuple)) return tuples_[container.items.first];
    return (container.is(Type::list) ? lists_ : dicts_)[container.index];
  }

  void enter(Cell const& cell) {
    require_value(store_, cell);
    if (!is_container(cell) || size_of(store_, cell) == 0) return;
    std::uint8_t const height = height_of(cell);
    if (height == kOpen) throw Error("the pickle holds " + kind_of(cell) + " that contains itself");
    if (height != 0) {
      raise(height);
      return;
    }
    height_of(cell) = kOpen;
    path_.push_back({cell});
    require_depth(path_.size());
  }

  void leave() {
    Step const step = path_.back();
    path_.pop_back();
    height_of(step.container) = step.height;
    raise(step.height);
  }

  void raise(std::uint8_t height) {
    require_depth(path_.size() + height);
    if (!path_.empty()) {
      path_.back().height =
          std::max<std::uint8_t>(path_.back().height, static_cast<std::uint8_t>(height + 1));
    }
  }

  static void require_depth(std::size_t depth) {
    if (depth > kMaxPickleDepth) {
      throw Error("the pickle holds lists, tuples or dicts nested more than " +
                  std::to_string(kMaxPickleDepth) + " deep");
    }
  }

  static std::string kind_of(Cell const& cell) {
    return cell.is(Type::list) ? "a list" : cell.is(Type::dict) ? "a dict" : "a tuple";
  }

  Store const& store_;
  std::vector<std::uint8_t> lists_, dicts_, tuples_;
  std::vector<Step> path_;
};

[[noreturn]] void fail_twice(Store const& store, Cell const& key) {
  throw Error("the pickle holds a dict that has " + description(store, key) + " as a key twice");
}

// Throws when two keys are the same bytes of the file. This needs no comparison of the bytes: one
// long text could be a thousand keys, at a few bytes of the file each.
void require_own_bytes(Store const& store, Dict const& dict) {
  std::vector<Cell const*> texts;
  for (Entry const& entry : dict.entries) {
    bool const has_bytes = entry.key.is(Type::text) || entry.key.is(Type::bytes);
    if (has_bytes && entry.key.view.size > 0) texts.push_back(&entry.key);
  }
  auto const address = [](Cell const* key) { return std::pair(key->view.data, key->type); };
  std::ranges::sort(texts, {}, address);
  auto const twin = std::ranges::adjacent_find(texts, {}, address);
  if (twin != texts.end()) fail_twice(store, **twin);
}

void sort_keys(Store const& store, Dict& dict) {
  require_own_bytes(store, dict);
  auto const less = [&](std::uint32_t a, std::uint32_t b) {
    return key_less(dict.entries[a].key, dict.entries[b].key);
  };
  dict.sorted.resize(dict.entries.size());
  std::iota(dict.sorted.begin(), dict.sorted.end(), 0U);
  if (!std::is_sorted(dict.sorted.begin(), dict.sorted.end(), less)) {
    std::sort(dict.sorted.begin(), dict.sorted.end(), less);
  }
  auto const twin = std::adjacent_find(dict.sorted.begin(), dict.sorted.end(),
                                       [&](auto a, auto b) { return !less(a, b); });
  if (twin != dict.sorted.end()) fail_twice(store, dict.entries[*twin].key);
}

// numpy's arrays of text become lists of texts, or texts.
void unwrap_texts(Store& store) {
  if (std::ranges::none_of(store.arrays, &ArraySlot::is_text)) return;
  auto const unwrap = [&](Cell& cell) {
    if (cell.is(Type::array) && store.arrays[cell.index].is_text) {
      cell = *store.arrays[cell.index].object;
    }
  };
  unwrap(store.root);
  std::ranges::for_each(store.items, unwrap);
  for (auto& list : store.lists) std::ranges::for_each(list, unwrap);
  for (Dict& dict : store.dicts) {
    for (Entry& entry : dict.entries) unwrap(entry.value);
  }
}

}  // namespace

void check_values(Store& store) {
  unwrap_texts(store);
  if (store.root.is(Type::array) && store.arrays[store.root.index].object) {
    store.root = *store.arrays[store.root.index].object;
  }
  Walk(store).from(store.root);
  for (Dict& dict : store.dicts) sort_keys(store, dict);
}

}  // namespace seplflow::pickle
