#include <seplflow/formats/mask_json.hpp>
#include "common/sample_file.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

// Masks in the formats of amg.py --convert-to-rle, SA-1B and COCO.
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
  plugin
      .stage<Json>("masks.json",
                   "Reads SAM's masks from JSON files: amg.py, SA-1B, COCO RLE or polygons")
      .inputs("sample")
      .output("masks")
      .option("dir", &Json::dir, "folder with NAME.json for each sample", existing_folder(),
              required())
      .option("on_missing", &Json::on_missing,
              "what to do about a sample without a file: report an error, or treat it as empty (no "
              "masks)",
              kOnMissing)
      .option("min_area", &Json::min_area, "drop masks with fewer pixels", unit("pixels"))
      .details(
          "There is one file per image: a list of records as `amg.py --convert-to-rle` writes it, "
          "or SA-1B's `{\"image\": ..., \"annotations\": [...]}`. The `segmentation` of a record "
          "is COCO RLE with compressed or plain counts, or a list of polygons, which are "
          "rasterised as in pycocotools. All masks of a file must have the same size: that of the "
          "image, if it is known. A sample of COCO may use any name that COCO's files have "
          "(COCO_val2014_000000000139.json, 000000000139.json, 139.json); its id comes first.");
}

}  // namespace seplflow::masks
