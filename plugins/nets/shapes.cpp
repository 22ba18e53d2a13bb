#include "nets/shapes.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <seplflow/error.hpp>
#include "nets/network_tensors.hpp"

namespace seplflow::nets {
namespace {

constexpr std::int64_t kMaxWidth = 1 << 12;
constexpr std::int64_t kMaxClasses = 255;

struct Known {
  Network network;
  std::string_view name, files;
  std::string_view marker;  // a tensor that only this network has; what precedes it is the prefix
  std::string_view first;   // its first tensor, which another network may have too
  std::string_view blocks;  // how groups of blocks are named: # is the number of the group
  std::int64_t first_group, first_block;
};

constexpr std::array kKnown{
    Known{Network::deeplab, "DeepLab V2",
          "a checkpoint of deeplab-pytorch, such as "
          "deeplabv2_resnet101_msc-vocaug-20000.pth",
          "aspp.c0.weight", "layer1.conv1.conv.weight", "layer#.block", 2, 1},
    Known{Network::irn, "IRNet", "IRN's res50_irn.pth", "fc_edge1.0.weight",
          "resnet50.conv1.weight", "resnet50.layer#.", 1, 0},
    Known{Network::irn_cam, "IRN's classifier", "IRN's res50_cam.pth (ResNet-50)",
          "classifier.weight", "resnet50.conv1.weight", "resnet50.layer#.", 1, 0},
    Known{Network::psa_affinity, "AffinityNet", "PSA's res38_aff.pth", "f8_3.weight",
          "conv1a.weight", "b#_", 2, 1},
    Known{Network::psa_cam, "PSA's classifier", "PSA's res38_cls.pth (ResNet-38)", "fc8.weight",
          "conv1a.weight", "b#_", 2, 1},
};

// Networks that no stage of these runs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOthers = {{
    {"image_encoder.patch_embed.proj.weight", "Segment Anything (use masks.sam)"},
    {"layer4.0.conv1.weight", "torchvision's ResNet, without the classifier of IRN"},
    {"features.0.weight", "VGG-16"},
}};

Known const& known(Network network) {
  return *std::ranges::find(kKnown, network, &Known::network);
}

// What precedes the name in the first tensor that ends with it; nothing without such a tensor.
std::optional<std::string> prefix_before(TensorShapes const& tensors, std::string_view name) {
  for (auto const& [tensor, shape] : tensors) {
    if (!tensor.ends_with(name)) continue;
    std::string prefix = tensor.substr(0, tensor.size() - name.size());
    if (prefix.empty() || prefix.ends_with('.')) return prefix;
  }
  return std::nullopt;
}

// Which network the names of a file are those of.
struct Recognised {
  Network network;
  std::string prefix;
  bool is_torchvision = false;  // of ResNet, without "resnet50."
};

std::optional<Recognised> recognised(TensorShapes const& tensors) {
  for (Known const& each : kKnown) {
    if (auto prefix = prefix_before(tensors, each.marker)) return {{each.network, *prefix}};
  }
  return std::nullopt;
}

constexpr std::string_view kCounter = ".num_batches_tracked";

// Whether a tensor plays no part in what a stage computes: counters, the index tables of IRN, and
// its displacement field, which only its training and instance labels need.
bool is_unused(std::string_view name, Network network, bool learns) {
  if (name.ends_with(kCounter)) return true;
  if (network != Network::irn) return false;
  if (name.starts_with("path_indices") || name == "disp_target") return true;
  return !learns && (name.starts_with("mean_shift.") || name.starts_with("fc_dp"));
}

// What the names of the blocks of a group begin with, before their number.
std::string block_prefix(Known const& of, std::size_t group) {
  std::string prefix(of.blocks);
  prefix.replace(prefix.find('#'), 1,
                 std::to_string(of.first_group + static_cast<std::int64_t>(group)));
  return prefix;
}

NetworkShape fit_shape(TensorShapes const& tensors, Network network, bool learns) {
  NetworkShape shape;
  shape.network = network;
  shape.displacement = learns && network == Network::irn ? 1 : 0;
  Known const& of = known(network);
  for (std::size_t group = 0; group < shape.blocks.size(); ++group) {
    std::string const prefix = block_prefix(of, group);
    // PSA's first block of a group has another name (b4, b4_1, b4_2, ...).
    bool const first_apart = of.blocks.ends_with('_');
    shape.blocks[group] = count_numbered(tensors, prefix, of.first_block) + (first_apart ? 1 : 0);
  }
  fit_sizes(tensor_table(shape), tensors);
  return shape;
}

std::string impossible_size(NetworkShape const& shape) {
  if (std::ranges::any_of(shape.blocks, [](std::int64_t count) { return count < 1; })) {
    return "a group of its layers has no blocks";
  }
  if (shape.width < 1 || shape.width > kMaxWidth) {
    return "its first layer has " + std::to_string(shape.width) + " channels";
  }
  bool const predicts = shape.network != Network::irn && shape.network != Network::psa_affinity;
  if (predicts && (shape.classes < 1 || shape.classes > kMaxClasses)) {
    return "it predicts " + std::to_string(shape.classes) + " classes; expected 1 to " +
           std::to_string(kMaxClasses);
  }
  if (shape.edge % 4 != 0 || shape.displacement % 8 != 0) {
    return "its layers for boundaries have " + std::to_string(shape.edge) +
           " channels and those for displacements " + std::to_string(shape.displacement) +
           "; expected multiples of 4 and 8";
  }
  auto const& [third, fourth, fifth, together] = shape.levels;
  if (together != third + fourth + fifth) {
    return "its last layer takes " + std::to_string(together) +
           " channels, but those before it have " + std::to_string(third + fourth + fifth);
  }
  return {};
}

std::string expected_files(std::vector<Network> const& networks) {
  std::string text = "; expected ";
  for (std::size_t i = 0; i < networks.size(); ++i) {
    text += (i > 0 ? ", or " : "") + std::string(known(networks[i]).files);
  }
  return text;
}

// For a training of the network.
std::string expected_start(Network network) {
  return expected_files({network}) + ", or pretrained weights of its backbone";
}

// The network of the file. Throws, with what is expected, when it is not one of those that are
// wanted.
Recognised network_of(TensorShapes const& tensors, std::vector<Network> const& networks,
                      std::string const& file, std::string const& expected) {
  auto found = recognised(tensors);
  if (found && std::ranges::count(networks, found->network) > 0) return *found;
  if (found) {
    throw Error(file + " holds the tensors of " + std::string(known(found->network).name) +
                expected);
  }
  for (Network const network : networks) {
    if (auto prefix = prefix_before(tensors, known(network).first)) return {network, *prefix};
  }
  for (auto const& [marker, name] : kOthers) {
    if (prefix_before(tensors, marker)) {
      throw Error(file + " holds the tensors of " + std::string(name) + expected);
    }
  }
  return {networks.front(), {}};
}

// The network whose tensors a training of `network` can begin with. Throws when the file has those
// of another one.
Recognised start_of(TensorShapes const& tensors, Network network, std::string const& file) {
  auto const is_irn = [](Network of) { return of == Network::irn || of == Network::irn_cam; };
  auto const is_psa = [](Network of) {
    return of == Network::psa_affinity || of == Network::psa_cam;
  };
  auto const found = recognised(tensors);
  bool const same_backbone =
      found && (found->network == network || (is_irn(found->network) && is_irn(network)) ||
                (is_psa(found->network) && is_psa(network)));
  if (same_backbone) return *found;
  if (!found && is_irn(network) && !prefix_before(tensors, known(network).first)) {
    constexpr std::string_view kTorchvision = "layer4.0.conv1.weight";
    if (auto prefix = prefix_before(tensors, kTorchvision)) return {network, *prefix, true};
  }
  return network_of(tensors, {network}, file, expected_start(network));
}

// The sizes of what the file lacks.
void complete(NetworkShape& shape, NetworkShape const& from) {
  shape.classes = from.classes;
  shape.edge = from.edge;
  shape.displacement = from.displacement;
  shape.levels = from.levels;
}

}  // namespace

std::string_view name_of(Network network) {
  return known(network).name;
}

TensorShapes expected_tensors(NetworkShape const& shape) {
  NetworkShape copy = shape;
  return tensor_table(copy).shapes();
}

NetworkFile::NetworkFile(std::filesystem::path const& file, std::vector<Network> const& networks)
    : state_(file, known(networks.front()).name) {
  advice_ = expected_files(networks);
  Recognised const found = network_of(state_.shapes(), networks, state_.name(), advice_);
  prefix_ = found.prefix;
  named_as_ = found.network;
  read_shape(found.network, nullptr);
}

NetworkFile NetworkFile::to_train(std::filesystem::path const& file, NetworkShape const& head) {
  return {StateDict(file, known(head.network).name), head};
}

NetworkFile::NetworkFile(StateDict state, NetworkShape const& head)
    : state_(std::move(state)), learns_(true) {
  Recognised const found = start_of(state_.shapes(), head.network, state_.name());
  prefix_ = found.prefix;
  is_torchvision_ = found.is_torchvision;
  named_as_ = found.network;
  advice_ = expected_start(head.network);
  read_shape(head.network, &head);
}

std::optional<std::string> NetworkFile::name_of_stored(std::string_view stored,
                                                       bool of_counter) const {
  std::string const plain =
      (is_torchvision_ ? "resnet50." : "") +
      std::string(stored.starts_with(prefix_) ? stored.substr(prefix_.size()) : stored);
  std::string name = official_name(plain, named_as_);
  if (of_counter) return name.ends_with(kCounter) ? std::optional(name) : std::nullopt;
  if (is_unused(name, named_as_, learns_)) return std::nullopt;
  // The layers on top of another network's backbone.
  bool const other_head =
      learns_ && (plain == "fc.weight" || plain == "fc.bias" || plain.starts_with("resnet50.fc.") ||
                  (named_as_ != shape_.network && is_head(name, named_as_)));
  return other_head ? std::nullopt : std::optional(name);
}

void NetworkFile::read_shape(Network network, NetworkShape const* head) {
  shape_.network = network;
  TensorShapes shapes;
  OtherTypes other_types;
  state_.for_each_tensor([&](std::string_view stored, Array const& array) {
    auto name = name_of_stored(stored);
    if (!name) return;
    Dims const shape(array.shape().begin(), array.shape().end());
    auto const known_shape = shapes.find(*name);
    // Another name of a tensor must stand for the same tensor.
    if (known_shape != shapes.end() && known_shape->second != shape) {
      name = std::string(stored.starts_with(prefix_) ? stored.substr(prefix_.size()) : stored);
    }
    shapes.try_emplace(*name, shape);
    if (!is_floating_point(array.type())) {
      other_types.emplace(*name, seplflow::name_of(array.type()));
    }
  });
  shape_ = fit_shape(shapes, network, learns_);
  auto const of_head = [&](auto const& tensor) { return is_head(tensor.first, network); };
  lacks_head_ = head != nullptr && std::ranges::none_of(shapes, of_head);
  if (lacks_head_) complete(shape_, *head);
  TensorShapes expected = expected_tensors(shape_);
  if (lacks_head_) std::erase_if(expected, of_head);
  require_fit(shapes, other_types, expected);
}

void NetworkFile::require_fit(TensorShapes const& shapes, OtherTypes const& other_types,
                              TensorShapes const& expected) const {
  Known const& of = known(shape_.network);
  std::vector<std::string> first_blocks;
  for (std::size_t group = 0; group < shape_.blocks.size(); ++group) {
    // PSA's groups always have a first block (b2), whose tensors are listed.
    if (of.blocks.ends_with('_')) break;
    first_blocks.push_back(block_prefix(of, group) + std::to_string(of.first_block));
  }
  std::string problem = differences(shapes, other_types, expected, advice_, first_blocks);
  if (problem.empty()) {
    problem = impossible_size(shape_);
    if (!problem.empty()) problem += advice_;
  }
  if (problem.empty()) return;
  throw Error(state_.name() + (prefix_.empty() ? "" : " (its names without \"" + prefix_ + "\")") +
              " does not fit " + std::string(of.name) + ": " + problem);
}

void NetworkFile::for_each_tensor(
    std::function<void(std::string const&, Array const&)> const& f) const {
  std::set<std::string, std::less<>> seen;
  state_.for_each_tensor([&](std::string_view stored, Array const& array) {
    auto const name = name_of_stored(stored);
    if (name && seen.insert(*name).second) f(*name, array);
  });
}

std::map<std::string, std::int64_t> NetworkFile::counters() const {
  std::map<std::string, std::int64_t> counters;
  state_.for_each_tensor([&](std::string_view stored, Array const& array) {
    auto const name = name_of_stored(stored, true);
    bool const whole = !is_floating_point(array.type()) && array.size() == 1;
    if (name && whole) counters.try_emplace(*name, array.integer(0));
  });
  return counters;
}

}  // namespace seplflow::nets
