#include "stages.hpp"

namespace seplflow::output {
namespace {

// Writes label maps as PNG files.
struct Labels : PaletteOptions {
  void check(OptionCheck& check) { check_colours(check); }

  void operator()(SampleContext const& context, LabelMap const& labels) const {
    context.output().write(context.sample().id + ".png", encoded(labels, context.sample()));
  }
};

}  // namespace

void declare_labels(Plugin& plugin) {
  auto& stage = plugin.stage<Labels>("output.labels", "Writes label maps as PNG files");
  with_palette(stage)
      .inputs("labels")
      .details(
          "Writes RUN/STAGE/NAME.png with 8 bits per pixel. The pixel values are class ids, and "
          "255 means ignore. With `palette = \"none\"` the files look black in a viewer, but "
          "contain the same ids. Compression favours speed.");
}

}  // namespace seplflow::output
