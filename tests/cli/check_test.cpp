// seplflow check: every error before anything runs.

#include <seplflow/formats/png.hpp>
#include "nets/shapes.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"
#include "support/sam_checkpoint.hpp"

namespace {

// A checkpoint of a small network for the classes of VOC.
void write_network(Workplace const& place, char const* file, seplflow::nets::Network network) {
  seplflow::nets::NetworkShape shape;
  shape.network = network;
  shape.width = 4;
  shape.blocks = {1, 1, 1, 1};
  shape.classes = network == seplflow::nets::Network::deeplab ? 21 : 20;
  shape.edge = 4;
  place.folder.write(file, sam_checkpoint(seplflow::nets::expected_tensors(shape)));
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
  place.folder.write("voc/ImageSets/Segmentation/train.txt", "2007_000032\n");
  for (char const* const folder : {"voc/JPEGImages", "voc/SegmentationClass", "coco/train2014",
                                  "masks"}) {
    place.folder.write(folder + std::string("/.keep"), "");
  }
  for (char const* const method : {"recurseed", "l2g", "clipes", "rca", "eps", "clims", "transcam",
                                   "ppc_eps", "ppc_seam", "sipe", "puzzlecam"}) {
    place.folder.write(std::string("labels/") + method + "/.keep", "");
    place.folder.write(std::string("cams/") + method + "/2007_000032_14.png", "");
  }
  place.folder.write("coco/annotations/instances_train2014.json",
                     R"({"images": [{"id": 9, "file_name": "COCO_train2014_000000000009.jpg", )"
                     R"("height": 4, "width": 4}], "categories": [{"id": 1, "name": "person"}], )"
                     R"("annotations": [{"id": 1, "image_id": 9, "category_id": 1, "iscrowd": 0, )"
                     R"("segmentation": [[0, 0, 2, 0, 2, 2]]}]})");
  place.folder.write("masks/a.png", "");
  place.folder.write("voc/ImageSets/Segmentation/val.txt", "2007_000032\n");
  place.folder.write("sam.pth", sam_checkpoint(small_sam()));
  write_network(place, "cam.pth", seplflow::nets::Network::irn_cam);
  write_network(place, "irn.pth", seplflow::nets::Network::irn);
  write_network(place, "deeplab.pth", seplflow::nets::Network::deeplab);
  auto const is_built = [&](std::string const& stage) {
    return place.program({"stages", stage}).out.find("not built") == std::string::npos;
  };
  bool const torch = is_built("masks.sam"), panels = is_built("output.panels");
  bool const empty = GENERATE(true, false);
  if (!empty) {
    for (std::string const name : {"2007_000032", "COCO_train2014_000000000009"}) {
      place.folder.write("voc/JPEGImages/" + name + ".jpg", "");
      place.folder.write("coco/train2014/" + name + ".jpg", "");
      place.folder.write("voc/SegmentationClass/" + name + ".png", "");
      place.folder.write("masks/" + name + ".json", "");
      place.folder.write("masks/" + name + "/metadata.csv", "");
      place.folder.write("cams/" + name + ".npy", "");
      for (char const* const method : {"recurseed", "l2g", "clipes", "rca", "eps", "clims",
                                       "transcam", "ppc_eps", "ppc_seam", "sipe", "puzzlecam"}) {
        place.folder.write(std::string("labels/") + method + "/" + name + ".png", "");
        place.folder.write(std::string("cams/") + method + "/" + name + ".npy", "");
        place.folder.write(std::string("cams/") + method + "/" + name + ".pkl", "");
      }
    }
  }
  int checked = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(pipelines)) {
    if (entry.path().extension() != ".toml") continue;
    if (!torch && occurrences(read_text(entry.path()), "_CHECKPOINT}") > 0) continue;
    if (!panels && occurrences(read_text(entry.path()), "output.panels") > 0) continue;
    ProgramOptions options;
    options.environment = {{"VOC_ROOT", (place.folder / "voc").string()},
                           {"PSEUDO_LABELS", (place.folder / "labels").string()},
                           {"SAM_MASKS", (place.folder / "masks").string()},
                           {"COCO_ROOT", (place.folder / "coco").string()},
                           {"CAMS", (place.folder / "cams").string()},
                           {"IMAGES", (place.folder / "masks").string()},
                           {"SAM_CHECKPOINT", (place.folder / "sam.pth").string()},
                           {"CAM_CHECKPOINT", (place.folder / "cam.pth").string()},
                           {"IRN_CHECKPOINT", (place.folder / "irn.pth").string()},
                           {"DEEPLAB_CHECKPOINT", (place.folder / "deeplab.pth").string()}};
    auto const result = place.program({"check", entry.path().string(), "--quick"}, options);
    INFO(entry.path() << ": " << result.err);
    bool const reads = occurrences(read_text(entry.path()), "_ROOT}") > 0;
    ++checked;
    if (empty && reads) {
      CHECK(result.status == 2);
      CHECK_THAT(result.err, Contains(": 1 of 1 samples has no file"));
    } else {
      CHECK(occurrences(result.err, "error") == 0);
      CHECK(result.status == 0);
    }
  }
  CHECK(checked >= 24);
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
