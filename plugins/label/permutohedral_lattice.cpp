#include "permutohedral_lattice.hpp"

#include <algorithm>
#include <cmath>

namespace seplflow::label {
namespace {

// A lattice point: integer coordinates on the hyperplane sum = 0 of D + 1 dimensions, congruent to
// each other modulo D + 1. The last coordinate follows from the others, which are stored as digits
// from -2^20 to 2^20 of numbers to the base 2^21, so that keys can be added.
class Key {
 public:
  template <std::size_t N>
  explicit Key(std::array<std::int32_t, N> const& coordinates) {
    static_assert(N <= 6);
    for (std::size_t i = 0; i < N; ++i) {
      std::uint64_t& word = i < 3 ? low_ : high_;
      word += static_cast<std::uint64_t>(std::int64_t{coordinates[i]}) << 21 * (i % 3);
    }
  }
  bool operator==(Key const& other) const { return low_ == other.low_ && high_ == other.high_; }

  Key operator+(Key const& other) const {
    Key sum = *this;
    sum.low_ += other.low_;
    sum.high_ += other.high_;
    return sum;
  }
  std::uint64_t hash() const {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio
    std::uint64_t hash = low_ * kOdd;
    hash = ((hash ^ hash >> 32) + high_) * kOdd;
    return hash ^ hash >> 32;
  }

 private:
  std::uint64_t low_ = 0, high_ = 0;
};

// Coordinates on the hyperplane, scaled so that one blur has standard deviation 1 (section 3.1
// of the paper): the rows of its basis are (1, ..., 1, -k, 0, ..., 0) / sqrt(k (k + 1)).
template <int D>
std::array<double, D + 1> elevated(std::array<double, D> const& position) {
  double const scale = (D + 1) * std::sqrt(2.0 / 3);
  std::array<double, D + 1> result{};
  double sum = 0;
  for (int k = D; k > 0; --k) {
    double const along = position[k - 1] * scale / std::sqrt(double(k) * (k + 1));
    result[k] = sum - k * along;
    sum += along;
  }
  result[0] = sum;
  return result;
}

// The simplex around a point, and the barycentric coordinates of the point in it.
template <int D>
struct Simplex {
  std::array<std::int32_t, D + 1> origin;  // the corner whose coordinates are multiples of D + 1
  std::array<int, D + 1> rank;             // of the distance from there; 0 for the largest
  std::array<double, D + 1> weight;        // of corner r, whose coordinates are r modulo D + 1

  explicit Simplex(std::array<double, D + 1> const& point) {
    find_origin(point);
    std::array<double, D + 1> sorted;
    for (int i = 0; i <= D; ++i) sorted[rank[i]] = (point[i] - origin[i]) / (D + 1);
    weight[0] = 1 - (sorted[0] - sorted[D]);
    for (int r = 1; r <= D; ++r) weight[r] = sorted[D - r] - sorted[D - r + 1];
  }

  Key corner(int r) const {
    std::array<std::int32_t, D> at;
    for (int i = 0; i < D; ++i) at[i] = origin[i] + (rank[i] <= D - r ? r : r - (D + 1));
    return Key(at);
  }

 private:
  // Rounds every coordinate, and then undoes the rounding of those with the largest errors until
  // the sum is 0 again.
  void find_origin(std::array<double, D + 1> const& point) {
    int excess = 0;
    std::array<double, D + 1> error;
    for (int i = 0; i <= D; ++i) {
      int const multiple = static_cast<int>(std::floor(point[i] / (D + 1) + 0.5));
      origin[i] = multiple * (D + 1);
      error[i] = point[i] - origin[i];
      excess += multiple;
    }
    rank.fill(excess);
    for (int i = 0; i <= D; ++i) {
      for (int j = i + 1; j <= D; ++j) ++rank[error[i] < error[j] ? i : j];
    }
    for (int i = 0; i <= D; ++i) {
      int const turn = rank[i] < 0 ? D + 1 : rank[i] > D ? -(D + 1) : 0;
      rank[i] += turn;
      origin[i] += turn;
    }
  }
};

}  // namespace

// The lattice points in use, numbered in the order of their first use, in a hash table with linear
// probing.
template <int D>
class PermutohedralLattice<D>::Vertices {
 public:
  static constexpr std::uint32_t kNone = ~0u;

  std::size_t count() const { return keys_.size(); }

  std::uint32_t find_or_add(Key const& key) {
    if (keys_.size() >= slots_.size() / 3 * 2) grow();
    std::uint32_t& slot = slots_[slot_of(key)];
    if (slot == kNone) {
      slot = static_cast<std::uint32_t>(keys_.size());
      keys_.push_back(key);
    }
    return slot;
  }

  // The neighbour in a direction, or kNone.
  std::uint32_t next(std::uint32_t vertex, int direction) const {
    std::array<std::int32_t, D> step;
    for (int i = 0; i < D; ++i) step[i] = i == direction ? D : -1;
    return slots_[slot_of(keys_[vertex] + Key(step))];
  }

 private:
  std::size_t slot_of(Key const& key) const {
    std::size_t const mask = slots_.size() - 1;
    std::size_t slot = key.hash() & mask;
    while (slots_[slot] != kNone && keys_[slots_[slot]] != key) slot = (slot + 1) & mask;
    return slot;
  }

  void grow() {
    slots_.assign(2 * slots_.size(), kNone);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      slots_[slot_of(keys_[i])] = static_cast<std::uint32_t>(i);
    }
  }

  std::vector<Key> keys_;
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1 << 10, kNone);
};

template <int D>
PermutohedralLattice<D>::PermutohedralLattice(std::size_t points,
                                              std::function<Position(std::size_t)> const& position)
    : corners_(points * kCorners), weights_(points * kCorners) {
  std::size_t vertex_count = 0;
  {
    Vertices vertices;
    for (std::size_t i = 0; i < points; ++i) enter(i, position(i), vertices);
    connect(vertices);
    vertex_count = vertices.count();
  }
  values_.resize(vertex_count);
}

template <int D>
void PermutohedralLattice<D>::enter(std::size_t point, Position const& position,
                                    Vertices& vertices) {
  Simplex<D> const simplex(elevated<D>(position));
  for (int r = 0; r <= D; ++r) {
    std::size_t const place = point * kCorners + static_cast<std::size_t>(r);
    corners_[place] = vertices.find_or_add(simplex.corner(r));
    weights_[place] = static_cast<float>(simplex.weight[r]);
  }
}

template <int D>
void PermutohedralLattice<D>::connect(Vertices const& vertices) {
  auto const count = static_cast<std::uint32_t>(vertices.count());
  std::vector<std::uint32_t> next(count);
  for (int direction = 0; direction <= D; ++direction) {
    std::vector<bool> follows(count);
    std::size_t linked = 0;
    for (std::uint32_t v = 0; v < count; ++v) {
      next[v] = vertices.next(v, direction);
      if (next[v] == Vertices::kNone) continue;
      follows[next[v]] = true;
      ++linked;
    }
    auto& chain = chains_[static_cast<std::size_t>(direction)];
    chain.reserve(std::min<std::size_t>(count, 2 * linked));
    for (std::uint32_t first = 0; first < count; ++first) {
      if (follows[first] || next[first] == Vertices::kNone) continue;
      chain.push_back(first | kFirst);
      for (std::uint32_t v = next[first]; v != Vertices::kNone; v = next[v]) chain.push_back(v);
    }
    chain.shrink_to_fit();
  }
}

// Adds half of each neighbour to every vertex, in one direction after the other.
template <int D>
void PermutohedralLattice<D>::blur() {
  for (auto const& chain : chains_) {
    Lanes before{};  // the previous vertex of the chain, before it changed
    for (std::size_t i = 0; i < chain.size(); ++i) {
      if (chain[i] & kFirst) before = {};
      Lanes& value = values_[chain[i] & ~kFirst];
      Lanes const now = value;
      if (i + 1 < chain.size() && !(chain[i + 1] & kFirst)) before += values_[chain[i + 1]];
      value += 0.5f * before;
      before = now;
    }
  }
}

template <int D>
void PermutohedralLattice<D>::filter(std::span<Lanes const> in, std::span<Lanes> sum) {
  std::ranges::fill(values_, Lanes{});
  for (std::size_t i = 0; i < in.size(); ++i) {
    for (std::size_t k = i * kCorners; k < (i + 1) * kCorners; ++k) {
      values_[corners_[k]] += weights_[k] * in[i];
    }
  }
  blur();
  for (std::size_t i = 0; i < sum.size(); ++i) {
    Lanes gathered{};
    for (std::size_t k = i * kCorners; k < (i + 1) * kCorners; ++k) {
      gathered += weights_[k] * values_[corners_[k]];
    }
    sum[i] += gathered;
  }
}

template <int D>
void PermutohedralLattice<D>::normalise(double gain) {
  std::ranges::fill(values_, Lanes{});
  for (std::size_t k = 0; k < corners_.size(); ++k) values_[corners_[k]].at[0] += weights_[k];
  blur();
  for (std::size_t i = 0; i < points(); ++i) {
    double sum = 0;
    for (std::size_t k = i * kCorners; k < (i + 1) * kCorners; ++k) {
      sum += double(weights_[k]) * values_[corners_[k]].at[0];
    }
    auto const factor = static_cast<float>(std::sqrt(gain / sum));
    for (std::size_t k = i * kCorners; k < (i + 1) * kCorners; ++k) weights_[k] *= factor;
  }
}

template class PermutohedralLattice<2>;
template class PermutohedralLattice<5>;

}  // namespace seplflow::label
