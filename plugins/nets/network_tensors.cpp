#include "nets/network_tensors.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace seplflow::nets {
namespace {

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

// The layers that find where objects are centred.
void add_displacements(TensorTable& table, NetworkShape& shape) {
  Axis const width = &shape.width, first = &shape.displacement;
  auto const add = [&](int layer, Axis in, Axis out) {
    std::string const name = "fc_dp" + std::to_string(layer);
    add_conv(table, name + ".0", in, out, 1);
    table.add_norm(name + ".1", out);
  };
  add(1, width, first);
  add(2, 4 * width, 2 * first);
  add(3, 8 * width, 4 * first);
  add(4, 16 * width, 4 * first);
  add(5, 32 * width, 4 * first);
  add(6, 12 * first, 4 * first);
  add(7, 7 * first, 4 * first);
  add_conv(table, "fc_dp7.3", 4 * first, 2, 1);
  table.add("mean_shift.running_mean", {2});
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

}  // namespace

TensorTable tensor_table(NetworkShape& shape) {
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
      if (shape.displacement > 0) add_displacements(table, shape);
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
  if (replace("fc_dp7.4.", "mean_shift.")) return text;
  if (replace("stage1.0.", "resnet50.conv1.") || replace("stage1.1.", "resnet50.bn1.")) return text;
  if (cam && replace("stage1.4.", "resnet50.layer1.")) return text;
  for (int i = 2; i < 6; ++i) {
    std::string const layer = std::to_string(cam ? i : i - 1);
    if (replace("stage" + std::to_string(i) + ".0.", "resnet50.layer" + layer + ".")) break;
  }
  return text;
}

std::vector<std::string> names_in_file(std::string const& name, Network network) {
  if (network == Network::deeplab) return {"base." + name};
  std::vector<std::string> names{name};
  bool const cam = network == Network::irn_cam;
  if (!cam && network != Network::irn) return names;
  auto const add = [&](std::string_view begin, std::string const& by) {
    if (name.starts_with(begin)) names.push_back(by + name.substr(begin.size()));
  };
  auto const add_stage = [&](std::string_view begin, int stage, std::string const& part) {
    add(begin, "stage" + std::to_string(stage) + part);
    add(begin, "backbone." + std::to_string(stage - 1) + part);
  };
  add_stage("resnet50.conv1.", 1, ".0.");
  add_stage("resnet50.bn1.", 1, ".1.");
  for (int layer = 1; layer <= 4; ++layer) {
    std::string const begin = "resnet50.layer" + std::to_string(layer) + ".";
    bool const in_first = cam && layer == 1;
    add_stage(begin, cam ? layer : layer + 1, in_first ? ".4." : ".0.");
  }
  for (int layer = 1; layer <= 7; ++layer) {
    std::string const number = std::to_string(layer), index = std::to_string(layer - 1) + ".";
    add("fc_edge" + number + ".", "edge_layers." + index);
    add("fc_dp" + number + ".", "dp_layers." + index);
  }
  add("classifier.", "newly_added.0.");
  add("mean_shift.", "fc_dp7.4.");
  add("mean_shift.", "dp_layers.6.4.");
  return names;
}

bool is_head(std::string_view name, Network network) {
  using Prefixes = std::array<std::string_view, 3>;
  static constexpr auto kPrefixes = [](Network of) -> Prefixes {
    switch (of) {
      case Network::deeplab:
        return {"aspp."};
      case Network::irn_cam:
        return {"classifier."};
      case Network::irn:
        return {"fc_edge", "fc_dp", "mean_shift."};
      case Network::psa_cam:
        return {"fc8."};
      default:
        return {"f8_", "f9."};
    }
  };
  return std::ranges::any_of(kPrefixes(network), [&](std::string_view prefix) {
    return !prefix.empty() && name.starts_with(prefix);
  });
}

}  // namespace seplflow::nets
