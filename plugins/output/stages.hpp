// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

#include <seplflow/formats/png.hpp>
#include "common/label_options.hpp"
#include "common/refuse_errors.hpp"

namespace seplflow::output {

// The option `colours` of the stages that draw label maps.
struct ColourOptions {
  std::vector<std::string> colours;

 protected:
  void check_colours(OptionCheck& check) {
    refuse_errors(check, "colours", [this] { chosen_ = colours_of(colours); });
  }
  // Those of the option; empty if it is not set.
  Colours const& chosen_colours() const { return chosen_; }
  // The same, or else those of the data set.
  Colours const& colours_for(Sample const& sample) const {
    return chosen_.empty() && sample.classes ? sample.classes->colours() : chosen_;
  }

 private:
  Colours chosen_;
};

template <class T>
StageBuilder<T>& with_colours(StageBuilder<T>& stage) {
  return stage.option("colours", &T::colours,
                      std::string(kColoursHelp) +
                          " (default: those of the data set, or else of PASCAL VOC)");
}

// The options of the stages that write label maps.
struct PaletteOptions : ColourOptions {
  LabelColours palette = LabelColours::voc_palette;

 protected:
  std::vector<std::uint8_t> encoded(LabelMap const& labels, Sample const& sample) const {
    return encode_label_png(labels, palette, colours_for(sample));
  }
};

template <class T>
StageBuilder<T>& with_palette(StageBuilder<T>& stage) {
  auto const kinds =
      choices<LabelColours>({{"voc", LabelColours::voc_palette}, {"none", LabelColours::gray}});
  return with_colours(stage.option(
      "palette", &T::palette,
      "colours in viewers: VOC's palette, or none (gray); the pixel values are the same", kinds));
}

void declare_cams(Plugin& plugin);
void declare_labels(Plugin& plugin);
void declare_masks(Plugin& plugin);
void declare_training_list(Plugin& plugin);

}  // namespace seplflow::output
