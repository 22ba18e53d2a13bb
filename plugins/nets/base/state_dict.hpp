// The state_dict of a checkpoint.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <seplflow/formats/torch_file.hpp>
#include "nets/base/tensor_table.hpp"

namespace seplflow::nets {

// The named tensors of a file of torch.save, zip or legacy form: plain, or as {"model": ...} or
// {"state_dict": ...}. Tensors are views of the file (torch_file.hpp).
class StateDict {
 public:
  // `model` ("SAM") names in messages what the file should hold. Throws Error, with the file, when
  // it holds anything else than named tensors. Reads no tensor.
  StateDict(std::filesystem::path const& file, std::string_view model);

  // "the checkpoint FILE", for messages.
  std::string const& name() const { return name_; }

  // Reads the whole file and throws Error, with the file, when a part of it is damaged. Files of
  // torch before version 1.6 have no checksums.
  void verify() const { pickle_.verify(); }

  void for_each_tensor(std::function<void(std::string_view, Array const&)> const& f) const;
  TensorShapes shapes() const;

 private:
  std::string name_;
  Pickle pickle_;
  PickleValue state_;
};

}  // namespace seplflow::nets
