#include "stages.hpp"

namespace seplflow::label {
namespace {

// What two label maps of an image agree on: the first finds objects only where it is sure, the
// second finds background only where it is sure.
LabelMap certain_of(LabelMap const& objects, LabelMap const& background) {
  require_same_size(background.size(), "the map of certain background", objects.size(),
                    "the map of certain objects");
  std::vector<Label> labels(objects.pixels().begin(), objects.pixels().end());
  auto const other = background.pixels();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == kBackground && other[i] != kBackground) labels[i] = kIgnore;
  }
  return LabelMap(objects.size(), std::move(labels));
}

}  // namespace

void declare_certain(Plugin& plugin) {
  plugin
      .stage<&certain_of>("label.certain",
                          "Keeps the labels that are certain, from a careful and a generous map")
      .inputs("objects", "background")
      .output("labels")
      .details(
          "IRN and PSA learn affinities from such labels. `objects` labels only what is certainly an "
          "object, `background` all that may be one. A pixel has the label of `objects`; it is "
          "background if both say so, and otherwise 255. IRN's `cam_to_ir_label.py` is two times "
          "`label.threshold`, with `background = 0.3` and `background = 0.05`, each followed by "
          "`label.crf`, and then this stage.");
}

}  // namespace seplflow::label
