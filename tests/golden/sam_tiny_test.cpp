// Small SAMs beside the outputs of the official code: images as they enter the model, what its
// parts make of them, and the masks of its automatic generator.
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <seplflow/formats/image_file.hpp>
#include <seplflow/formats/mask_json.hpp>
#include <seplflow/formats/npy.hpp>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "core/generate_masks.hpp"
#include "nets/base/resample.hpp"
#include "support/catch.hpp"
#include "support/relative_difference.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;
using namespace seplflow::sam;

namespace {

fs::path sam_tiny() {
  return test_data() / "sam-tiny";
}

Model const& model_of(std::string_view name, ScaleMasks scale = ScaleMasks::where_faster) {
  static std::map<std::pair<std::string, ScaleMasks>, Model> models;
  std::pair const key(std::string(name), scale);
  auto const found = models.find(key);
  if (found != models.end()) return found->second;
  sam::ModelOptions options;
  options.checkpoint = sam_tiny() / (key.first + ".pth");
  options.device = "cpu";
  return models
      .emplace(std::piecewise_construct, std::forward_as_tuple(key),
               std::forward_as_tuple(options, scale))
      .first->second;
}

Image sam_image(std::string const& stem) {
  return read_image(sam_tiny() / (stem + ".jpg"));
}

Image resized_of(Model const& model, Image const& image) {
  return nets::resize_as_pillow(image, nets::longest_side_size(image.size(), model.image_size()));
}

std::vector<float> sam_values(std::string const& file) {
  return read_npy(sam_tiny() / file).root().array().to_vector<float>();
}

double iou(Mask const& a, Mask const& b) {
  auto const either = united(a, b).area();
  return either == 0
             ? 1
             : static_cast<double>(a.area() + b.area() - either) / static_cast<double>(either);
}

GeneratorOptions options_of(simdjson::dom::element run) {
  GeneratorOptions options;
  for (auto const [key, value] : simdjson::dom::object(run)) {
    auto const whole = [&] { return static_cast<std::uint32_t>(std::uint64_t(value)); };
    if (key == "points_per_side") {
      options.points_per_side = whole();
    } else if (key == "pred_iou_thresh") {
      options.pred_iou_thresh = double(value);
    } else if (key == "stability_score_thresh") {
      options.stability_score_thresh = double(value);
    } else if (key == "crop_n_layers") {
      options.crop_n_layers = whole();
    } else if (key == "crop_n_points_downscale_factor") {
      options.crop_n_points_downscale_factor = whole();
    } else if (key == "min_mask_region_area") {
      options.min_mask_region_area = whole();
    } else if (key == "box_nms_thresh") {
      options.box_nms_thresh = double(value);
    } else {
      FAIL("the option " << key);
    }
  }
  return options;
}

// The bounding box of a record, x, y, width and height.
std::vector<double> box_of(simdjson::dom::element record) {
  std::vector<double> box;
  for (auto const each : simdjson::dom::array(record["bbox"])) box.push_back(double(each));
  return box;
}

}  // namespace

TEST_CASE("real: an image is resized like Pillow, byte for byte") {
  std::string const model = GENERATE("tiny256", "tiny1024");
  std::string const image = GENERATE("dog", "2007_000999");
  INFO(model << " " << image);
  Image const resized = resized_of(model_of(model), sam_image(image));
  Image const expected = read_image(sam_tiny() / (model + "_" + image + "_resized.png"));
  REQUIRE(resized.size() == expected.size());
  CHECK(std::ranges::equal(resized.rgb(), expected.rgb()));
}

TEST_CASE("real: the image's embedding, logits and predicted IoU are the official ones") {
  std::string const name = GENERATE("tiny256", "tiny1024");
  std::string const image = GENERATE("dog", "2007_000999");
  std::string const stem = name + "_" + image;
  INFO(stem);
  Model const& model = model_of(name);
  Image const original = sam_image(image);
  Image const resized = resized_of(model, original);
  Embedding const embedding = model.encode(resized);
  CHECK(relative_difference(embedding.values(), sam_values(stem + "_embedding.npy")) < 1e-4);

  std::vector<float> const places = sam_values(stem + "_points.npy");
  double const scale = static_cast<double>(resized.size().width) / original.size().width;
  double const down = static_cast<double>(resized.size().height) / original.size().height;
  std::vector<Point> points;
  for (std::size_t i = 0; i < places.size(); i += 2) {
    points.push_back({places[i] * scale, places[i + 1] * down});
  }
  std::vector<float> logits, predicted;
  for (Proposal const& proposal : model.propose(embedding, points, std::nullopt)) {
    predicted.push_back(proposal.predicted_iou);
    logits.insert(logits.end(), proposal.logits.begin(), proposal.logits.end());
  }
  CHECK(relative_difference(logits, sam_values(stem + "_logits.npy")) < 1e-4);
  CHECK(relative_difference(predicted, sam_values(stem + "_iou.npy")) < 1e-4);
}

TEST_CASE("real: the generator finds the official masks in the official order") {
  auto const scale = GENERATE(ScaleMasks::where_faster, ScaleMasks::with_torch);
  simdjson::dom::parser index, records;
  simdjson::dom::element const root = index.load((sam_tiny() / "index.json").string());
  for (simdjson::dom::element const result : simdjson::dom::array(root["results"])) {
    auto const text = [&](char const* key) { return std::string(std::string_view(result[key])); };
    // Both ways of scaling give the same masks, so the slow one is tried with one model and run.
    if (scale == ScaleMasks::with_torch && (text("model") != "tiny256" || text("run") != "clean")) {
      continue;
    }
    std::string const image = fs::path(text("image")).stem().string();
    std::string const stem = text("model") + "_" + image + "_" + text("run");
    INFO(stem << (scale == ScaleMasks::with_torch ? ", scaled with torch" : ""));
    Model const& model = model_of(text("model"), scale);
    MaskSet const found =
        generate_masks(model, sam_image(image), options_of(root["runs"][text("run")]));
    fs::path const file = sam_tiny() / (stem + ".json");
    MaskSet const expected = read_mask_json(file);
    auto const boxes = simdjson::dom::array(records.load(file.string()));
    REQUIRE(found.count() == std::uint64_t(result["masks"]));
    REQUIRE(found.count() == expected.count());
    for (std::size_t i = 0; i < found.count(); ++i) {
      INFO("mask " << i);
      CHECK(iou(found.mask(i), expected.mask(i)) >= 0.999);
      REQUIRE((found.info(i) && expected.info(i)));
      MaskInfo const &is = *found.info(i), &should = *expected.info(i);
      CHECK(is.point == should.point);
      CHECK(is.crop_box == should.crop_box);
      CHECK(is.predicted_iou == Approx(should.predicted_iou).margin(1e-4).epsilon(0));
      CHECK(is.stability_score == Approx(should.stability_score).margin(1e-4).epsilon(0));
      MaskBox const box = written_box(found.mask(i), found.info(i));
      CHECK(box_of(boxes.at(i)) ==
            std::vector{static_cast<double>(box.left), static_cast<double>(box.top),
                        static_cast<double>(box.width()), static_cast<double>(box.height())});
    }
  }
}

TEST_CASE("real: checkpoints in zip, legacy and wrapped form are the same model") {
  GeneratorOptions options;
  options.points_per_side = 4;
  options.pred_iou_thresh = 0.5;
  options.stability_score_thresh = 0.5;
  Image const image = sam_image("dog");
  MaskSet const expected = generate_masks(model_of("tiny256"), image, options);
  REQUIRE(expected.count() > 0);
  std::string const form = GENERATE("tiny256_legacy", "tiny256_wrapped");
  INFO(form);
  MaskSet const found = generate_masks(model_of(form), image, options);
  REQUIRE(found.count() == expected.count());
  for (std::size_t i = 0; i < found.count(); ++i) {
    CHECK(found.mask(i) == expected.mask(i));
    CHECK(found.info(i) == expected.info(i));
  }
}

TEST_CASE("real: images have the same masks in parallel as alone") {
  constexpr int kThreads = 4;
  GeneratorOptions options;
  options.points_per_side = 8;
  options.pred_iou_thresh = 0.5;
  options.stability_score_thresh = 0.5;
  Model const& model = model_of("tiny256");
  Image const image = sam_image("dog");
  MaskSet const alone = generate_masks(model, image, options);
  REQUIRE(alone.count() > 0);
  std::vector<std::optional<MaskSet>> together(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& masks : together) {
      threads.emplace_back([&] { masks = generate_masks(model, image, options); });
    }
  }
  for (auto const& masks : together) {
    REQUIRE(masks);
    REQUIRE(masks->count() == alone.count());
    for (std::size_t i = 0; i < alone.count(); ++i) {
      CHECK(masks->mask(i) == alone.mask(i));
      CHECK(masks->info(i) == alone.info(i));
    }
  }
}
