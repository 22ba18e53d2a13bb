#include "common/on_missing.hpp"
#include "formats/json/mask_json.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

// Masks as amg.py --convert-to-rle, SA-1B and COCO write them.
struct Json {
  fs::path dir;
  OnMissing on_missing = OnMissing::error;
  std::uint32_t min_area = 0;

  std::vector<fs::path> files(Sample const& sample) const {
    return sample_files(dir, sample, ".json");
  }
  bool needs_files() const { return on_missing == OnMissing::error; }

  MaskSet operator()(Sample const& sample) const {
    fs::path const file = sample_file(dir, sample, ".json");
    if (is_missing(file, on_missing, "mask file", "no masks")) return MaskSet({}, sample.size);
    return read_mask_json(file, sample.size, min_area);
  }
};

}  // namespace

void declare_json(Plugin& plugin) {
  plugin.stage<Json>("masks.json", "SAM's masks from JSON files: amg.py, SA-1B, COCO RLE, polygons")
      .inputs("sample")
      .output("masks")
      .option("dir", &Json::dir, "folder with NAME.json for every sample", existing_folder(),
              required())
      .option("on_missing", &Json::on_missing,
              "what a sample without a file is: an error, or empty (no masks)",
              on_missing_choices())
      .option("min_area", &Json::min_area, "smaller masks are left out", unit("pixels"))
      .details(
          "One file an image: a list of records as `amg.py --convert-to-rle` writes it, or SA-1B's "
          "`{\"image\": ..., \"annotations\": [...]}`. A record's `segmentation` is COCO RLE with "
          "compressed or plain counts, or a list of polygons, which are rasterised as pycocotools "
          "does. All masks of a file must have one size, that of the image where it is known. A "
          "sample of COCO is looked for under all names that its files go by "
          "(COCO_val2014_000000000139.json, 000000000139.json, 139.json), its id first.");
}

}  // namespace seplflow::masks
