// SAM's checkpoints: their tensors and the shape of their model.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/model_sizes.hpp"
#include "nets/base/state_dict.hpp"

namespace seplflow::sam {

// An official checkpoint (.pth, zip or legacy form), or one of the same architecture in any size,
// plain or as {"model": ...} or {"state_dict": ...}; all names may have a prefix
// (common_prefix_of). Its tensors are views of the file (torch_file.hpp).
class Checkpoint {
 public:
  // Throws Error, with the file, when it is not a torch checkpoint of SAM (read_model_shape). Reads
  // no tensor.
  explicit Checkpoint(std::filesystem::path const& file);

  ModelShape const& shape() const { return shape_; }

  nets::StateDict const& state() const { return state_; }

  // Calls f with SAM's name for each tensor and the tensor, which has a floating-point type.
  void for_each_tensor(std::function<void(std::string const&, Array const&)> const& f) const;

 private:
  nets::StateDict state_;
  std::string prefix_;  // of all names
  ModelShape shape_;
};

}  // namespace seplflow::sam
