// Masks and polygons on COCO's own annotations and on SAM-like mask files: what pycocotools wrote
// must come out, pixel by pixel.
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <seplflow/classes.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/mask_json.hpp>
#include <seplflow/formats/png.hpp>
#include <seplflow/image_labels.hpp>
#include <seplflow/mask.hpp>
#include "dataset/stages.hpp"
#include "formats/json/coco_instances.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;
using simdjson::dom::array;
using simdjson::dom::element;

namespace {

std::vector<fs::path> files_of(fs::path const& folder) {
  std::vector<fs::path> files;
  for (auto const& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

Size size_of(element pair) {
  return {static_cast<std::uint32_t>(std::uint64_t(pair.at(0))),
          static_cast<std::uint32_t>(std::uint64_t(pair.at(1)))};
}

Mask decode_counts(Size size, array list) {
  std::vector<std::uint32_t> counts;
  for (std::uint64_t const count : list) counts.push_back(static_cast<std::uint32_t>(count));
  return Mask::from_counts(size, counts);
}

struct Annotations {
  simdjson::dom::parser parser;
  element root = parser.load((coco() / "instances_val2014_100.json").string());
};

void require_areas_as_recorded(fs::path const& folder, std::size_t expected_files) {
  auto const files = files_of(folder);
  CHECK(files.size() == expected_files);
  simdjson::dom::parser parser;
  for (fs::path const& file : files) {
    MaskSet const masks = read_mask_json(file);
    array const records = parser.load(file.string());
    REQUIRE(masks.count() == records.size());
    for (std::size_t i = 0; i < masks.count(); ++i) {
      element const record = records.at(i);
      INFO(file << ", record " << i);
      REQUIRE(masks.mask(i).area() == std::uint64_t(record["area"]));
      REQUIRE(encode_coco_rle(masks.mask(i)) == std::string_view(record["segmentation"]["counts"]));
      REQUIRE(masks.info(i).has_value());
      REQUIRE(masks.info(i)->predicted_iou == double(record["predicted_iou"]));
    }
  }
}

}  // namespace

TEST_CASE("real: COCO's 734 example results decode to their masks and encode to the same text") {
  simdjson::dom::parser parser;
  array const results =
      parser.load((coco() / "instances_val2014_fakesegm100_results.json").string());
  CHECK(results.size() == 734);
  for (element const result : results) {
    element const segmentation = result["segmentation"];
    std::string_view const counts = segmentation["counts"];
    REQUIRE(encode_coco_rle(decode_coco_rle(size_of(segmentation["size"]), counts)) == counts);
  }
}

TEST_CASE("real: COCO's uncompressed crowds decode to their masks") {
  Annotations const annotations;
  std::size_t crowds = 0;
  for (element const annotation : array(annotations.root["annotations"])) {
    if (std::int64_t(annotation["iscrowd"]) == 0) continue;
    element const segmentation = annotation["segmentation"];
    Mask const mask = decode_counts(size_of(segmentation["size"]), segmentation["counts"]);
    // Their recorded areas are of outlines before they became runs, and differ.
    std::vector<std::uint32_t> const counts = mask.counts();
    CHECK(std::ranges::equal(counts, array(segmentation["counts"]), {}, {},
                             [](element count) { return std::uint64_t(count); }));
    CHECK(decode_coco_rle(mask.size(), encode_coco_rle(mask)) == mask);
    ++crowds;
  }
  CHECK(crowds == 9);
}

TEST_CASE("real: COCO's outlines give the 60 ground truths that pycocotools rasterised") {
  CocoInstances const instances(coco() / "instances_val2014_100.json");
  CHECK(instances.images().size() == 100);
  CHECK(instances.classes()->names() == coco14_classes()->names());
  std::size_t compared = 0;
  for (std::size_t i = 0; i < instances.images().size(); ++i) {
    fs::path truth = coco() / "truth" / instances.images()[i].file_name;
    truth.replace_extension(".png");
    LabelMap const drawn = instances.truth(i);
    // A crowd is in the image-level labels and not in the truth.
    auto const shown = image_labels_of(drawn).classes, tagged = instances.image_labels(i).classes;
    CHECK(std::ranges::includes(tagged, shown));
    if (!fs::exists(truth)) continue;
    INFO(truth);
    REQUIRE(read_label_png(truth) == drawn);
    ++compared;
  }
  CHECK(compared == 60);
}

TEST_CASE(
    "real: CLIP-ES lists the classes that the truth shows, 8 of 100 fewer than are annotated") {
  TempFolder const folder;
  std::istringstream lines(read_text(test_data() / "lists/clipes/val_first2000.txt"));
  CocoInstances const instances(coco() / "instances_val2014_100.json");
  std::set<std::string> known;
  for (CocoImage const& image : instances.images()) known.insert(fs::path(image.file_name).stem());
  std::string list;
  for (std::string line; std::getline(lines, line);) {
    if (known.contains(line.substr(0, line.find(' ')))) list += line + "\n";
  }
  std::map<std::string, OptionValue> options = {
      {"annotations", (coco() / "instances_val2014_100.json").string()},
      {"list", folder.write("list.txt", list).string()},
      {"image_labels", std::string("list")}};
  StageDriver listed(dataset::declare_coco, {options, {}, {"image_labels"}});
  CHECK(listed.problems().empty());
  CHECK_THAT(listed.warnings(), Contains("differ for 8 of 100 samples"));
  options["image_labels"] = std::string("truth");
  StageDriver shown(dataset::declare_coco, {options, {}, {"image_labels"}});
  auto const samples = shown.samples();
  CHECK(samples.size() == 100);
  for (Sample const& sample : samples) {
    INFO(sample.id);
    CHECK(shown.produce<ImageLabels>("image_labels", sample) ==
          listed.produce<ImageLabels>("image_labels", sample));
  }
}

TEST_CASE("simulated: masks of COCO images have their recorded areas and strings") {
  require_areas_as_recorded(coco() / "sam_json", 60);
}

TEST_CASE("simulated: masks of VOC images have their recorded areas and strings") {
  require_areas_as_recorded(test_data() / "voc12-transcam/sam_json", 400);
}

TEST_CASE("simulated: masks from PNG and JSON files are the same") {
  fs::path const voc = test_data() / "voc12-transcam";
  auto const folders = files_of(voc / "sam_png");
  CHECK(folders.size() == 40);
  for (fs::path const& folder : folders) {
    MaskSet const masks = read_mask_json(voc / "sam_json" / (folder.filename().string() + ".json"));
    for (std::size_t i = 0; i < masks.count(); ++i) {
      INFO(folder << ", mask " << i);
      REQUIRE(read_mask_png(folder / (std::to_string(i) + ".png")) == masks.mask(i));
    }
    CHECK_FALSE(fs::exists(folder / (std::to_string(masks.count()) + ".png")));
  }
}
