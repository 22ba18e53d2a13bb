// The stages that load the scores of a sample from one file: cam.npy and cam.pkl.
#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>

#include <seplflow/formats/npy.hpp>
#include "base/finite.hpp"
#include "base/half.hpp"
#include "common/image_level_rule.hpp"
#include "common/sample_file.hpp"
#include "find_maps.hpp"
#include "resize.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

// A file format.
struct ScoreFileKind {
  char const* ending;                            // ".npy"
  Pickle (*read)(std::filesystem::path const&);  // throws Error, with the file
  char const* other_ending;                      // of files that may be there instead
  char const* other_stage;                       // the stage that reads those
};

constexpr ScoreFileKind kNpy = {".npy", &read_npy, ".pkl", "cam.pkl"};
constexpr ScoreFileKind kPkl = {".pkl", &read_pickle_file, ".npy", "cam.npy"};

std::string class_name(Label label, Classes const* classes) {
  std::string const number = "class " + std::to_string(label);
  return classes ? number + " (" + classes->names()[label] + ")" : number;
}

// Throws when a score is infinite or NaN; `width` is that of the map.
template <class T>
void require_finite(std::span<T const> map, std::uint64_t width, std::string const& whose) {
  if (all_finite(map)) return;
  auto const bad = std::ranges::find_if(map, [](T value) { return !std::isfinite(value); });
  auto const place = static_cast<std::uint64_t>(bad - map.begin());
  throw Error(whose + (std::isnan(*bad) ? " is NaN" : " is infinite") + " in row " +
              std::to_string(place / width) + ", column " + std::to_string(place % width));
}

Precision precision_of(std::vector<Array> const& maps) {
  auto const is = [&](ElementType type) {
    return [type](Array const& map) { return map.type() == type; };
  };
  if (std::ranges::any_of(maps, is(ElementType::float64))) return Precision::full;
  return std::ranges::all_of(maps, is(ElementType::float16)) ? Precision::half : Precision::single;
}

// The maps one after the other, in the size of the image; `half` rounds interpolated values.
template <class T>
std::unique_ptr<T[]> decode(FoundMaps const& found, Size image, Classes const* classes, bool half,
                            std::string const& file) {
  std::size_t const pixels = image.pixels();
  auto values = std::make_unique_for_overwrite<T[]>(found.maps.size() * pixels);
  std::vector<T> strided;
  for (std::size_t k = 0; k < found.maps.size(); ++k) {
    std::span const enlarged(values.get() + k * pixels, pixels);
    bool const enlarge = *found.size != image;
    if (enlarge) strided.resize(found.size->pixels());
    std::span const map = enlarge ? std::span(strided) : enlarged;
    found.maps[k].copy_to(map.data());
    require_finite<T>(map, found.size->width,
                      file + ": the score of " + class_name(found.classes[k], classes));
    if (!enlarge) continue;
    enlarge_strided<T>(strided, image, kStride, enlarged);
    if (!half) continue;
    for (T& value : enlarged) value = static_cast<T>(round_to_half(value));
  }
  return values;
}

// The size of the scores. Throws when the maps do not fit it.
Size image_size(FoundMaps const& found, std::optional<Size> image, std::string const& file) {
  if (!image && (!found.size || found.may_be_strided)) {
    throw Error(file +
                (found.size ? " holds maps that are smaller than the image" : " holds no maps") +
                kUnknownSize);
  }
  if (!image) return *found.size;
  bool const fits_strided =
      found.may_be_strided && found.size && *found.size == strided_size(*image, kStride);
  if (!found.classes.empty() && !fits_strided) {
    require_same_size(*found.size, file, *image, "the sample's image");
  }
  return *image;
}

// Loads scores in the precision of the file; if asked for, only those of classes in the image-level
// labels. Throws Error, with the file, when a required file is missing, a file cannot be read or
// does not fit the sample's classes and size, or scores are infinite or NaN.
template <ScoreFileKind const& kind>
struct ScoreFile : Dialect {
  fs::path dir;
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check(OptionCheck& check) const {
    check_dialect(check);
    check_restriction(check, restrict_to_image_labels);
  }
  std::vector<fs::path> files(Sample const& sample) const {
    return sample_files(dir, sample, kind.ending);
  }
  bool needs_files() const { return on_missing == OnMissing::error; }

  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    ScoreMaps scores = read(sample);
    if (method) scores = scores.made_by(name_of(*method));
    // An array of all classes says nothing about what the image shows.
    bool const all = sample.classes && scores.classes().size() + 1 >= sample.classes->count();
    if (all && !restrict_to_image_labels) return scores;
    return with_image_labels(context, std::move(scores), image_labels, restrict_to_image_labels,
                             "CAM file");
  }

 private:
  ScoreMaps read(Sample const& sample) const {
    fs::path const path = sample_file(dir, sample, kind.ending);
    if (on_missing == OnMissing::error && !is_there(path)) {
      fs::path const other = sample_file(dir, sample, kind.other_ending);
      if (is_there(other)) {
        throw Error("there is no CAM file " + path.string() + ", but there is " +
                    other.filename().string() + ", which " + kind.other_stage + " reads");
      }
    }
    std::string const file = path.string();
    if (is_missing(path, on_missing, "CAM file", "no class, so all background,")) {
      FoundMaps const none;
      return ScoreMaps(image_size(none, sample.size, file), {}, std::vector<float>());
    }
    Pickle const pickle = kind.read(path);
    Classes const* const classes = sample.classes.get();
    FoundMaps found = find_maps(pickle.root(), *this, classes, file);
    Size const size = image_size(found, sample.size, file);
    Precision const precision = precision_of(found.maps);
    if (precision == Precision::full) {
      auto values = decode<double>(found, size, classes, false, file);
      return ScoreMaps::adopt(size, std::move(found.classes), std::move(values));
    }
    auto values = decode<float>(found, size, classes, precision == Precision::half, file);
    return ScoreMaps::adopt(size, std::move(found.classes), std::move(values), precision);
  }
};

// The manual of both stages.
std::string score_file_details() {
  return std::string(
             "| `method` | Contents of a file | Classes | Background |\n"
             "|---|---|---|---|\n"
             "| `irn`, `clims`, `rib` | `keys`, `high_res` (or `cam`) | from 0 | implicit |\n"
             "| `clipes` | `keys`, `attn_highres` | from 0 | implicit |\n"
             "| `puzzlecam` | `keys`, `hr_cam` (or `cam`) | label ids, after a 0 without a map | "
             "implicit |\n"
             "| `puzzlecam_rw` | `keys`, `rw` | label ids, after a 0 without a map | implicit |\n"
             "| `recurseed` | `keys`, `seed` | label ids | implicit after a 0 without a map, else "
             "in-band |\n"
             "| `sipe` | `keys`, `IS_CAM` | label ids | in-band |\n"
             "| `psa`, `seam`, `transcam`, `eps`, `l2g` | a map for each class number | from 0 | "
             "implicit |\n"
             "| `ppc` | the same, or an array of all classes | from 0 | implicit; in-band in an "
             "array |\n\n"
             "Without `method`, the fields and shapes of each file decide. PSA's CAMs and its CRF "
             "scores look the same: set `method = \"psa\"` (or a descendant) for CAMs, and `keys = "
             "\"label_ids\"` for CRF scores. For a method that is not listed, `field`, `keys` and "
             "`background` replace the table. The field `cam`, which is stored at a fourth of the "
             "size, is used only if a file has nothing else: it is enlarged as the methods do "
             "(bilinear, pixel centres, cropped to the image).\n\n"
             "Scores keep the precision of the file. A file without a class gives an image that is "
             "all background. Errors are: classes that the data set does not have, maps whose size "
             "differs from the image's, and scores that are infinite or NaN. Files are only data: "
             "nothing in them is executed.\n\n"
             "A sample of COCO may use any name that COCO's files have "
             "(COCO_train2014_000000000009, 000000000009, 9); its id comes first.\n\n") +
         kRestrictDetails;
}

template <ScoreFileKind const& kind>
void declare_score_file(Plugin& plugin, char const* name, char const* summary) {
  using T = ScoreFile<kind>;
  plugin.stage<T>(name, summary)
      .inputs("sample", "image_labels")
      .by_default("image_labels")
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

}  // namespace

void declare_npy(Plugin& plugin) {
  declare_score_file<kNpy>(plugin, "cam.npy", "Reads a method's CAMs from .npy files");
}

void declare_pkl(Plugin& plugin) {
  declare_score_file<kPkl>(plugin, "cam.pkl",
                           "Reads a method's CAMs from plain pickles, such as RecurSeed's");
}

}  // namespace seplflow::cam
