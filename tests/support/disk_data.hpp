// A small data set on disk, made by running a pipeline, and SEPL over it.
#pragma once

#include "support/run_files.hpp"

// data/truth/NAME.png, data/pseudo/NAME.png, sam/NAME.json and list.txt for eight scenes of 24 x 32
// pixels, and p.toml, which runs SEPL over them.
class DiskData : public Workplace {
 public:
  DiskData()
      : Workplace(
            "[stages.scenes]\nuse = \"dataset.scenes\"\ncount = 8\nsize = [24, 32]\nseed = 5\n"
            "[stages.truth]\nuse = \"output.labels\"\nin = \"scenes.truth\"\n"
            "[stages.pseudo]\nuse = \"output.labels\"\nin = \"scenes.pseudo\"\n") {
    if (run("data", {"--quiet"}).status != 0) throw std::runtime_error("cannot make the data");
    std::string list;
    for (std::string const& name : samples()) {
      list += name + "\n";
      // A mask of the left half, and one of a few columns.
      folder.write("sam/" + name + ".json",
                   R"([{"segmentation": {"size": [24, 32], "counts": [0, 384, 384]}},)"
                   R"( {"segmentation": {"size": [24, 32], "counts": [240, 96, 432]}}])");
    }
    folder.write("list.txt", list);
    pipeline_file(pipeline());
  }

  static std::vector<std::string> samples() {
    std::vector<std::string> names;
    for (char digit = '0'; digit < '8'; ++digit)
      names.push_back(std::string("scene_00000") + digit);
    return names;
  }

  static std::string pipeline(std::string const& run = "") {
    return "name = \"disk\"\n"
           "[stages.data]\nuse = \"dataset.folder\"\nlist = \"list.txt\"\ntruth = \"data/truth\"\n"
           "classes = \"voc12\"\n"
           "[stages.cam]\nuse = \"cam.labels\"\nin = \"data\"\ndir = \"data/pseudo\"\n"
           "[stages.sam]\nuse = \"masks.json\"\nin = \"data\"\ndir = \"sam\"\n"
           "[stages.assign]\nuse = \"sepl.assign\"\nin = { pseudo = \"cam\", masks = \"sam\" }\n"
           "[stages.select]\nuse = \"sepl.select\"\n"
           "in = { pseudo = \"cam\", masks = \"sam\", overlaps = \"assign\" }\n"
           "[stages.score]\nuse = \"eval.miou\"\n"
           "in = { truth = \"data.truth\", labels = \"select\", baseline = \"cam\" }\n"
           "[stages.write]\nuse = \"output.labels\"\nin = \"select\"\n" +
           run;
  }
};
