// What tensors a network has, and which sizes the tensors of a file agree on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow::nets {

using Dims = std::vector<std::int64_t>;

// The shape of each tensor, by its name in the state_dict of the official checkpoints.
using TensorShapes = std::map<std::string, Dims, std::less<>>;

// The element type ("int64") of each tensor that does not hold floating-point numbers, by name.
using OtherTypes = std::map<std::string, std::string, std::less<>>;

// Limits on what a file may claim: blocks of a network, and the length of an axis.
constexpr std::int64_t kMaxBlocks = 1024;
constexpr std::int64_t kMaxLength = std::int64_t{1} << 31;

// The length of a tensor's axis: times * size / by for one of the network's sizes, or a constant.
struct Axis {
  Axis(std::int64_t constant) : times(constant) {}
  Axis(std::int64_t* of) : size(of) {}

  std::int64_t length() const { return size ? *size * times / by : times; }
  // The size that gives this length.
  std::int64_t size_for(std::int64_t length) const { return length * by / times; }

  std::int64_t* size = nullptr;
  std::int64_t times = 1, by = 1;
};

inline Axis operator*(std::int64_t times, Axis axis) {
  axis.times *= times;
  return axis;
}
inline Axis operator/(Axis axis, std::int64_t by) {
  axis.by *= by;
  return axis;
}

using Axes = std::vector<Axis>;

// The tensors of a network by name. Axes refer to the sizes of one shape, which must outlive it.
class TensorTable {
 public:
  void add(std::string const& name, Axes axes) { tensors_.emplace(name, std::move(axes)); }
  void add_affine(std::string const& name, Axes weight, Axis bias) {
    add(name + ".weight", std::move(weight));
    add(name + ".bias", {bias});
  }
  void add_linear(std::string const& name, Axis in, Axis out) { add_affine(name, {out, in}, out); }
  void add_norm(std::string const& name, Axis width) { add_affine(name, {width}, width); }
  // A batch normalisation in evaluation mode.
  void add_batch_norm(std::string const& name, Axis width) {
    add_norm(name, width);
    add(name + ".running_mean", {width});
    add(name + ".running_var", {width});
  }

  std::map<std::string, Axes> const& tensors() const { return tensors_; }
  // The shapes that the sizes give now.
  TensorShapes shapes() const;

 private:
  std::map<std::string, Axes> tensors_;
};

// PREFIX7. for 7.
std::string numbered(std::string_view prefix, std::int64_t i);

// The number of PREFIX0., PREFIX1., ..., or of those from another first number on: up to the last
// that has at least half as many tensors as the largest, as long as no more than half of them are
// missing.
std::int64_t count_numbered(TensorShapes const& tensors, std::string_view prefix,
                            std::int64_t first = 0);

using Votes = std::map<std::int64_t, std::size_t, std::greater<>>;

// The value with the most votes, of equals the largest; 0 without votes.
std::int64_t winner_of(Votes const& votes);

// Sets each size of the table to what most tensors agree on: every axis of every tensor votes for
// the size that it shows, so that a damaged tensor is outvoted by the sound ones. Sizes that no
// tensor shows become 0. `votes` may hold votes of something else.
void fit_sizes(TensorTable const& table, TensorShapes const& tensors,
               std::map<std::int64_t*, Votes> votes = {});

// All differences between the tensors of a file and those that a network has: their numbers, then
// `advice`, then the first ten in a line each; empty when there are none. Where the network has
// none of the blocks that begin with one of `first_blocks` ("layer1.0"), that is a line too.
std::string differences(TensorShapes const& found, OtherTypes const& other_types,
                        TensorShapes const& expected, std::string_view advice,
                        std::vector<std::string> const& first_blocks = {});

}  // namespace seplflow::nets
