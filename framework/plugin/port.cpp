#include <seplflow/port.hpp>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

void require_size(Size size, Sample const& sample, std::string const& what) {
  if (!sample.size || size == *sample.size) return;
  throw Error("it returned " + what + " of " + to_string(size) +
              " (height x width), but the image of the sample is " + to_string(*sample.size));
}

}  // namespace

Port detail::make_port(std::string_view name, PortFacts const& facts) {
  return {std::string(name), std::string(facts.type), facts.optional,
          "size " + std::to_string(facts.size) + ", alignment " + std::to_string(facts.alignment) +
              ", version " + std::to_string(facts.version)};
}

void PortType<Image>::check(Image const& image, Sample const& sample) {
  require_size(image.size(), sample, "an image");
}

void PortType<LabelMap>::check(LabelMap const& labels, Sample const& sample) {
  require_size(labels.size(), sample, "a label map");
  if (sample.classes) require_labels_in(*sample.classes, labels, "it returned a label map that");
}

void PortType<ScoreMaps>::check(ScoreMaps const& scores, Sample const& sample) {
  require_size(scores.size(), sample, "score maps");
}

void PortType<MaskSet>::check(MaskSet const& masks, Sample const& sample) {
  if (masks.size()) require_size(*masks.size(), sample, "masks");
}

}  // namespace seplflow
