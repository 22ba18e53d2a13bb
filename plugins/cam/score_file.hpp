// Loads the scores of a sample from one file: what cam.npy and cam.pkl have in common.
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

// A kind of files.
struct ScoreFileKind {
  char const* ending;                            // ".npy"
  Pickle (*read)(std::filesystem::path const&);  // throws Error, naming the file
  char const* other_ending;                      // of files that are mistaken for them
  char const* other_stage;                       // which reads those
};

// Options and work of the stages.
struct ScoreFile {
  std::filesystem::path dir;
  std::optional<CamMethod> method;
  std::optional<std::string> field;
  std::optional<Keys> keys;
  std::optional<Background> background;
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check(OptionCheck& check) const;
  bool needs_files() const { return on_missing == OnMissing::error; }

  // The scores of the sample, in the precision of the file; of the classes that the image-level
  // labels do not deny, where that is asked for. Throws Error, naming the file, when it is not
  // there (and must be), cannot be read, does not fit the sample's classes and size, or holds
  // scores that are infinite or no numbers.
  ScoreMaps load(SampleContext const& context, Sample const& sample,
                 ImageLabels const* image_labels, ScoreFileKind const& kind) const;

 private:
  Dialect dialect() const { return {method, field, keys, background}; }
  ScoreMaps read(Sample const& sample, ScoreFileKind const& kind) const;
};

// The stage of a kind.
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

// What the manual says of all of them.
std::string score_file_details();

template <ScoreFileKind const& kind>
void declare_score_file(Plugin& plugin, char const* name, char const* summary) {
  using T = ScoreFileOf<kind>;
  plugin.stage<T>(name, summary)
      .inputs("sample", "image_labels")
      .output("scores")
      .option("dir", &T::dir, std::string("folder with NAME") + kind.ending + " for every sample",
              existing_folder(), required())
      .option("method", &T::method,
              "the method that made the files; without it, what a file holds decides, where that "
              "is certain",
              cam_method_choices())
      .option("field", &T::field,
              "the entry that holds the scores, in files {\"keys\": ..., FIELD: ...} of no method "
              "listed here")
      .option("keys", &T::keys,
              "what the numbers of the classes are: zero_based (0 is the first class in the "
              "foreground) or label_ids (0 is background)",
              choices<Keys>({{"zero_based", Keys::zero_based}, {"label_ids", Keys::label_ids}}))
      .option("background", &T::background,
              "whether background has a map of its own (in_band) or none (implicit: a threshold "
              "will stand for it)",
              choices<Background>(
                  {{"implicit", Background::implicit}, {"in_band", Background::in_band}}))
      .option("on_missing", &T::on_missing,
              "what a sample without a file is: an error, or empty (no class, so all background)",
              on_missing_choices())
      .option("restrict_to_image_labels", &T::restrict_to_image_labels, kRestrictHelp)
      .details(score_file_details());
}

}  // namespace seplflow::cam
