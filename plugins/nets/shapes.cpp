#include "nets/shapes.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <seplflow/error.hpp>

namespace seplflow::nets {
namespace {

constexpr std::int64_t kMaxWidth = 1 << 12;
constexpr std::int64_t kMaxClasses = 255;

// ---- The tensors of each network ----

void add_conv(TensorTable& table, std::string const& name, Axis in, Axis out, std::int64_t side) {
  table.add(name + ".weight", {out, in, side, side});
}

// A convolution of deeplab-pytorch, with its normalisation.
void add_conv_norm(TensorTable& table, std::string const& name, Axis in, Axis out,
                   std::int64_t side) {
  add_conv(table, name + ".conv", in, out, side);
  table.add_batch_norm(name + ".bn", out);
}

void add_deeplab(TensorTable& table, NetworkShape& shape) {
  Axis const width = &shape.width;
  add_conv_norm(table, "layer1.conv1", 3, width, 7);
  Axis in = width;
  for (std::int64_t group = 0; group < 4; ++group) {
    Axis const middle = (std::int64_t{1} << group) * width, out = 4 * middle;
    for (std::int64_t i = 0; i < shape.blocks[static_cast<std::size_t>(group)]; ++i) {
      std::string const block = numbered(numbered("layer", group + 2) + "block", i + 1);
      add_conv_norm(table, block + "reduce", in, middle, 1);
      add_conv_norm(table, block + "conv3x3", middle, middle, 3);
      add_conv_norm(table, block + "increase", middle, out, 1);
      if (i == 0) add_conv_norm(table, block + "shortcut", in, out, 1);
      in = out;
    }
  }
  for (std::int64_t i = 0; i < 4; ++i) {
    table.add_affine("aspp.c" + std::to_string(i), {&shape.classes, in, 3, 3}, &shape.classes);
  }
}

// torchvision's ResNet-50.
void add_resnet50(TensorTable& table, NetworkShape& shape) {
  Axis const width = &shape.width;
  add_conv(table, "resnet50.conv1", 3, width, 7);
  table.add_batch_norm("resnet50.bn1", width);
  Axis in = width;
  for (std::int64_t group = 0; group < 4; ++group) {
    Axis const middle = (std::int64_t{1} << group) * width, out = 4 * middle;
    for (std::int64_t i = 0; i < shape.blocks[static_cast<std::size_t>(group)]; ++i) {
      std::string const block = numbered(numbered("resnet50.layer", group + 1), i);
      add_conv(table, block + "conv1", in, middle, 1);
      table.add_batch_norm(block + "bn1", middle);
      add_conv(table, block + "conv2", middle, middle, 3);
      table.add_batch_norm(block + "bn2", middle);
      add_conv(table, block + "conv3", middle, out, 1);
      table.add_batch_norm(block + "bn3", out);
      if (i == 0) {
        add_conv(table, block + "downsample.0", in, out, 1);
        table.add_batch_norm(block + "downsample.1", out);
      }
      in = out;
    }
  }
}

// The layers that find class boundaries.
void add_edges(TensorTable& table, NetworkShape& shape) {
  Axis const width = &shape.width, edge = &shape.edge;
  std::array<Axis, 5> const taps = {width, 4 * width, 8 * width, 16 * width, 32 * width};
  for (std::size_t i = 0; i < taps.size(); ++i) {
    std::string const name = "fc_edge" + std::to_string(i + 1);
    add_conv(table, name + ".0", taps[i], edge, 1);
    table.add_norm(name + ".1", edge);
  }
  table.add_affine("fc_edge6", {1, 5 * edge, 1, 1}, 1);
}

// PSA's residual block of two or, with a third width, three convolutions.
void add_psa_block(TensorTable& table, std::string const& name, std::vector<Axis> const& widths,
                   std::vector<std::int64_t> const& sides, bool shortcut) {
  for (std::size_t i = 0; i < sides.size(); ++i) {
    std::string const part = i == 0 ? "2a" : "2b" + std::to_string(i);
    table.add_batch_norm(name + ".bn_branch" + part, widths[i]);
    add_conv(table, name + ".conv_branch" + part, widths[i], widths[i + 1], sides[i]);
  }
  if (shortcut) add_conv(table, name + ".conv_branch1", widths.front(), widths.back(), 1);
}

void add_resnet38(TensorTable& table, NetworkShape& shape) {
  Axis const width = &shape.width;
  add_conv(table, "conv1a", 3, width, 3);
  std::array<std::int64_t, 4> const outs = {2, 4, 8, 16};
  std::int64_t in = 1;
  for (std::size_t group = 0; group < outs.size(); ++group) {
    // The last group is narrow in the middle.
    std::int64_t const out = outs[group], middle = group == 3 ? 8 : out;
    std::string const name = "b" + std::to_string(group + 2);
    for (std::int64_t i = 0; i < shape.blocks[group]; ++i) {
      add_psa_block(table, i == 0 ? name : name + "_" + std::to_string(i),
                    {in * width, middle * width, out * width}, {3, 3}, i == 0);
      in = out;
    }
  }
  add_psa_block(table, "b6", {16 * width, 8 * width, 16 * width, 32 * width}, {1, 3, 1}, true);
  add_psa_block(table, "b7", {32 * width, 16 * width, 32 * width, 64 * width}, {1, 3, 1}, true);
  table.add_batch_norm("bn7", 64 * width);
}

void add_affinity(TensorTable& table, NetworkShape& shape) {
  Axis const width = &shape.width;
  add_conv(table, "f8_3", 8 * width, &shape.levels[0], 1);
  add_conv(table, "f8_4", 16 * width, &shape.levels[1], 1);
  add_conv(table, "f8_5", 64 * width, &shape.levels[2], 1);
  add_conv(table, "f9", &shape.levels[3], &shape.levels[3], 1);
}

TensorTable table_of(NetworkShape& shape) {
  TensorTable table;
  switch (shape.network) {
    case Network::deeplab:
      add_deeplab(table, shape);
      break;
    case Network::irn_cam:
      add_resnet50(table, shape);
      add_conv(table, "classifier", 32 * Axis(&shape.width), &shape.classes, 1);
      break;
    case Network::irn:
      add_resnet50(table, shape);
      add_edges(table, shape);
      break;
    case Network::psa_cam:
      add_resnet38(table, shape);
      add_conv(table, "fc8", 64 * Axis(&shape.width), &shape.classes, 1);
      break;
    case Network::psa_affinity:
      add_resnet38(table, shape);
      add_affinity(table, shape);
      break;
  }
  return table;
}

// ---- How networks are told apart ----

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

struct Recognised {
  Network network;
  std::string prefix;
};

std::optional<Recognised> recognised(TensorShapes const& tensors) {
  for (Known const& each : kKnown) {
    if (auto prefix = prefix_before(tensors, each.marker)) return {{each.network, *prefix}};
  }
  return std::nullopt;
}

// Other names of the same tensors in IRN's files: stage3.0.1.conv1.weight.
std::string official_name(std::string_view name, Network network) {
  bool const cam = network == Network::irn_cam;
  if (!cam && network != Network::irn) return std::string(name);
  std::string text(name);
  auto const replace = [&](std::string_view begin, std::string const& by) {
    bool const fits = text.starts_with(begin);
    if (fits) text = by + text.substr(begin.size());
    return fits;
  };
  for (int i = 0; i < 7; ++i) {
    std::string const from = std::to_string(i), to = std::to_string(i + 1);
    if (replace("backbone." + from + ".", "stage" + to + ".")) break;
    if (replace("edge_layers." + from + ".", "fc_edge" + to + ".")) break;
    if (replace("dp_layers." + from + ".", "fc_dp" + to + ".")) break;
  }
  if (replace("newly_added.0.", "classifier.")) return text;
  if (replace("stage1.0.", "resnet50.conv1.") || replace("stage1.1.", "resnet50.bn1.")) return text;
  if (cam && replace("stage1.4.", "resnet50.layer1.")) return text;
  for (int i = 2; i < 6; ++i) {
    std::string const layer = std::to_string(cam ? i : i - 1);
    if (replace("stage" + std::to_string(i) + ".0.", "resnet50.layer" + layer + ".")) break;
  }
  return text;
}

// Whether a tensor plays no part in what a stage computes: counters, the index tables of IRN, and
// its displacement field, which only instance labels need.
bool is_unused(std::string_view name, Network network) {
  if (name.ends_with(".num_batches_tracked")) return true;
  return network == Network::irn && (name.starts_with("path_indices") || name == "disp_target" ||
                                     name.starts_with("mean_shift.") || name.starts_with("fc_dp"));
}

// What the names of the blocks of a group begin with, before their number.
std::string block_prefix(Known const& of, std::size_t group) {
  std::string prefix(of.blocks);
  prefix.replace(prefix.find('#'), 1,
                 std::to_string(of.first_group + static_cast<std::int64_t>(group)));
  return prefix;
}

NetworkShape fit_shape(TensorShapes const& tensors, Network network) {
  NetworkShape shape;
  shape.network = network;
  Known const& of = known(network);
  for (std::size_t group = 0; group < shape.blocks.size(); ++group) {
    std::string const prefix = block_prefix(of, group);
    // PSA's first block of a group has another name (b4, b4_1, b4_2, ...).
    bool const first_apart = of.blocks.ends_with('_');
    shape.blocks[group] = count_numbered(tensors, prefix, of.first_block) + (first_apart ? 1 : 0);
  }
  fit_sizes(table_of(shape), tensors);
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

// The network of the file. Throws when it is not one of those that are wanted.
Recognised network_of(TensorShapes const& tensors, std::vector<Network> const& networks,
                      std::string const& file) {
  auto found = recognised(tensors);
  if (found && std::ranges::count(networks, found->network) > 0) return *found;
  if (found) {
    throw Error(file + " holds the tensors of " + std::string(known(found->network).name) +
                expected_files(networks));
  }
  for (Network const network : networks) {
    if (auto prefix = prefix_before(tensors, known(network).first)) return {network, *prefix};
  }
  for (auto const& [marker, name] : kOthers) {
    if (prefix_before(tensors, marker)) {
      throw Error(file + " holds the tensors of " + std::string(name) + expected_files(networks));
    }
  }
  return {networks.front(), {}};
}

}  // namespace

std::string_view name_of(Network network) {
  return known(network).name;
}

TensorShapes expected_tensors(NetworkShape const& shape) {
  NetworkShape copy = shape;
  return table_of(copy).shapes();
}

NetworkFile::NetworkFile(std::filesystem::path const& file, std::vector<Network> const& networks)
    : state_(file, known(networks.front()).name) {
  Recognised const found = network_of(state_.shapes(), networks, state_.name());
  prefix_ = found.prefix;
  shape_.network = found.network;
  TensorShapes shapes;
  OtherTypes other_types;
  state_.for_each_tensor([&](std::string_view stored, Array const& array) {
    bool const prefixed = stored.starts_with(prefix_);
    std::string const plain(prefixed ? stored.substr(prefix_.size()) : stored);
    std::string name = official_name(plain, found.network);
    if (is_unused(name, found.network)) return;
    Dims const shape(array.shape().begin(), array.shape().end());
    auto const known_shape = shapes.find(name);
    // Another name of a tensor must stand for the same tensor.
    if (known_shape != shapes.end() && known_shape->second != shape) name = plain;
    shapes.try_emplace(name, shape);
    if (!is_floating_point(array.type())) {
      other_types.emplace(name, seplflow::name_of(array.type()));
    }
  });
  shape_ = fit_shape(shapes, found.network);
  std::string const advice = expected_files(networks);
  std::vector<std::string> first_blocks;
  for (std::size_t group = 0; group < shape_.blocks.size(); ++group) {
    Known const& of = known(found.network);
    // PSA's groups always have a first block (b2), whose tensors are listed.
    if (of.blocks.ends_with('_')) break;
    first_blocks.push_back(block_prefix(of, group) + std::to_string(of.first_block));
  }
  std::string problem =
      differences(shapes, other_types, expected_tensors(shape_), advice, first_blocks);
  if (problem.empty()) {
    problem = impossible_size(shape_);
    if (!problem.empty()) problem += advice;
  }
  if (problem.empty()) return;
  throw Error(state_.name() + (prefix_.empty() ? "" : " (its names without \"" + prefix_ + "\")") +
              " does not fit " + std::string(known(found.network).name) + ": " + problem);
}

void NetworkFile::for_each_tensor(
    std::function<void(std::string const&, Array const&)> const& f) const {
  std::set<std::string, std::less<>> seen;
  state_.for_each_tensor([&](std::string_view stored, Array const& array) {
    std::string const name = official_name(stored.substr(prefix_.size()), shape_.network);
    if (!is_unused(name, shape_.network) && seen.insert(name).second) f(name, array);
  });
}

}  // namespace seplflow::nets
