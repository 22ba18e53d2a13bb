// Loads the scores of a sample from one file: the common part of cam.npy and cam.pkl.
#pragma once

#include <filesystem>
#include <optional>
#include <seplflow.hpp>
#include <string>
#include <vector>

#include "common/image_level_rule.hpp"
#include "common/on_missing.hpp"
#include "common/sample_file.hpp"
#include "data/image_labels.hpp"
#include "data/score_maps.hpp"
#include "dialect.hpp"
#include "formats/numpy/pickle.hpp"

namespace seplflow::cam {

// A file format.
struct ScoreFileKind {
  char const* ending;                            // ".npy"
  Pickle (*read)(std::filesystem::path const&);  // throws Error, with the file
  char const* other_ending;                      // of files that may be there instead
  char const* other_stage;                       // the stage that reads those
};

// The options and the work of both stages.
struct ScoreFile : Dialect {
  std::filesystem::path dir;
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check(OptionCheck& check) const;
  bool needs_files() const { return on_missing == OnMissing::error; }

  // The scores of the sample, in the precision of the file; if asked for, only those of classes in
  // the image-level labels. Throws Error, with the file, when a required file is missing, a file
  // cannot be read or does not fit the sample's classes and size, or scores are infinite or NaN.
  ScoreMaps load(SampleContext const& context, Sample const& sample,
                 ImageLabels const* image_labels, ScoreFileKind const& kind) const;

 private:
  ScoreMaps read(Sample const& sample, ScoreFileKind const& kind) const;
};

// The stage for a file format.
template <ScoreFileKind const& kind>
struct ScoreFileOf : ScoreFile {
  std::vector<std::filesystem::path> files(Sample const& sample) const {
    return sample_files(dir, sample, kind.ending);
  }
  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    return load(context, sample, image_labels, kind);
  }
};

// The manual of both stages.
std::string score_file_details();

template <ScoreFileKind const& kind>
void declare_score_file(Plugin& plugin, char const* name, char const* summary) {
  using T = ScoreFileOf<kind>;
  plugin.stage<T>(name, summary)
      .inputs("sample", "image_labels")
      .output("scores")
      .option("dir", &T::dir, std::string("folder with NAME") + kind.ending + " for each sample",
              existing_folder(), required())
      .option(
          "method", &T::method,
          "the method that wrote the files; without it, the contents of each file decide, unless "
          "they are ambiguous",
          kCamMethods)
      .option("field", &T::field,
              "name of the entry with the scores, in files {\"keys\": ..., FIELD: ...} of a method "
              "that is not listed here")
      .option("keys", &T::keys,
              "meaning of the class numbers: zero_based (0 is the first foreground class) or "
              "label_ids (0 is background)",
              kKeyChoices)
      .option("background", &T::background,
              "whether background has a map (in_band) or not (implicit: a threshold replaces it)",
              kBackgroundChoices)
      .option("on_missing", &T::on_missing,
              "what to do about a sample without a file: report an error, or treat it as empty (no "
              "class, so all background)",
              kOnMissing)
      .option("restrict_to_image_labels", &T::restrict_to_image_labels, kRestrictHelp)
      .details(score_file_details());
}

}  // namespace seplflow::cam
