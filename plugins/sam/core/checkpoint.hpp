// SAM's checkpoints: which tensors there are, and of what model.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/shape.hpp"
#include "formats/numpy/torch_file.hpp"

namespace seplflow::sam {

// An official checkpoint (.pth, zip or legacy form), or one of any size that is built alike, plain
// or as {"model": ...} or {"state_dict": ...}; all names may have a prefix (common_prefix_of). Its
// tensors are views of the file (torch_file.hpp).
class Checkpoint {
 public:
  // Throws Error, naming the file, when it is no checkpoint of torch or not one of SAM
  // (read_model_shape). Reads no tensor.
  explicit Checkpoint(std::filesystem::path const& file);

  ModelShape const& shape() const { return shape_; }

  // Calls f with each tensor, which is of floating point, and SAM's name for it.
  void for_each_tensor(std::function<void(std::string const&, Array const&)> const& f) const;

 private:
  std::string name_;
  Pickle pickle_;
  PickleValue state_;
  std::string prefix_;  // of all names
  ModelShape shape_;
};

}  // namespace seplflow::sam
