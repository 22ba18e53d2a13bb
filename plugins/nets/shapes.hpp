// The shapes of the networks of DeepLab, IRN and PSA, read from the tensors of a checkpoint. Needs
// no torch.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "nets/base/state_dict.hpp"
#include "nets/base/tensor_table.hpp"

namespace seplflow::nets {

enum class Network {
  deeplab,       // deeplab-pytorch: DeepLab V2 on ResNet-101, with MSC
  irn_cam,       // IRN: a classifier on ResNet-50
  irn,           // IRN: class boundaries on ResNet-50
  psa_cam,       // PSA: a classifier on ResNet-38
  psa_affinity,  // PSA: AffinityNet on ResNet-38
};

// Sizes of a network; those that it does not have are 0.
struct NetworkShape {
  Network network{};
  std::int64_t width = 0;                // channels after the first convolution
  std::array<std::int64_t, 4> blocks{};  // of the four groups of residual blocks
  std::int64_t classes = 0;              // maps that it predicts
  std::int64_t edge = 0;                 // channels of each of IRNet's five edge layers
  std::array<std::int64_t, 4>
      levels{};  // channels of AffinityNet's three levels and of all together
};

// All tensors that a network of this shape needs, by their official names.
TensorShapes expected_tensors(NetworkShape const& shape);

// A checkpoint of one of the networks. Its names may have a prefix, such as the "module." of
// DataParallel. IRN stores each tensor under several names, of which the first counts. Tensors that
// evaluation does not need, such as num_batches_tracked, are left out.
class NetworkFile {
 public:
  // Throws Error, with the file, when it is not a checkpoint of one of `networks`, the first of
  // which is named in messages. What is missing, unknown or has another shape or type is listed; a
  // network that is known is named instead. Reads no tensor.
  NetworkFile(std::filesystem::path const& file, std::vector<Network> const& networks);

  StateDict const& state() const { return state_; }
  NetworkShape const& shape() const { return shape_; }

  // Calls f with the official name of each tensor that counts, and the tensor.
  void for_each_tensor(std::function<void(std::string const&, Array const&)> const& f) const;

 private:
  StateDict state_;
  std::string prefix_;
  NetworkShape shape_;
};

// "DeepLab V2 (deeplab-pytorch)", for messages.
std::string_view name_of(Network network);

}  // namespace seplflow::nets
