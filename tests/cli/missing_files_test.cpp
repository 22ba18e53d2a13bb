// What check tells of the files that samples lack.
#include <filesystem>

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace {

std::string const kFolder = R"([stages.data]
use = "dataset.folder"
list = "list.txt"
truth = "truth"
classes = ["background", "cat"]
)";
std::string const kVoc = R"([stages.data]
use = "dataset.voc"
root = "voc"
)";
std::string const kSepl = R"([stages.masks]
use = "masks.json"
in = "data"
dir = "masks"
[stages.cam]
use = "cam.labels"
in = "data"
dir = "cams"
[stages.sepl]
use = "sepl.reference"
in = { pseudo = "cam", masks = "masks" }
[stages.score]
use = "eval.miou"
in = { truth = "data.truth", labels = "sepl" }
)";

}  // namespace

TEST_CASE("samples without files are told, each stage's with the first") {
  Workplace const place(kFolder + kSepl);
  place.folder.write("list.txt", "a\nb\n000000000139\n");
  for (char const* const file : {"truth/a.png", "truth/b.png", "truth/139.png", "masks/b.json",
                                 "cams/a.png", "cams/000000000139.png"}) {
    place.folder.write(file, "");
  }
  std::string const at = (place.folder.path() / "masks").string();
  std::string const masks =
      "stage \"masks\" (masks.json): 2 of 3 samples have no file, the first "
      "is a: " +
      at + "/a.json or a.json.gz\n    [stages.masks]\n            ^\n";
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(result.err ==
        "p.toml:6:9: error: " + masks +
            "p.toml:10:9: error: stage \"cam\" (cam.labels): 1 of 3 samples has no file, "
            "the first is b: " +
            (place.folder.path() / "cams/b.png").string() +
            " or b.PNG or b.npy\n    [stages.cam]\n            ^\n2 errors\n");

  auto const skipped = place.program(
      {"check", "p.toml", "--quick", "--set", "run.on_error=skip", "--set", "cam.on_missing=empty"});
  CHECK(skipped.status == 0);
  CHECK(skipped.err == "p.toml:6:9: warning: " + masks);

  auto const last = place.program({"check", "p.toml", "--set", "run.shard=2/3"});
  CHECK(last.err ==
        "p.toml:6:9: error: stage \"masks\" (masks.json): 1 of 1 samples has no file, the "
        "first is 000000000139: " +
            at +
            "/000000000139.json or 139.json or COCO_train2014_000000000139.json or "
            "COCO_val2014_000000000139.json or 000000000139.json.gz or 139.json.gz or "
            "COCO_train2014_000000000139.json.gz or COCO_val2014_000000000139.json.gz; the folder "
            "has other files, such as b.json\n    "
            "[stages.masks]\n            ^\n");
  CHECK(place
            .program({"check", "p.toml", "--quick", "--set", "cam.on_missing=empty", "--set",
                      "masks.on_missing=empty"})
            .status == 0);
}

TEST_CASE("what is missing in one place hides nothing that is missing in another") {
  Workplace const place(kVoc + kSepl);
  place.folder.write("voc/ImageSets/Segmentation/train.txt", "a\nb\n");
  std::filesystem::create_directory(place.folder / "masks");
  place.folder.write("cams/a_0.png", "");
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 2);
  CHECK_THAT(
      result.err,
      Contains("p.toml:1:9: error: stage \"data\" (dataset.voc): output \"truth\" is used, but "
               "there is no folder") &&
          Contains("p.toml:8:9: error: stage \"cam\" (cam.labels): 2 of 2 samples have no "
                   "file, the first is a: ") &&
          Contains("cams/a.png or a.PNG or a.npy; the folder has other files, such as a_0.png\n") &&
          Contains("p.toml:4:9: error: stage \"masks\" (masks.json): 2 of 2 samples") &&
          Contains("masks/a.json or a.json.gz; the folder is empty\n") && EndsWith("3 errors\n"));
}

TEST_CASE("names that lead into folders that are not there are missing files") {
  Workplace const place(kFolder + R"([stages.score]
use = "eval.miou"
in = { truth = "data.truth", labels = "data.truth" }
)");
  place.folder.write("list.txt", "city/a\ncity/b\n");
  std::filesystem::create_directory(place.folder / "truth");
  place.folder.write("truth/.hidden", "");
  auto const result = place.program({"check", "p.toml"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err,
             Contains("2 of 2 samples have no file for \"truth\", the first is city/a: ") &&
                 Contains("truth/city/a.png or a.PNG or a.npy; the folder does not exist"));
}

TEST_CASE("files that a stage cannot name are its error, at its line") {
  Workplace const place(R"([stages.scenes]
use = "dataset.scenes"
count = 6
size = [8, 8]
[stages.odd]
use = "test.unlisted"
in = "scenes.pseudo"
every = 2
[stages.write]
use = "output.labels"
in = "odd"
)");
  auto const result = place.program({"check", "p.toml"}, with_faulty());
  CHECK(result.status == 2);
  CHECK_THAT(result.err,
             StartsWith("p.toml:5:9: error: stage \"odd\" (test.unlisted): sample \"scene_000001\" "
                        "(and 2 other samples): its folder cannot be listed\n"));
  auto const skips =
      place.program({"check", "p.toml", "--set", "run.on_error=skip"}, with_faulty());
  CHECK(skips.status == 0);
  CHECK_THAT(skips.err, Contains("p.toml:5:9: warning: stage \"odd\" (test.unlisted): sample "));
}

TEST_CASE("missing files hide no other error, and are not searched for if there are two sources") {
  Workplace const place(kVoc + R"([stages.cam]
use = "cam.labels"
in = "data"
dir = "cams"
[stages.write]
use = "output.labels"
in = "cam"
[published]
"nostage.miou" = 3
)");
  place.folder.write("voc/ImageSets/Segmentation/train.txt", "a\n");
  place.folder.write("voc/ImageSets/Segmentation/val.txt", "b\n");
  std::filesystem::create_directory(place.folder / "cams");
  auto const both = place.program({"check", "p.toml"});
  CHECK_THAT(both.err, Contains("nostage") && Contains("1 of 1 samples has no file") &&
                           Contains("the folder is empty") && Contains("2 errors\n"));
  auto const sweep = place.program({"check", "p.toml", "--sweep", "data.split=train,val"});
  CHECK(sweep.status == 2);
  CHECK_THAT(sweep.err, Contains("read different data") && !Contains("samples have no file"));
}
