// The ids of the samples so far.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace seplflow {

// A set of hashes in about 12 bytes each. It is all of the engine that grows with the number of
// samples, and the nodes of a standard set would take four times as much. (0 counts as 1.)
class HashSet {
 public:
  // Returns false if the hash is there already.
  bool insert(std::size_t hash) {
    if (hash == kFree) hash = 1;
    if (5 * (count_ + 1) > 4 * places_.size()) grow();
    std::size_t& place = place_of(hash);
    if (place == hash) return false;
    place = hash;
    ++count_;
    return true;
  }

 private:
  static constexpr std::size_t kFree = 0;

  std::size_t& place_of(std::size_t hash) {
    std::size_t const mask = places_.size() - 1;
    std::size_t at = hash & mask;
    while (places_[at] != kFree && places_[at] != hash) at = (at + 1) & mask;
    return places_[at];
  }

  void grow() {
    std::vector<std::size_t> before(std::max<std::size_t>(64, 2 * places_.size()));
    std::swap(before, places_);
    for (std::size_t const hash : before) {
      if (hash != kFree) place_of(hash) = hash;
    }
  }

  std::vector<std::size_t> places_;  // as many as a power of two
  std::size_t count_ = 0;
};

}  // namespace seplflow
