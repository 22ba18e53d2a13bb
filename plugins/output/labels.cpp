#include "stages.hpp"

namespace seplflow::output {
namespace {

// Writes label maps as PNG files.
struct Labels {
  LabelColours palette = LabelColours::voc_palette;

  void operator()(SampleContext const& context, LabelMap const& labels) const {
    context.output().write(context.sample().id + ".png", encode_label_png(labels, palette));
  }
};

}  // namespace

void declare_labels(Plugin& plugin) {
  plugin.stage<Labels>("output.labels", "Writes label maps as PNG files")
      .inputs("labels")
      .option("palette", &Labels::palette, kPaletteHelp, kPalettes)
      .details(
          "Writes RUN/STAGE/NAME.png with 8 bits per pixel. The pixel values are class ids, and "
          "255 means ignore. With `palette = \"none\"` the files look black in a viewer, but "
          "contain the same ids. Compression favours speed.");
}

}  // namespace seplflow::output
