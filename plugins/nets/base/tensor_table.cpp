#include "nets/base/tensor_table.hpp"

#include <algorithm>
#include <iterator>
#include <span>

namespace seplflow::nets {
namespace {

std::string text_of(Dims const& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + ")";
}

// Lines from the beginning of each list, ten together, and the number of the others.
std::string shown(std::vector<std::vector<std::string>> const& lists) {
  std::size_t left = 10, all = 0;
  for (auto const& list : lists) all += list.size();
  std::vector<std::size_t> shares(lists.size());
  for (std::size_t i = 0; left > 0 && i < all; ++i) {
    for (std::size_t k = 0; k < lists.size(); ++k) {
      if (left == 0 || shares[k] == lists[k].size()) continue;
      ++shares[k];
      --left;
    }
  }
  std::string lines;
  for (std::size_t k = 0; k < lists.size(); ++k) {
    for (std::string const& line : std::span(lists[k]).first(shares[k])) lines += "\n  " + line;
    all -= shares[k];
  }
  return all > 0 ? lines + "\n  and " + std::to_string(all) + " more" : lines;
}

}  // namespace

TensorShapes TensorTable::shapes() const {
  TensorShapes shapes;
  for (auto const& [name, axes] : tensors_) {
    Dims& lengths = shapes[name];
    for (Axis const& axis : axes) lengths.push_back(axis.length());
  }
  return shapes;
}

std::string numbered(std::string_view prefix, std::int64_t i) {
  return std::string(prefix) + std::to_string(i) + ".";
}

std::int64_t count_numbered(TensorShapes const& tensors, std::string_view prefix,
                            std::int64_t first) {
  std::vector<std::ptrdiff_t> sizes;
  for (std::int64_t i = 0; i < kMaxBlocks; ++i) {
    std::string const name = numbered(prefix, first + i);
    sizes.push_back(std::distance(tensors.lower_bound(name), tensors.lower_bound(name + '~')));
  }
  std::ptrdiff_t const usual = std::max<std::ptrdiff_t>(1, std::ranges::max(sizes));
  std::int64_t count = 0, present = 0;
  for (std::int64_t i = 0; i < kMaxBlocks; ++i) {
    if (2 * sizes[static_cast<std::size_t>(i)] >= usual && i < 2 * ++present) count = i + 1;
  }
  return count;
}

std::int64_t winner_of(Votes const& votes) {
  auto const fewer = [](auto const& a, auto const& b) { return a.second < b.second; };
  auto const winner = std::ranges::max_element(votes, fewer);
  return winner == votes.end() ? 0 : winner->first;
}

void fit_sizes(TensorTable const& table, TensorShapes const& tensors,
               std::map<std::int64_t*, Votes> votes) {
  for (auto const& [name, axes] : table.tensors()) {
    for (Axis const& axis : axes) {
      if (axis.size) votes.try_emplace(axis.size);
    }
    auto const found = tensors.find(name);
    if (found == tensors.end() || found->second.size() != axes.size()) continue;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      std::int64_t const length = found->second[i];
      // A file can claim any length for a tensor without elements.
      if (axes[i].size && length <= kMaxLength) ++votes[axes[i].size][axes[i].size_for(length)];
    }
  }
  for (auto const& [size, of_size] : votes) *size = winner_of(of_size);
}

std::string differences(TensorShapes const& found, OtherTypes const& other_types,
                        TensorShapes const& expected, std::string_view advice,
                        std::vector<std::string> const& first_blocks) {
  std::vector<std::string> types, shapes, missing, unknown;
  for (auto const& [name, shape] : expected) {
    auto const same = found.find(name);
    if (same == found.end()) {
      missing.push_back("missing: " + name);
      continue;
    }
    if (same->second != shape) {
      shapes.push_back("wrong shape: " + name + " is " + text_of(same->second) +
                       "; the rest of the model needs " + text_of(shape));
    }
    if (auto const type = other_types.find(name); type != other_types.end()) {
      types.push_back("wrong type: " + name + " holds " + type->second +
                      "; the model needs floating-point numbers");
    }
  }
  for (auto const& [name, shape] : found) {
    if (!expected.contains(name)) unknown.push_back("unknown: " + name + " " + text_of(shape));
  }
  std::size_t const count_missing = missing.size();
  if (types.size() + shapes.size() + count_missing + unknown.size() == 0) return {};
  for (std::string const& block : first_blocks) {
    auto const first = expected.lower_bound(block);
    if (first == expected.end() || !first->first.starts_with(block)) {
      missing.insert(missing.begin(), "missing: " + block + " and all blocks after it");
    }
  }
  return "missing: " + std::to_string(count_missing) + " of " + std::to_string(expected.size()) +
         " tensors; wrong shape: " + std::to_string(shapes.size()) +
         "; wrong type: " + std::to_string(types.size()) +
         "; unknown: " + std::to_string(unknown.size()) + std::string(advice) +
         shown({types, shapes, missing, unknown});
}

}  // namespace seplflow::nets
