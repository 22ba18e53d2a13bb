// Warnings of stages, and where they are shown.

#include "support/catch.hpp"
#include "support/disk_data.hpp"
#include "support/image_label_file.hpp"
#include "support/png_fixture.hpp"

namespace fs = std::filesystem;

namespace {

constexpr char const* kDenied =
    "cam: the pseudo-label holds classes that the image-level labels exclude: ";

// Pseudo-labels of five samples in VOC's layout, two of which hold a class too many.
class TaggedData : public Workplace {
 public:
  TaggedData() : Workplace(pipeline()) {
    std::string list;
    for (int i = 0; i < 5; ++i) {
      std::string const name = "s" + std::to_string(i);
      list += name + " 14 \n";
      std::uint8_t const other = i % 2 == 1 ? 3 : 15;
      folder.write("cam/" + name + ".png", png({0, 15, other, 255}));
      folder.write("voc/SegmentationClass/" + name + ".png", png({0, 15, 15, 255}));
    }
    folder.write("voc/ImageSets/Segmentation/train.txt", list);
  }

  static std::string pipeline(std::string const& of_cam = "", std::string const& more = "") {
    return "name = \"tagged\"\n"
           "[stages.voc]\nuse = \"dataset.voc\"\nroot = \"voc\"\nimage_labels = \"list\"\n"
           "[stages.cam]\nuse = \"cam.labels\"\ndir = \"cam\"\n"
           "in = { sample = \"voc\", image_labels = \"voc.image_labels\" }\n" +
           of_cam +
           "[stages.score]\nuse = \"eval.miou\"\nin = { truth = \"voc.truth\", labels = \"cam\" "
           "}\n" +
           more;
  }

 private:
  static std::string png(std::vector<std::uint8_t> pixels) {
    return as_text(make_png({2, 2}, {PNG_COLOR_TYPE_GRAY, 8}, std::move(pixels)));
  }
};

// The warnings in run.json of the stage that reads the pseudo-labels.
Json cam_warnings(fs::path const& run) {
  Json warnings = Json::array();
  Json const record = json_in(run / "run.json");
  for (Json const& each : record["warnings"]) {
    if (each["stage"] == "cam") warnings.push_back(each);
  }
  return warnings;
}

}  // namespace

TEST_CASE("a warning is logged for its first sample, counted in the summary, and in run.json") {
  TaggedData const place;
  auto const result = place.run("out");
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("warning: " + std::string(kDenied) + "sample s1 (bird)"));
  CHECK(occurrences(result.err, kDenied) == 1);
  CHECK_THAT(result.out,
             Contains("Warnings:\n  " + std::string(kDenied) + "2 samples, first s1 (bird)"));
  CHECK(
      cam_warnings(place.folder / "out") ==
      Json::array({{{"stage", "cam"},
                    {"samples", 2},
                    {"what", "the pseudo-label holds classes that the image-level labels exclude"},
                    {"first", "s1"},
                    {"detail", "bird"}}}));
}

TEST_CASE("warnings change no result, and classes that are never shown cause one") {
  TaggedData const place;
  REQUIRE(place.run("out", {"--jobs", "1"}).status == 0);
  REQUIRE(place.run("other", {"--jobs", "8"}).status == 0);
  CHECK(differences(place.folder / "other", place.folder / "out").empty());
  place.pipeline_file(TaggedData::pipeline("restrict_to_image_labels = true\n"));
  auto const result = place.run("restricted");
  CHECK(result.status == 0);
  std::string const never_shown =
      "score: the ground truth of 5 samples never shows 19 of 20 classes: aeroplane, ";
  CHECK(occurrences(result.err, "arning") == 1);
  CHECK_THAT(result.err, Contains("warning: " + never_shown));
  CHECK_THAT(result.out, Contains("Warnings:\n  " + never_shown));
  CHECK(cam_warnings(place.folder / "restricted").empty());
  CHECK(json_in(place.folder / "restricted/metrics.json")["score"]["classes"][3]["fp"] == 0);
  CHECK(json_in(place.folder / "out/metrics.json")["score"]["classes"][3]["fp"] == 2);
}

TEST_CASE("a warning counts each sample once, whether or not variants share the stage") {
  TaggedData const place;
  place.pipeline_file(TaggedData::pipeline("", "[sweep]\n\"score.mean\" = [\"all\", \"union\"]\n"));
  auto const shared = place.run("shared");
  CHECK(occurrences(shared.err, kDenied) == 1);
  CHECK_THAT(shared.out, Contains("2 samples, first s1"));
  place.pipeline_file(TaggedData::pipeline("", "[sweep]\n\"cam.method\" = [\"irn\", \"psa\"]\n"));
  auto const apart = place.run("apart");
  CHECK(occurrences(apart.err, kDenied) == 1);
  CHECK_THAT(apart.out, Contains("2 samples, first s1"));
}

TEST_CASE("warnings about reused samples are kept, in a resumed and in a merged run") {
  TaggedData const place;
  REQUIRE(place.run("clean").status == 0);
  Json const warnings = cam_warnings(place.folder / "clean");
  REQUIRE(warnings[0]["samples"] == 2);
  REQUIRE(place.run("out", {"--limit", "2"}).status == 0);
  auto const resumed = place.run("out", {"--resume"});
  CHECK_THAT(resumed.out, Contains("2 samples, first s1 (bird)") && Contains("2 reused"));
  CHECK(cam_warnings(place.folder / "out") == warnings);
  CHECK(differences(place.folder / "out", place.folder / "clean").empty());
  // The stage that warns need not work again for another that does.
  REQUIRE(place.run("out", {"--resume", "--set", "score.mean=union"}).status == 0);
  CHECK(cam_warnings(place.folder / "out") == warnings);

  REQUIRE(place.run("0", {"--shard", "0/2"}).status == 0);
  REQUIRE(place.run("1", {"--shard", "1/2"}).status == 0);
  auto const merged = place.program({"merge", "merged", "0", "1"});
  CHECK_THAT(merged.out, Contains("2 samples, first s1 (bird)"));
  CHECK(cam_warnings(place.folder / "merged") == warnings);
  CHECK(differences(place.folder / "merged", place.folder / "clean").empty());
}

TEST_CASE("a warning about files that have changed since is forgotten") {
  TaggedData const place;
  REQUIRE(place.run("out").status == 0);
  fs::copy_file(place.folder / "cam/s0.png", place.folder / "cam/s1.png",
                fs::copy_options::overwrite_existing);
  auto const resumed = place.run("out", {"--resume"});
  CHECK(resumed.status == 0);
  CHECK(cam_warnings(place.folder / "out")[0]["first"] == "s3");
  REQUIRE(place.run("clean").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "clean").empty());
}

TEST_CASE("check warns about labels that contradict each other, and succeeds") {
  TaggedData const place;
  std::vector<std::pair<ImageKey, std::vector<float>>> tags;
  for (int i = 0; i < 5; ++i) {
    std::vector<float> row(20);
    row[i == 4 ? 2 : 14] = 1;
    tags.emplace_back("s" + std::to_string(i), row);
  }
  place.folder.write("tags.npy", image_label_file(tags));
  place.pipeline_file(
      "name = \"tagged\"\n"
      "[stages.voc]\nuse = \"dataset.voc\"\nroot = \"voc\"\n"
      "cls_labels = \"tags.npy\"\n"
      "[stages.write]\nuse = \"output.labels\"\nin = \"voc.truth\"\n");
  auto const checked = place.program({"check", "p.toml"});
  CHECK(checked.status == 0);
  CHECK_THAT(checked.err, Contains("p.toml:5:14: warning: stage \"voc\" (dataset.voc): ") &&
                              Contains("differ for 1 of 5 samples (s4)") &&
                              Contains("cls_labels = \"tags.npy\""));
  CHECK_THAT(checked.out, Contains("OK: "));
  auto const run = place.run("out");
  CHECK(run.status == 0);
  CHECK_THAT(run.err, Contains("warning: stage \"voc\" (dataset.voc): ") &&
                          Contains("differ for 1 of 5 samples (s4)"));
}
