#include <seplflow/seplflow.hpp>

// Gives pixels to ignore where a class and background meet.
struct Uncertain {
  int width = 1;

  seplflow::LabelMap operator()(seplflow::LabelMap const& labels) const {
    std::vector<seplflow::Label> pixels(labels.pixels().begin(), labels.pixels().end());
    for (std::uint32_t y = 0; y < labels.size().height; ++y) {
      auto const row = labels.row(y);
      for (std::uint32_t x = width; x < labels.size().width; ++x) {
        if (row[x] != row[x - width]) pixels[y * row.size() + x] = seplflow::kIgnore;
      }
    }
    return seplflow::LabelMap(labels.size(), std::move(pixels));
  }
};

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<Uncertain>("lab.uncertain", "Ignore pixels at the sides of objects")
      .inputs("labels")
      .output("labels")
      .option("width", &Uncertain::width, "how far", seplflow::in_range(1, 50),
              seplflow::unit("pixels"));
}
