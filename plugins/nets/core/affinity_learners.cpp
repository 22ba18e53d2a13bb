#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>

#include <seplflow/error.hpp>
#include "nets/core/irnet.hpp"
#include "nets/core/learner.hpp"
#include "nets/core/resnet38.hpp"
#include "nets/random_walk.hpp"

namespace seplflow::nets {
namespace {

constexpr std::uint8_t kUnsure = 255;
constexpr double kTiny = 1e-5;

// Pairs of pixels within a radius. Sources have all their partners inside the map, so there are
// none near the left, right and lower border.
struct Pairs {
  Pairs(std::int64_t radius, std::vector<Offset> of) : reach(radius - 1), offsets(std::move(of)) {}

  std::int64_t rows(std::int64_t height) const { return height - reach; }
  std::int64_t columns(std::int64_t width) const { return width - 2 * reach; }

  // The sources of a map (..., h, w), or the pixels at an offset from them.
  at::Tensor pixels(at::Tensor const& map, Offset const& offset = {}) const {
    return map.narrow(-2, offset.down, rows(map.size(-2)))
        .narrow(-1, reach + offset.right, columns(map.size(-1)));
  }

  // Throws Error for a map that has no pair.
  void require_pairs(Size size) const {
    if (size.height > reach && size.width > 2 * reach) return;
    throw Error("crops have features of " + to_string(size) +
                " (height x width), in which no pixel has neighbours on all sides; expected at "
                "least " +
                to_string(Size{static_cast<std::uint32_t>(reach + 1),
                               static_cast<std::uint32_t>(2 * reach + 1)}) +
                "; make the crop larger");
  }

  std::int64_t reach;
  std::vector<Offset> offsets;
};

// Which pairs belong together: (N, pairs, rows * columns) of 0 and 1, and how many do.
struct PairLabels {
  at::Tensor background, objects, different;
  std::array<double, 3> counts{};  // in this order
};

PairLabels pair_labels(std::vector<std::uint8_t> const& labels, std::size_t count, Size size,
                       Pairs const& pairs, at::Device device) {
  std::int64_t const rows = pairs.rows(size.height), columns = pairs.columns(size.width);
  std::vector<std::uint8_t> kinds;  // 0: background, 1: an object, 2: different, 3: unsure
  kinds.reserve(count * pairs.offsets.size() * static_cast<std::size_t>(rows * columns));
  PairLabels made;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t const* const map = labels.data() + i * size.pixels();
    for (auto const& [down, right] : pairs.offsets) {
      for (std::int64_t y = 0; y < rows; ++y) {
        std::uint8_t const* const from = map + y * size.width + pairs.reach;
        std::uint8_t const* const to = from + down * size.width + right;
        for (std::int64_t x = 0; x < columns; ++x) {
          bool const unsure = from[x] == kUnsure || to[x] == kUnsure;
          std::uint8_t const kind = unsure ? 3 : from[x] != to[x] ? 2 : from[x] == 0 ? 0 : 1;
          kinds.push_back(kind);
          if (!unsure) ++made.counts[kind];
        }
      }
    }
  }
  at::Tensor const all = uploaded(kinds.data(),
                                  {static_cast<std::int64_t>(count),
                                   static_cast<std::int64_t>(pairs.offsets.size()), rows * columns},
                                  device);
  made.background = all.eq(0).to(at::kFloat);
  made.objects = all.eq(1).to(at::kFloat);
  made.different = all.eq(2).to(at::kFloat);
  return made;
}

// The sum of the values of some pairs divided by a count, which torch adds up in float32.
at::Tensor mean_of(at::Tensor const& values, at::Tensor const& chosen, double count) {
  return (chosen * values).sum() / static_cast<double>(static_cast<float>(count + kTiny));
}

void add_labels(NamedTensors& outputs, PairLabels const& labels) {
  outputs.emplace_back("background_pairs", labels.background);
  outputs.emplace_back("object_pairs", labels.objects);
  outputs.emplace_back("different_pairs", labels.different);
}

class IrnLearner final : public Learner {
 public:
  static constexpr std::int64_t kRadius = 10;
  static constexpr std::uint32_t kStride = 4;

  IrnLearner(Weights const& weights, NetworkShape const& shape)
      : network_(weights, shape),
        mean_(weights.at("mean_shift.running_mean")),
        pairs_(kRadius, offsets_by_path_length()) {}

  void require_fit(TrainingBatch const& batch) const override {
    require_labels_below(batch, kUnsure);
    if (batch.size.height % kStride == 0 && batch.size.width % kStride == 0 &&
        batch.label_size == batch.size) {
      pairs_.require_pairs(reduced_size(batch));
      return;
    }
    throw Error("IRNet learns from crops whose sides are multiples of 4, but a crop is " +
                to_string(batch.size) + " (height x width)");
  }

  void run(at::Tensor const& images) const override { levels_of(images); }

  Loss loss(at::Tensor const& images, TrainingBatch const& batch,
            std::optional<std::int64_t>) const override {
    Maps const maps = maps_of(images);
    PairLabels const labels = labels_of(batch, images.device());
    auto const& [background, objects, different] = labels.counts;
    at::Tensor const positive = mean_of(maps.positive, labels.background, background) / 2 +
                                mean_of(maps.positive, labels.objects, objects) / 2;
    at::Tensor const negative = mean_of(maps.negative, labels.different, different);
    // Sums over both directions.
    at::Tensor const of_objects =
        mean_of(maps.object_displacement, labels.objects.unsqueeze(1), 2 * objects);
    at::Tensor const of_background =
        mean_of(maps.background_displacement, labels.background.unsqueeze(1), 2 * background);
    return {(positive + negative) / 2 + (of_objects + of_background) / 2,
            {positive, negative, of_objects, of_background}};
  }

  NamedTensors outputs(at::Tensor const& images, TrainingBatch const& batch) const override {
    Maps const maps = maps_of(images);
    NamedTensors outputs{{"positive", maps.positive},
                         {"negative", maps.negative},
                         {"object_displacement", maps.object_displacement},
                         {"background_displacement", maps.background_displacement}};
    add_labels(outputs, labels_of(batch, images.device()));
    return outputs;
  }

  at::Tensor displacements(at::Tensor const& images) const override {
    return network_.displacements(network_.levels(images)) - mean_.view({1, 2, 1, 1});
  }

 private:
  // Losses of each pair before they are weighted: (N, pairs, sources), of displacements
  // (N, 2, pairs, sources).
  struct Maps {
    at::Tensor positive, negative, object_displacement, background_displacement;
  };

  // In the order of IRN.
  static std::vector<Offset> offsets_by_path_length() {
    std::vector<Offset> offsets = pair_offsets(kRadius);
    std::ranges::stable_sort(offsets, {},
                             [](Offset const& offset) { return path_to(offset).size(); });
    return offsets;
  }

  static Size reduced_size(TrainingBatch const& batch) {
    return {batch.size.height / kStride, batch.size.width / kStride};
  }

  // The backbone does not learn.
  IrNet::Levels levels_of(at::Tensor const& images) const {
    c10::NoGradGuard const fixed;
    return network_.levels(images);
  }

  Maps maps_of(at::Tensor const& images) const {
    auto const levels = levels_of(images);
    at::Tensor const affinities = affinities_of(at::sigmoid(network_.edges(levels)).select(1, 0));
    at::Tensor const moved = pair_displacements(network_.displacements(levels));
    std::vector<float> target;
    for (auto const& offset : pairs_.offsets) target.push_back(static_cast<float>(offset.down));
    for (auto const& offset : pairs_.offsets) target.push_back(static_cast<float>(offset.right));
    auto const pairs = static_cast<std::int64_t>(pairs_.offsets.size());
    at::Tensor const expected = uploaded(target.data(), {1, 2, pairs, 1}, images.device());
    return {-at::log(affinities + kTiny), -at::log(1. + kTiny - affinities),
            at::abs(moved - expected), at::abs(moved)};
  }

  // 1 minus the largest boundary on the path of each pair. Paths of one length go together, since
  // torch is slow with many small tensors.
  at::Tensor affinities_of(at::Tensor const& edges) const {
    std::vector<at::Tensor> parts;
    for (auto begin = pairs_.offsets.begin(); begin != pairs_.offsets.end();) {
      std::size_t const length = path_to(*begin).size();
      std::vector<at::Tensor> paths;
      for (; begin != pairs_.offsets.end() && path_to(*begin).size() == length; ++begin) {
        std::vector<at::Tensor> pixels;
        for (Offset const& pixel : path_to(*begin)) {
          pixels.push_back(pairs_.pixels(edges, pixel).flatten(1));
        }
        paths.push_back(at::stack(pixels, 1));
      }
      // (N, paths, pixels, sources)
      at::Tensor const all = at::stack(paths, 1);
      parts.push_back(1 - at::max_pool2d(all, {static_cast<std::int64_t>(length), 1}).squeeze(2));
    }
    return at::cat(parts, 1);
  }

  // (N, 2, pairs, sources)
  at::Tensor pair_displacements(at::Tensor const& field) const {
    std::vector<at::Tensor> ends;
    for (Offset const& offset : pairs_.offsets) {
      ends.push_back(pairs_.pixels(field, offset).flatten(2));
    }
    return pairs_.pixels(field).flatten(2).unsqueeze(2) - at::stack(ends, 2);
  }

  PairLabels labels_of(TrainingBatch const& batch, at::Device device) const {
    Size const size = reduced_size(batch);
    return pair_labels(labels_at(batch, size), batch.count, size, pairs_, device);
  }

  IrNet network_;
  at::Tensor mean_;
  Pairs pairs_;
};

class AffinityLearner final : public Learner {
 public:
  static constexpr std::int64_t kRadius = 5;
  static constexpr std::uint32_t kStride = 8;

  AffinityLearner(Weights const& weights, NetworkShape const& shape, TrainerOptions const& options)
      : network_(weights, shape),
        dropout_(options.dropout),
        seed_(options.seed),
        pairs_(kRadius, pair_offsets(kRadius)) {}

  void require_fit(TrainingBatch const& batch) const override {
    Size const expected{batch.size.height / kStride, batch.size.width / kStride};
    bool const whole = batch.size.height % kStride == 0 && batch.size.width % kStride == 0;
    if (!whole || batch.label_size != expected) {
      throw Error(
          "AffinityNet learns from crops whose sides are multiples of 8 and from labels of "
          "an eighth; a crop is " +
          to_string(batch.size) + " and its labels are " + to_string(batch.label_size) +
          " (height x width)");
    }
    require_labels_below(batch, kUnsure);
    pairs_.require_pairs(expected);
  }

  void run(at::Tensor const& images) const override { network_(images); }

  Loss loss(at::Tensor const& images, TrainingBatch const& batch,
            std::optional<std::int64_t> draw) const override {
    at::Tensor const affinities = affinities_of(images, draw);
    PairLabels const labels = labels_of(batch, images.device());
    at::Tensor const same = -at::log(affinities + kTiny);
    at::Tensor const background = mean_of(same, labels.background, labels.counts[0]);
    at::Tensor const objects = mean_of(same, labels.objects, labels.counts[1]);
    at::Tensor const different =
        mean_of(-at::log(1. + kTiny - affinities), labels.different, labels.counts[2]);
    return {background / 4 + objects / 4 + different / 2, {background, objects, different}};
  }

  NamedTensors outputs(at::Tensor const& images, TrainingBatch const& batch) const override {
    NamedTensors outputs{{"affinities", affinities_of(images, std::nullopt)}};
    add_labels(outputs, labels_of(batch, images.device()));
    return outputs;
  }

 private:
  // (N, pairs, sources)
  at::Tensor affinities_of(at::Tensor const& images, std::optional<std::int64_t> draw) const {
    at::Tensor const features =
        network_(images, draw && dropout_ > 0 ? dropout(*draw) : ResNet38::Dropout())
            .to(at::kFloat);
    at::Tensor const from = pairs_.pixels(features);
    std::vector<at::Tensor> parts;
    for (Offset const& offset : pairs_.offsets) {
      at::Tensor const to = pairs_.pixels(features, offset);
      parts.push_back(at::exp(-at::abs(to - from).mean(1)).flatten(1));
    }
    return at::stack(parts, 1);
  }

  // Sets whole channels to 0. The draws are the same on every device.
  ResNet38::Dropout dropout(std::int64_t draw) const {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15U;  // spreads numbers that follow each other
    auto generator = at::make_generator<at::CPUGeneratorImpl>(
        seed_ ^ (static_cast<std::uint64_t>(draw) + 1) * kOdd);
    return [generator, factor = dropout_](at::Tensor const& x, double probability) mutable {
      double const kept = 1 - factor * probability;
      at::Tensor const mask = at::empty({x.size(0), x.size(1), 1, 1}, at::TensorOptions(at::kFloat))
                                  .bernoulli_(kept, generator)
                                  .div_(kept);
      return x *
             uploaded(mask.data_ptr<float>(), mask.sizes().vec(), x.device()).to(x.scalar_type());
    };
  }

  PairLabels labels_of(TrainingBatch const& batch, at::Device device) const {
    return pair_labels(batch.labels, batch.count, batch.label_size, pairs_, device);
  }

  AffinityFeatures network_;
  double dropout_;
  std::uint64_t seed_;
  Pairs pairs_;
};

}  // namespace

std::unique_ptr<Learner> make_irn_learner(Weights const& weights, NetworkShape const& shape) {
  return std::make_unique<IrnLearner>(weights, shape);
}

std::unique_ptr<Learner> make_affinity_learner(Weights const& weights, NetworkShape const& shape,
                                               TrainerOptions const& options) {
  return std::make_unique<AffinityLearner>(weights, shape, options);
}

}  // namespace seplflow::nets
