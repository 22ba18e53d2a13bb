#include <seplflow/formats/mask_json.hpp>
#include <seplflow/formats/png.hpp>
#include <seplflow/seplflow.hpp>

// Reads NAME.json like masks.json, and lets through only what lies in NAME.png.
struct Reader {
  std::filesystem::path dir;

  std::vector<std::filesystem::path> files(seplflow::Sample const& sample) const {
    return {dir / (sample.id + ".json"), dir / (sample.id + ".png")};
  }
  seplflow::MaskSet operator()(seplflow::Sample const& sample) const {
    auto const read = files(sample);
    auto const masks = seplflow::read_mask_json(read[0], sample.size);
    auto const inside = seplflow::mask_of(seplflow::read_label_png(read[1]).runs(), 1);
    std::vector<seplflow::MaskSet::Entry> kept;
    for (std::size_t i = 0; i < masks.count(); ++i) {
      if (without(masks.mask(i), inside).area() == 0) kept.push_back({masks.mask(i), masks.info(i)});
    }
    return seplflow::MaskSet(std::move(kept), masks.size());
  }
};

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<Reader>("lab.reader", "Read masks inside a region")
      .inputs("sample")
      .output("masks")
      .option("dir", &Reader::dir, "folder with NAME.json and NAME.png", seplflow::required(),
              seplflow::existing_folder());
}
