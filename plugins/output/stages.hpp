// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

#include <seplflow/formats/png.hpp>

namespace seplflow::output {

// The option `palette` of the stages that write label maps.
inline auto const kPalettes =
    choices<LabelColours>({{"voc", LabelColours::voc_palette}, {"none", LabelColours::gray}});
constexpr char const* kPaletteHelp =
    "colours in viewers: VOC's palette, or none (gray); the pixel values are the same";

void declare_labels(Plugin& plugin);
void declare_masks(Plugin& plugin);
void declare_panels(Plugin& plugin);
void declare_training_list(Plugin& plugin);

}  // namespace seplflow::output
