#include "scenes/scene.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include "scenes/part_map.hpp"

namespace seplflow::scenes {
namespace {

// Below this a ring would swallow the objects.
constexpr std::uint32_t kShortestSideWithRing = 96;

constexpr float kBackgroundScore = 0.36f;

// Gives 255 to the pixels of `objects` that have a neighbour above, below, left or right of
// another object, and its class to the rest.
LabelMap with_ring(LabelMap const& objects, std::array<Label, 256> const& class_of) {
  Size const size = objects.size();
  std::vector<Label> pixels(size.pixels());
  for (std::uint32_t y = 0; y < size.height; ++y) {
    auto const row = objects.row(y);
    auto const above = objects.row(y == 0 ? 0 : y - 1);
    auto const below = objects.row(y + 1 == size.height ? y : y + 1);
    Label* const out = pixels.data() + std::size_t{y} * size.width;
    for (std::uint32_t x = 0; x < size.width; ++x) {
      Label const left = row[x == 0 ? 0 : x - 1];
      Label const right = row[x + 1 == size.width ? x : x + 1];
      int const differences =
          (above[x] ^ row[x]) | (below[x] ^ row[x]) | (left ^ row[x]) | (right ^ row[x]);
      out[x] = differences == 0 ? class_of[row[x]] : kIgnore;
    }
  }
  return LabelMap(size, std::move(pixels));
}

Layout checked_layout(SceneOptions const& options, std::uint64_t index) {
  Size const size = checked_size(options.size.height, options.size.width, "a generated scene");
  if (options.classes < 1 || options.classes > 254) {
    throw Error("a generated scene has " + std::to_string(options.classes) +
                " classes; give 1 to 254");
  }
  return make_layout(size, options.classes, seed_of(options.seed, index));
}

}  // namespace

struct Scene::State {
  State(SceneOptions const& options, std::uint64_t index)
      : layout(checked_layout(options, index)) {}

  // Truth and masks both need it, the picture does not.
  LabelRuns const& partition() const {
    std::call_once(once_, [this] { partition_ = partition_of(layout); });
    return *partition_;
  }

  Layout const layout;

 private:
  mutable std::once_flag once_;
  mutable std::optional<LabelRuns> partition_;
};

Scene::Scene(SceneOptions const& options, std::uint64_t index)
    : state_(std::make_shared<State const>(options, index)) {}

Size Scene::size() const {
  return state_->layout.size;
}

Image Scene::image() const {
  return render(state_->layout);
}

LabelMap Scene::truth() const {
  Layout const& layout = state_->layout;
  std::array<Label, kMaxParts> object_of{}, class_of_part{}, class_of_object{};
  Label objects = 0;
  for (Thing const& thing : layout.things) {
    if (thing.label == kBackground) continue;
    class_of_object[++objects] = thing.label;
    std::fill_n(object_of.begin() + thing.first_id, thing.parts.size(), objects);
    std::fill_n(class_of_part.begin() + thing.first_id, thing.parts.size(), thing.label);
  }
  if (layout.scale < kShortestSideWithRing) {
    return relabelled(state_->partition(), class_of_part);
  }
  return with_ring(relabelled(state_->partition(), object_of), class_of_object);
}

ImageLabels Scene::image_labels() const {
  return image_labels_of(truth());
}

ScoreMaps Scene::scores() const {
  return activations(state_->layout, image_labels().classes);
}

LabelMap Scene::pseudo() const {
  ScoreMaps const maps = scores();
  std::vector<float> best(size().pixels(), kBackgroundScore);
  std::vector<Label> labels(size().pixels(), kBackground);
  for (std::size_t i = 0; i < maps.classes().size(); ++i) {
    auto const plane = maps.plane(i);
    Label const label = maps.classes()[i];
    for (std::size_t p = 0; p < labels.size(); ++p) {
      bool const higher = plane[p] > best[p];
      best[p] = higher ? plane[p] : best[p];
      labels[p] = higher ? label : labels[p];
    }
  }
  return LabelMap(size(), std::move(labels));
}

MaskSet Scene::masks() const {
  return proposals(state_->layout, state_->partition());
}

}  // namespace seplflow::scenes
