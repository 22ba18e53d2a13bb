// The shapes of the networks of DeepLab, IRN and PSA, read from the tensors of a checkpoint. Needs
// no torch.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
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
  std::int64_t displacement = 0;         // channels of the first of IRNet's displacement layers, or
                                         // 0 where they are not needed
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
  // To begin a training of the network of `head` with. The layers on top of the pretrained ones may
  // be missing, and then have the sizes of `head`; those of another network on the same backbone
  // are left out. For IRN, torchvision's resnet50 counts too. IRNet has its displacement layers.
  // Throws Error like the constructor.
  static NetworkFile to_train(std::filesystem::path const& file, NetworkShape const& head);

  StateDict const& state() const { return state_; }
  NetworkShape const& shape() const { return shape_; }
  // Whether the layers on top of the pretrained ones are missing.
  bool lacks_head() const { return lacks_head_; }

  // Calls f with the official name of each tensor that counts, and the tensor.
  void for_each_tensor(std::function<void(std::string const&, Array const&)> const& f) const;

  // The values of num_batches_tracked, which only files need, by official name.
  std::map<std::string, std::int64_t> counters() const;

 private:
  NetworkFile(StateDict state, NetworkShape const& head);
  // The official name of a tensor that counts, or of a counter.
  std::optional<std::string> name_of_stored(std::string_view stored, bool of_counter = false) const;
  void read_shape(Network network, NetworkShape const* head);
  void require_fit(TensorShapes const& shapes, OtherTypes const& other_types,
                   TensorShapes const& expected) const;

  StateDict state_;
  bool learns_ = false, lacks_head_ = false, is_torchvision_ = false;
  Network named_as_{};  // the network whose names the file has
  std::string prefix_, advice_;
  NetworkShape shape_;
};

// "DeepLab V2 (deeplab-pytorch)", for messages.
std::string_view name_of(Network network);

}  // namespace seplflow::nets
