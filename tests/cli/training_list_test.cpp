// output.training_list: a run folder that segmentation training reads as it is.

#include "support/catch.hpp"
#include "support/disk_data.hpp"

namespace fs = std::filesystem;

namespace {

constexpr char const* kList = "VOC2012/ImageSets/SegmentationAug/train_aug.txt";
// The images of DiskData's samples, and a stage "train" that lists them.
class TrainingData : public DiskData {
 public:
  TrainingData() {
    for (std::string const& name : samples()) folder.write("images/" + name + ".jpg", "");
    pipeline_file(with_list(""));
  }

  static std::string with_list(std::string const& more) {
    return pipeline(
        "[stages.train]\nuse = \"output.training_list\"\nin = \"select\"\n"
        "images = \"images\"\n" +
        more);
  }
};

// What deeplab-pytorch's reader makes of a line: image and label below ROOT/VOC2012.
std::pair<fs::path, fs::path> files_of(std::string const& line, fs::path const& root) {
  auto const space = line.find(' ');
  return {root / "VOC2012" / line.substr(1, space - 1), root / "VOC2012" / line.substr(space + 2)};
}

Names listed_in(fs::path const& stage) {
  Names names;
  for (std::string const& line : lines_of(read_text(stage / kList))) {
    auto const [image, label] = files_of(line, stage);
    CHECK(fs::is_regular_file(image));
    CHECK(fs::is_regular_file(label));
    CHECK(image.stem() == label.stem());
    names.push_back(image.stem().string());
  }
  return names;
}

}  // namespace

TEST_CASE("the list has the image and the label of every sample, in the order of the data set") {
  TrainingData const place;
  REQUIRE(place.run("out").status == 0);
  CHECK(listed_in(place.folder / "out/train") == DiskData::samples());
  auto const labels = files_in(place.folder / "out/train/VOC2012/SegmentationClassAug");
  CHECK(labels == files_in(place.folder / "out/write"));
  CHECK_THAT(read_text(place.folder / "out/train/deeplab.yaml"), Contains("N_CLASSES: 21\n"));
  CHECK(json_in(place.folder / "out/run.json")["lists"].size() == 3);
}

namespace {

// Loads a config as mmengine does, and its data set as BaseSegDataset does. Prints the names.
constexpr char const* kLoadConfig = R"(
import ast, os, sys
path = os.path.abspath(sys.argv[1])
text = open(path, encoding='utf-8').read()
ast.parse(text)
config = {}
exec(text.replace('{{ fileDirname }}', os.path.dirname(path).replace("'", "\\'")), config)
data = config['train_dataloader']['dataset']
assert data['type'] == 'BaseSegDataset' and data['reduce_zero_label'] is False
classes, palette = data['metainfo']['classes'], data['metainfo']['palette']
assert len(classes) == len(palette) == config['num_classes'] == int(sys.argv[2])
assert classes[0] == 'background' and all(len(colour) == 3 for colour in palette)
names = open(os.path.join(data['data_root'], data['ann_file'])).read().split('\n')[:-1]
for name in names:
    for prefix, suffix in (('img_path', 'img_suffix'), ('seg_map_path', 'seg_map_suffix')):
        folder = os.path.join(data['data_root'], data['data_prefix'][prefix])
        assert os.path.isfile(os.path.join(folder, name.strip() + data[suffix])), name
    print(name)
)";

Names loaded_by(fs::path const& config) {
  auto const loaded = run_program({"python3", "-c", kLoadConfig, config.string(), "21"});
  INFO(loaded.err);
  CHECK(loaded.status == 0);
  return lines_of(loaded.out);
}

}  // namespace

TEST_CASE("mmsegmentation loads the plain layout with its config after a move too") {
  TrainingData const place;
  place.pipeline_file(TrainingData::with_list("layout = \"plain\"\n"));
  REQUIRE(place.run("out").status == 0);
  fs::rename(place.folder / "out", place.folder / "moved");
  CHECK(loaded_by(place.folder / "moved/train/mmseg_dataset.py") == TrainingData::samples());
}

TEST_CASE("a config of mmsegmentation has any names of classes and any path of images") {
  TrainingData const place;
  fs::rename(place.folder / "images", place.folder / "{{ it's }} mine");
  std::string text = TrainingData::with_list("layout = \"plain\"\nimage_files = \"absolute\"\n");
  auto const put = [&](std::string const& before, std::string const& after) {
    text.replace(text.find(before), before.size(), after);
  };
  put("\"images\"", "\"{{ it's }} mine\"");
  std::string names = "[\"background\"";
  for (int i = 1; i <= 20; ++i)
    names += ", \"{{_base_.it's}} \\\\ \\\" " + std::to_string(i) + "\"";
  put("\"voc12\"", names + "]");
  place.pipeline_file(text);
  auto const run = place.run("out");
  INFO(run.err);
  REQUIRE(run.status == 0);
  fs::path const config = place.folder / "out/train/mmseg_dataset.py";
  CHECK(loaded_by(config) == TrainingData::samples());
  CHECK_THAT(read_text(config), !Contains("{{_base_") && !Contains("{{ it"));
}

TEST_CASE("the list is the same for any number of threads, merged shards and resumed runs") {
  TrainingData const place;
  REQUIRE(place.run("out", {"--jobs", "1"}).status == 0);
  REQUIRE(place.run("other", {"--jobs", "8"}).status == 0);
  CHECK(differences(place.folder / "other", place.folder / "out") == kNone);

  REQUIRE(place.run("0", {"--shard", "0/2"}).status == 0);
  REQUIRE(place.run("1", {"--shard", "1/2"}).status == 0);
  CHECK(listed_in(place.folder / "1/train").size() == 4);
  REQUIRE(place.program({"merge", "merged", "0", "1"}).status == 0);
  CHECK(differences(place.folder / "merged", place.folder / "out") == kNone);

  REQUIRE(place.run("limited", {"--limit", "3"}).status == 0);
  CHECK(listed_in(place.folder / "limited/train").size() == 3);
  auto const resumed = place.run("out", {"--resume"});
  REQUIRE(resumed.status == 0);
  CHECK(reused(resumed.out, "train") == 8);
  CHECK(differences(place.folder / "out", place.folder / "other") == kNone);
}

TEST_CASE("a failed sample is listed only once it has been repaired") {
  TrainingData const place;
  fs::path const image = place.folder / "images" / (DiskData::samples()[2] + ".jpg");
  fs::remove(image);
  auto const result = place.run("out", {"--on-error", "skip"});
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("there is no image"));
  Names expected = DiskData::samples();
  expected.erase(expected.begin() + 2);
  CHECK(listed_in(place.folder / "out/train") == expected);
  place.folder.write(image, "");
  REQUIRE(place.run("out", {"--resume"}).status == 0);
  CHECK(listed_in(place.folder / "out/train") == DiskData::samples());
}

TEST_CASE("a resumed run removes the list of a former name, and that of a removed stage") {
  TrainingData const place;
  REQUIRE(place.run("out").status == 0);
  place.pipeline_file(TrainingData::with_list("split = \"trainval_aug\"\n"));
  REQUIRE(place.run("out", {"--resume"}).status == 0);
  REQUIRE(place.run("fresh").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "fresh") == kNone);
  place.pipeline_file(DiskData::pipeline());
  REQUIRE(place.run("out", {"--resume"}).status == 0);
  CHECK_FALSE(fs::exists(place.folder / "out/train"));
}

TEST_CASE("each variant has its own list but with --keep best only the best has one") {
  TrainingData const place;
  place.pipeline_file(TrainingData::with_list("[sweep]\n\"select.t1\" = [0.1, 0.5]\n"));
  REQUIRE(place.run("all").status == 0);
  for (auto const& variant : fs::directory_iterator(place.folder / "all/variants")) {
    CHECK(listed_in(variant.path() / "train") == DiskData::samples());
  }
  REQUIRE(place.run("best", {"--keep", "best"}).status == 0);
  int lists = 0;
  for (auto const& variant : fs::directory_iterator(place.folder / "best/variants")) {
    if (!fs::exists(variant.path() / "train")) continue;
    CHECK(listed_in(variant.path() / "train") == DiskData::samples());
    ++lists;
  }
  CHECK(lists == 1);
}

TEST_CASE("a run whose samples all fail has an empty list") {
  TrainingData const place;
  for (std::string const& name : DiskData::samples()) {
    fs::remove(place.folder / "images" / (name + ".jpg"));
  }
  CHECK(place.run("out", {"--on-error", "skip"}).status == 1);
  CHECK(listed_in(place.folder / "out/train") == kNone);
}
