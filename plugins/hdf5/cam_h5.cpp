#include <optional>
#include <string>
#include <vector>

#include "cam/score_reader.hpp"
#ifndef SEPLFLOW_WITHOUT_HDF5
#include "hdf5_file.hpp"
#endif
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

// CAMs in HDF5: a file for each sample, or one for all.
struct H5 : ScoreReader {
  std::optional<fs::path> dir, file;

  void check(OptionCheck& check) const {
    check_scores(check);
    if (dir.has_value() == file.has_value()) {
      check.refuse(dir ? "file" : "dir",
                   "set either dir (a folder with NAME.h5 for each sample) or file (one file with an "
                   "entry NAME for each sample)");
    }
    if (file && pattern) check.refuse("pattern", "`pattern` is for `dir`, not for `file`");
  }

  std::vector<fs::path> files(Sample const& sample) const {
    if (file) return {*file};
    return files_in(*dir, sample, {".h5", ".hdf5"});
  }

#ifdef SEPLFLOW_WITHOUT_HDF5
  ScoreMaps operator()(SampleContext const&, Sample const&, ImageLabels const*) const {
    throw Error("this build cannot read HDF5");
  }
#else
  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    auto const candidates = files(sample);
    fs::path const& path = is_there(candidates.back()) ? candidates.back() : candidates.front();
    std::string const name = file ? path.string() + ", " + sample.id : path.string();
    if (!file && is_missing(path, on_missing, "CAM file", "no class, so all background,")) {
      warn_of_missing(context, "CAM file", "has no class", path.string());
      return scores_in(nullptr, context, image_labels, name);
    }
    auto const found =
        read_hdf5(path, file ? entry_names(sample, strict) : std::vector<std::string>{"/"});
    if (!found) {
      require_empty_allowed(sample, path);
      warn_of_missing(context, "CAM entry", "has no class", name);
      return scores_in(nullptr, context, image_labels, name);
    }
    PickleValue const root = found->root();
    return scores_in(&root, context, image_labels, name);
  }

 private:
  void require_empty_allowed(Sample const& sample, fs::path const& path) const {
    if (on_missing == OnMissing::empty) return;
    throw Error("there is no group or dataset \"" + sample.id + "\" in " + path.string() +
                " (set on_missing = \"empty\" to use no class, so all background, instead)");
  }
#endif
};

}  // namespace

void declare_h5(Plugin& plugin) {
  auto& stage = plugin.stage<H5>("cam.h5", "Reads a method's CAMs from HDF5 files");
#ifdef SEPLFLOW_WITHOUT_HDF5
  stage.missing_library("libhdf5");
#endif
  stage.inputs("sample", "image_labels").by_default("image_labels")
      .output("scores")
      .option("dir", &H5::dir, "folder with NAME.h5 (or NAME.hdf5) for each sample",
              existing_folder())
      .option("file", &H5::file, "one file for all samples, with a group or a dataset NAME for each",
              existing_file());
  add_score_options<H5>(stage).details(
      "A group is read as a dict of its datasets, and a dataset as an array: `keys` and `high_res` "
      "in a group are a file of IRN, and datasets that are named by class numbers a file of PSA. "
      "Links to other objects or files are errors. With `file`, a sample's entry is its name in the "
      "file; the samples take turns at it.\n\n" +
      score_details("- Class numbers as the names of datasets, which are always text.\n"));
}

}  // namespace seplflow::cam
