// seplflow check: every error before anything runs.

#include <array>
#include <regex>

#include <seplflow/formats/png.hpp>
#include "nets/shapes.hpp"
#include "support/catch.hpp"
#include "support/image_label_file.hpp"
#include "support/run_files.hpp"
#include "support/sam_checkpoint.hpp"

namespace {

using Network = seplflow::nets::Network;

constexpr std::array kMethods = {"recurseed", "l2g",     "clipes",   "rca",  "eps",      "clims",
                                 "transcam",  "ppc_eps", "ppc_seam", "sipe", "puzzlecam"};

// A checkpoint of a small network.
void write_network(Workplace const& place, std::string const& file, Network network,
                   std::int64_t classes = 0) {
  seplflow::nets::NetworkShape shape;
  shape.network = network;
  shape.width = 4;
  shape.blocks = {1, 1, 1, 1};
  shape.classes = classes;
  shape.edge = 4;
  shape.displacement = 4;
  shape.levels = {4, 4, 4, 12};
  place.folder.write(file, sam_checkpoint(seplflow::nets::expected_tensors(shape)));
}

// The networks that shipped pipelines read, as FOLDER/cam.pth, FOLDER/METHOD/sepl.pth ...
void write_networks(Workplace const& place, std::string const& folder, std::int64_t classes) {
  write_network(place, folder + "/cam.pth", Network::irn_cam, classes);
  write_network(place, folder + "/irn.pth", Network::irn);
  write_network(place, folder + "/psa.pth", Network::psa_affinity);
  write_network(place, folder + "/truth.pth", Network::deeplab, classes + 1);
  for (char const* const method : kMethods) {
    for (char const* const name : {"/original.pth", "/sepl.pth"}) {
      place.folder.write(folder + "/" + method + name,
                         read_text(place.folder / folder / "truth.pth"));
    }
  }
}

// Stages that look for a GPU unless they are told not to. To load torch for that takes a second.
constexpr char const* kUseOfNetwork =
    R"re(use *= "(?:cam\.classifier|masks\.sam|train\.\w+|label\.(?:deeplab|irn|psa))")re";

// Without those that only a variant has.
std::vector<std::string> stages_with_networks(std::string const& pipeline) {
  static std::regex const stage(R"re(\[stages\.(\w+)\]\s+)re" + std::string(kUseOfNetwork));
  std::vector<std::string> names;
  for (std::sregex_iterator found(pipeline.begin(), pipeline.end(), stage), end; found != end; ++found) {
    names.push_back((*found)[1]);
  }
  return names;
}

// Data sets of one image, without the image and whatever else belongs to it.
void write_lists(Workplace const& place) {
  for (char const* const list : {"Segmentation/train.txt", "Segmentation/val.txt",
                                 "SegmentationAug/train_aug.txt"}) {
    place.folder.write(std::string("voc/ImageSets/") + list, "2007_000032\n");
  }
  for (std::string const split : {"train2014", "val2014"}) {
    place.folder.write("coco/annotations/instances_" + split + ".json",
                       R"({"images": [{"id": 9, "file_name": "COCO_)" + split +
                           R"(_000000000009.jpg", "height": 4, "width": 4}], "categories": )"
                           R"([{"id": 1, "name": "person"}], "annotations": [{"id": 1, )"
                           R"("image_id": 9, "category_id": 1, "iscrowd": 0, )"
                           R"("segmentation": [[0, 0, 2, 0, 2, 2]]}]})");
  }
  place.folder.write("cls_labels.npy",
                     image_label_file({{std::string("2007_000032"), std::vector<float>(20, 1)}}));
  place.folder.write("tags.csv", "image,classes\na,person;dog\n");
}

// Names the folders; one file of another image shows what the files of an image are called.
void write_folders(Workplace const& place) {
  for (char const* const folder : {"voc/JPEGImages", "voc/SegmentationClass", "coco/train2014",
                                   "coco/val2014", "truth"}) {
    place.folder.write(folder + std::string("/.keep"), "");
  }
  for (char const* const method : kMethods) {
    place.folder.write(std::string("labels/") + method + "/.keep", "");
    place.folder.write(std::string("cams/") + method + "/2007_000032_14.png", "");
  }
  place.folder.write("masks/a.png", "");
  place.folder.write("truth/2007_000032.png", "");
  for (int i = 0; i < 300; ++i) {  // of the scenes that pipelines/trial trains on
    std::string const number = std::to_string(i);
    place.folder.write("labels/scene_" + std::string(6 - number.size(), '0') + number + ".png", "");
  }
}

void write_files_of_images(Workplace const& place) {
  for (std::string const name : {"2007_000032", "COCO_train2014_000000000009",
                                 "COCO_val2014_000000000009"}) {
    place.folder.write("voc/JPEGImages/" + name + ".jpg", "");
    place.folder.write("coco/train2014/" + name + ".jpg", "");
    place.folder.write("coco/val2014/" + name + ".jpg", "");
    place.folder.write("voc/SegmentationClass/" + name + ".png", "");
    place.folder.write("labels/" + name + ".png", "");
    place.folder.write("masks/" + name + ".json", "");
    place.folder.write("masks/" + name + "/metadata.csv", "");
    place.folder.write("cams/" + name + ".npy", "");
    for (std::string const method : kMethods) {
      place.folder.write("labels/" + method + "/" + name + ".png", "");
      place.folder.write("cams/" + method + "/" + name + ".npy", "");
      place.folder.write("cams/" + method + "/" + name + ".pkl", "");
    }
  }
}

std::map<std::string, std::string> environment_of(Workplace const& place,
                                                  std::filesystem::path const& pipeline) {
  bool const is_coco = pipeline.parent_path().filename() == "coco14" ||
                       pipeline.filename() == "table2.toml";
  std::filesystem::path const nets = place.folder / (is_coco ? "coco_nets" : "voc_nets");
  std::string init = "cam.pth";
  if (pipeline.filename() == "train_deeplab.toml") init = "truth.pth";
  if (pipeline.filename() == "train_psa.toml") init = "psa.pth";
  return {{"VOC_ROOT", place.folder / "voc"},
          {"COCO_ROOT", place.folder / "coco"},
          {"PSEUDO_LABELS", place.folder / "labels"},
          {"LABELS", place.folder / "labels"},
          {"TRUTH", place.folder / "truth"},
          {"CLS_LABELS", place.folder / "cls_labels.npy"},
          {"TAGS", place.folder / "tags.csv"},
          {"SAM_MASKS", place.folder / "masks"},
          {"IMAGES", place.folder / "masks"},
          {"CAMS", place.folder / "cams"},
          {"SAM_CHECKPOINT", place.folder / "sam.pth"},
          {"CAM_CHECKPOINT", nets / "cam.pth"},
          {"INIT_CHECKPOINT", nets / init},
          {"IRN_CHECKPOINT", nets / "irn.pth"},
          {"PSA_CHECKPOINT", nets / "psa.pth"},
          {"DEEPLAB_CHECKPOINT", nets / "truth.pth"},
          {"DEEPLABS", nets}};
}

}  // namespace

TEST_CASE("check says how many of the samples --limit and --shard leave") {
  Workplace const place(scenes_pipeline(7));
  CHECK(place.program({"check", "p.toml", "--limit", "5", "--shard", "1/2"}).out ==
        "p.toml: OK: pipeline \"scenes\", 5 stages, 2 of 7 samples in \"scenes\"\n");
}

TEST_CASE("check reports a valid pipeline in one line, with exit status 0") {
  Workplace const place(scenes_pipeline(7));
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 0);
  CHECK(result.out == "p.toml: OK: pipeline \"scenes\", 5 stages, 7 samples in \"scenes\"\n");
  CHECK(result.err.empty());
  CHECK(names_of(files_in(place.folder.path())) == std::vector<std::string>{"p.toml"});
}

TEST_CASE("check opens the first sample, the last, and one between them, as a run would") {
  Workplace place(
      "[stages.data]\nuse = \"dataset.folder\"\nlist = \"list.txt\"\ntruth = \"truth\"\n"
      "classes = [\"voc12\"]\n"
      "[stages.cam]\nuse = \"cam.labels\"\nin = \"data\"\ndir = \"cams\"\n"
      "[stages.score]\nuse = \"eval.miou\"\nin = { truth = \"data.truth\", labels = \"cam\" }\n");
  std::string list;
  auto const png = seplflow::encode_label_png(seplflow::LabelMap(seplflow::Size{4, 4}),
                                              seplflow::LabelColours::gray);
  for (char const id : std::string("abcdefghij")) {
    list += std::string(1, id) + "\n";
    for (std::string const folder : {"truth/", "cams/"}) {
      place.folder.write(folder + id + ".png", std::string(png.begin(), png.end()));
    }
  }
  place.folder.write("list.txt", list);
  CHECK(place.program({"check", "p.toml"}).status == 0);
  for (char const* const id : {"a", "h", "j"}) {
    std::string const file = std::string("cams/") + id + ".png";
    std::string const good = read_text(place.folder / file);
    place.folder.write(file, good.substr(0, good.size() / 2));
    auto const result = place.program({"check", "p.toml"});
    CHECK(result.status == 1);
    CHECK_THAT(result.err,
               StartsWith("p.toml:6:9: error: stage \"cam\" (cam.labels), sample \"" +
                          std::string(id) + "\": ") &&
                   Contains(file));
    CHECK(place.program({"check", "p.toml", "--quick"}).status == 0);
    auto const skips = place.program({"check", "p.toml", "--set", "run.on_error=skip"});
    CHECK(skips.status == 1);
    CHECK_THAT(skips.err, Contains("warning: stage \"cam\" (cam.labels), sample \""));
    CHECK_THAT(skips.out, Contains(": OK: "));
    place.folder.write(file, good);
  }
  // Only samples of the run are opened.
  place.folder.write("cams/j.png", "");
  CHECK(place.program({"check", "p.toml", "--limit", "9"}).status == 0);
}

TEST_CASE("check finds what a training cannot learn from in the samples that it opens") {
  Workplace const place(
      "[stages.data]\nuse = \"dataset.folder\"\nimages = \"images\"\nclasses = [\"voc12\"]\n"
      "[stages.colour]\nuse = \"augment.colour\"\nin = \"data.image\"\n"
      "[stages.scale]\nuse = \"augment.scale\"\nin = \"colour\"\n"
      "[stages.crop]\nuse = \"augment.crop\"\nin = \"scale\"\nsize = 9\n"
      "[stages.tags]\nuse = \"train.classifier\"\n"
      "in = { patch = \"crop\", image_labels = \"data.image_labels\" }\n"
      "[stages.labels]\nuse = \"train.deeplab\"\nin = \"crop\"\ncheckpoint = \"four.pth\"\n"
      "device = \"cpu\"\n"
      "[stages.scored]\nuse = \"train.deeplab\"\nin = \"crop\"\nvalidate_images = \"images\"\n"
      "validate_labels = \"truth\"\n");
  bool const torch =
      place.program({"stages", "masks.sam"}).out.find("not built") == std::string::npos;
  if (!torch) return;
  auto const png = [](std::uint8_t label) {
    seplflow::LabelMap const labels({4, 4}, std::vector<seplflow::Label>(16, label));
    auto const bytes = seplflow::encode_label_png(labels, seplflow::LabelColours::gray);
    return std::string(bytes.begin(), bytes.end());
  };
  place.folder.write("images/a.png", png(3));
  place.folder.write("truth/a.png", png(99));
  write_network(place, "four.pth", Network::deeplab, 4);
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 1);
  for (char const* const error :
       {"\"tags\" (train.classifier), sample \"a\": the data set does not say which classes",
        "\"labels\" (train.deeplab), sample \"a\": the checkpoint ",
        "four.pth predicts 4 classes, but 21 are to be learned",
        "\"scored\" (train.deeplab), sample \"a\": validation image \"a\": "}) {
    CHECK_THAT(result.err, Contains(error));
  }
}

TEST_CASE("check reports all errors of a pipeline on stderr, with exit status 2") {
  Workplace const place(scenes_pipeline(7) + "t3 = 1\n[stages.odd]\nuse = \"sepl.selct\"\n" +
                        "[run]\njobs = -3\n");
  auto const result = place.program({"check", "p.toml", "--set", "select.t2=1.5"});
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, StartsWith("p.toml:19:1: error: stage \"write\" (output.labels) has no "
                                    "option \"t3\""));
  CHECK_THAT(result.err, Contains("p.toml:21:7: error: there is no stage \"sepl.selct\"; did you "
                                  "mean \"sepl.select\"?"));
  CHECK_THAT(result.err, Contains("p.toml:23:8: error: [run]: option \"jobs\": expected an integer "
                                  "from 0 to 4096, got -3"));
  CHECK_THAT(result.err, Contains("--set select.t2=1.5: error: "));
  CHECK_THAT(result.err, EndsWith("4 errors\n"));
  CHECK(place.run("out").err == place.program({"check", "p.toml"}).err);
}

TEST_CASE("run reports the errors that check finds, before it creates anything") {
  Workplace const place(scenes_pipeline(7) + "palete = \"none\"\n");
  auto const result = place.run("out");
  CHECK(result.status == 2);
  CHECK_THAT(result.err,
             Contains("did you mean \"palette\"? (\"voc\" | \"none\", default \"voc\")"));
  CHECK_FALSE(std::filesystem::exists(place.folder / "out"));
}

TEST_CASE("a missing pipeline file is an error in the command line") {
  Workplace const place("");
  for (char const* const command : {"check", "run", "graph"}) {
    auto const result = place.program({command, "none.toml"});
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains("none.toml: there is no such file"));
  }
}

TEST_CASE("the only errors in the shipped pipelines are missing data") {
  Workplace const place("");
  std::filesystem::path const pipelines = SEPLFLOW_SOURCE_DIR "/pipelines";
  write_lists(place);
  write_folders(place);
  place.folder.write("sam.pth", sam_checkpoint(small_sam()));
  write_networks(place, "voc_nets", 20);
  write_networks(place, "coco_nets", 80);
  auto const is_built = [&](std::string const& stage) {
    return place.program({"stages", stage}).out.find("not built") == std::string::npos;
  };
  bool const torch = is_built("masks.sam"), panels = is_built("output.panels");
  bool const empty = GENERATE(true, false);
  if (!empty) write_files_of_images(place);
  int checked = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(pipelines)) {
    if (entry.path().extension() != ".toml") continue;
    std::string const text = read_text(entry.path());
    if (!torch && std::regex_search(text, std::regex(kUseOfNetwork))) continue;
    if (!panels && occurrences(text, "output.panels") > 0) continue;
    ProgramOptions options;
    options.environment = environment_of(place, entry.path());
    std::vector<std::string> arguments = {"check", entry.path().string(), "--quick"};
    for (auto const& stage : stages_with_networks(text)) {
      arguments.insert(arguments.end(), {"--set", stage + ".device=cpu"});
    }
    auto const result = place.program(arguments, options);
    INFO(entry.path() << ": " << result.err);
    ++checked;
    if (empty && occurrences(text, "_ROOT}") + occurrences(text, "TRUTH}") > 0) {
      CHECK(result.status == 2);
      CHECK_THAT(result.err, Contains(": 1 of 1 samples has no file") || Contains("no pictures"));
    } else {
      CHECK(occurrences(result.err, "error") == 0);
      CHECK(result.status == 0);
    }
  }
  CHECK(checked >= (torch && !empty ? 40 : 20));
}

TEST_CASE("check reports how many stages the variants of a sweep share") {
  Workplace const place(scenes_pipeline(7) +
                        "[sweep]\n\"select.t1\" = { from = 0.2, to = 0.8, step = 0.1 }\n"
                        "\"select.t2\" = { from = 0.6, to = 0.9, step = 0.05 }\n");
  CHECK(place.program({"check", "p.toml"}).out ==
        "p.toml: OK: pipeline \"scenes\", 49 variants, 149 stages instead of 245, 7 "
        "samples in \"scenes\"\n");
  CHECK(place.program({"check", "p.toml", "--sweep", "select.t1=0.3", "--sweep", "select.t2=0.7"})
            .out ==
        "p.toml: OK: pipeline \"scenes\", 1 variant, 5 stages, 7 samples in "
        "\"scenes\"\n");
}

TEST_CASE("the 49 variants of the paper's table of thresholds share stages") {
  Workplace const place("");
  place.folder.write("voc/ImageSets/Segmentation/train.txt", "2007_000032\n");
  place.folder.write("voc/SegmentationClass/2007_000032.png", "");
  place.folder.write("recurseed/2007_000032.png", "");
  place.folder.write("2007_000032.json", "");
  ProgramOptions options;
  options.environment = {{"VOC_ROOT", (place.folder / "voc").string()},
                         {"PSEUDO_LABELS", place.folder.path().string()},
                         {"SAM_MASKS", place.folder.path().string()}};
  auto const result =
      place.program({"check", SEPLFLOW_SOURCE_DIR "/pipelines/paper/table3.toml", "--quick"}, options);
  CHECK_THAT(result.out, Contains("49 variants, 151 stages instead of 343, 1 sample in \"voc\""));
}

TEST_CASE("an error in a sweep names the variants and the place") {
  Workplace const place(scenes_pipeline(7));
  auto const result = place.program({"check", "p.toml", "--sweep", "select.t1=0.5,1.5", "--sweep",
                                     "select.t2=0.6,0.7", "--sweep", "slect.t1=1"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, StartsWith("--sweep select.t1=0.5,1.5: error: variant "
                                    "\"select.t1=1.5,select.t2=0.6\" and 1 other: stage "));
  CHECK_THAT(result.err, Contains("--sweep slect.t1=1: error: the pipeline has no stage \"slect\"; "
                                  "did you mean \"select\"?"));
  CHECK_THAT(result.err, EndsWith("2 errors\n"));
}

TEST_CASE("a sweep of more than ten thousand variants needs --yes") {
  Workplace const place(scenes_pipeline(7));
  std::vector<std::string> arguments = {"check", "p.toml", "--sweep",
                                        "select.t1={from=0,to=1,step=0.0001}"};
  auto const refused = place.program(arguments);
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("has 10001 variants") && Contains("--yes"));
  arguments.push_back("--yes");
  CHECK_THAT(place.program(arguments).out, Contains("10001 variants"));
}

TEST_CASE("environment variables are read from the environment of the process") {
  Workplace const place(scenes_pipeline(2) + "palette = \"${PALETTE}\"\n");
  CHECK_THAT(place.program({"check", "p.toml"}).err, Contains("PALETTE is not set"));
  ProgramOptions options;
  options.environment["PALETTE"] = "none";
  CHECK(place.program({"check", "p.toml"}, options).status == 0);
}
