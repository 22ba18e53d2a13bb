// What the stages have in common that load the scores of a sample: cam.npy, cam.pkl and cam.h5.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/seplflow.hpp>

#include "common/image_level_rule.hpp"
#include "common/sample_file.hpp"
#include "decode_maps.hpp"

namespace seplflow::cam {

using Endings = std::vector<std::string_view>;

// The names of the sample's entry in a file for many samples.
std::vector<std::string> entry_names(Sample const& sample, bool strict);

struct ScoreReader : Dialect, Scaling {
  std::optional<std::string> pattern;  // of the names of files
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check_scores(OptionCheck& check) const;
  bool needs_files() const { return on_missing == OnMissing::error; }

 protected:
  // The files that the sample may have in the folder, up to the first that exists: those of the
  // pattern, or else those with the endings. The first ending is that of published files; it is
  // tried under all names first, so that the others cost nothing where it is used, and it is the
  // only one if `strict`.
  std::vector<std::filesystem::path> files_in(std::filesystem::path const& folder,
                                              Sample const& sample, Endings const& endings) const;

  // The scores in the contents of `file`, in the precision of the file; if asked for, only those of
  // classes in the image-level labels. Without contents, those of no class. Throws Error, with the
  // file, when it does not fit the sample's classes and size, or scores are infinite or NaN.
  ScoreMaps scores_in(PickleValue const* contents, SampleContext const& context,
                      ImageLabels const* image_labels, std::string const& file) const;
};

// The manual: what CAM files hold, and then `forms` (a list) of what is read unless `strict`.
std::string score_details(std::string const& forms);

// Declares the options of ScoreReader.
template <class Stage, class Builder>
Builder& add_score_options(Builder& stage) {
  using T = Stage;
  return stage
      .option("pattern", &T::pattern,
              std::string(kPatternHelp) + " (default: {id} and the ending of the format)")
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
      .option("resize", &T::resize,
              "scales maps of any size to the image (default: maps have the size of the image)",
              choices<Resize>({{"bilinear", Resize::bilinear}, {"nearest", Resize::nearest}}))
      .option("align_corners", &T::align_corners,
              "with resize = \"bilinear\": whether the corner pixels of map and image coincide")
      .option("normalize", &T::normalize,
              "scales the scores of each map: max (divides by the highest), minmax (to 0..1) or "
              "none",
              choices<Normalize>({{"none", Normalize::none},
                                  {"max", Normalize::max},
                                  {"minmax", Normalize::minmax}}))
      .option("strict", &T::strict, "refuses files in any form that no published method writes");
}

}  // namespace seplflow::cam
