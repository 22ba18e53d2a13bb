#include "formats/image/png.hpp"
#include "stages.hpp"

namespace seplflow::output {
namespace {

// Label maps as PNG files.
struct Labels {
  LabelColours palette = LabelColours::voc_palette;

  void operator()(SampleContext const& context, LabelMap const& labels) const {
    context.output().write(context.sample().id + ".png", encode_label_png(labels, palette));
  }
};

}  // namespace

void declare_labels(Plugin& plugin) {
  plugin.stage<Labels>("output.labels", "Write label maps as PNG files")
      .inputs("labels")
      .option(
          "palette", &Labels::palette,
          "the VOC palette, so that a viewer shows the classes, or none: gray values",
          choices<LabelColours>({{"voc", LabelColours::voc_palette}, {"none", LabelColours::gray}}))
      .details(
          "RUN/STAGE/NAME.png, 8 bits, the pixel values are the class ids and 255 is ignore in "
          "either form. With `none` the files look all black in a viewer, but hold the same ids. "
          "Compression is chosen for speed.");
}

}  // namespace seplflow::output
