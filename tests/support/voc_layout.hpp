// The real labels of the test data in VOC's layout, for the pipelines that are shipped.
#pragma once

#include <filesystem>

#include "support/run_files.hpp"
#include "support/test_data.hpp"

// Made of links to the data; the train split is `list`.
struct VocLayout {
  explicit VocLayout(char const* list) {
    namespace fs = std::filesystem;
    fs::path const data = test_data() / "voc12-transcam";
    fs::create_directories(folder / "voc/ImageSets/Segmentation");
    fs::create_directories(folder / "labels");
    fs::create_symlink(fs::canonical(data / list), folder / "voc/ImageSets/Segmentation/train.txt");
    fs::create_symlink(fs::canonical(data / "truth_synthetic"), folder / "voc/SegmentationClass");
    fs::create_symlink(fs::canonical(data / "labels"), folder / "labels/transcam");
    fs::create_symlink(fs::canonical(data / "labels"), folder / "all_labels");
  }

  // seplflow run pipelines/PIPELINE --out run ...
  ProgramResult run(char const* pipeline, char const* masks, std::vector<std::string> more = {}) {
    ProgramOptions options;
    options.folder = folder.path();
    options.environment = {
        {"VOC_ROOT", (folder / "voc").string()},
        {"PSEUDO_LABELS", (folder / "labels").string()},
        {"SAM_MASKS", std::filesystem::canonical(test_data() / "voc12-transcam" / masks)}};
    std::vector<std::string> command = {
        "run", std::string(SEPLFLOW_SOURCE_DIR "/pipelines/") + pipeline, "--out", "run"};
    command.insert(command.end(), more.begin(), more.end());
    return run_seplflow(command, options);
  }

  TempFolder folder;
};
