// The stages that load the scores of a sample from one file: cam.npy and cam.pkl.
#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/python_file.hpp>
#include "common/image_level_rule.hpp"
#include "common/sample_file.hpp"
#include "decode_maps.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

using Endings = std::vector<std::string_view>;
using Read = Pickle (*)(fs::path const&);  // throws Error, with the file

// A file format.
struct ScoreFileKind {
  Endings endings;    // of NAME; the first is that of published files
  Read read;          // the published format
  Read read_any;      // whatever is unambiguous
  Endings others;     // of files that may be there instead
  char const* other;  // the stage that reads those
};

ScoreFileKind const kNpy = {
    {".npy", ".npz", ".pt", ".pth"}, &read_npy, &read_python_file, {".pkl"}, "cam.pkl"};
ScoreFileKind const kPkl = {{".pkl"},
                            &read_pickle_file,
                            &read_pickle_file,
                            {".npy", ".npz", ".pt", ".pth"},
                            "cam.npy"};

// Loads scores in the precision of the file; if asked for, only those of classes in the image-level
// labels. Throws Error, with the file, when a required file is missing, a file cannot be read or
// does not fit the sample's classes and size, or scores are infinite or NaN.
template <ScoreFileKind const& kind>
struct ScoreFile : Dialect, Scaling {
  fs::path dir;
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check(OptionCheck& check) const {
    check_dialect(check);
    check_restriction(check, restrict_to_image_labels);
    if (align_corners && resize != Resize::bilinear) {
      check.refuse("align_corners", "align_corners is for resize = \"bilinear\"");
    }
  }
  std::vector<fs::path> files(Sample const& sample) const { return candidates(sample); }
  bool needs_files() const { return on_missing == OnMissing::error; }

  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    ScoreMaps scores = read(context, sample);
    if (method) scores = scores.made_by(name_of(*method));
    // An array of all classes says nothing about what the image shows.
    bool const all = sample.classes && scores.classes().size() + 1 >= sample.classes->count();
    if (all && !restrict_to_image_labels) return scores;
    return with_image_labels(context, std::move(scores), image_labels, restrict_to_image_labels,
                             "CAM file");
  }

 private:
  // The files that the sample may have, up to the first that exists. The published ending comes
  // first under all names, so that other endings cost nothing where it is used.
  std::vector<fs::path> candidates(Sample const& sample) const {
    std::vector<fs::path> files;
    for (std::string_view const ending : kind.endings) {
      for (fs::path& file : sample_files(dir, sample, ending)) files.push_back(std::move(file));
      if (is_there(files.back())) return files;
      if (strict) break;
      auto const number = voc_number(sample.id);
      if (!number) continue;
      files.push_back(dir / (*number + std::string(ending)));
      if (is_there(files.back())) return files;
    }
    return files;
  }

  // The file of the sample; named after its id when there is none.
  fs::path file_of(Sample const& sample) const {
    auto files = candidates(sample);
    return is_there(files.back()) ? files.back() : files.front();
  }

  void name_other_stage(Sample const& sample, fs::path const& missing) const {
    for (std::string_view const ending : kind.others) {
      fs::path const other = sample_file(dir, sample, ending);
      if (!is_there(other)) continue;
      throw Error("there is no CAM file " + missing.string() + ", but there is " +
                  other.filename().string() + ", which " + kind.other + " reads");
    }
  }

  ScoreMaps read(SampleContext const& context, Sample const& sample) const {
    fs::path const path = file_of(sample);
    if (on_missing == OnMissing::error && !is_there(path)) name_other_stage(sample, path);
    std::string const file = path.string();
    Classes const* const classes = sample.classes.get();
    if (is_missing(path, on_missing, "CAM file", "no class, so all background,")) {
      return decode_maps({}, sample.size, *this, classes, strict, file).scores;
    }
    Pickle const pickle = (strict ? kind.read : kind.read_any)(path);
    DecodedMaps decoded = decode_maps(find_maps(pickle.root(), *this, classes, file), sample.size,
                                      *this, classes, strict, file);
    for (std::string const& name : decoded.left_out) {
      context.warn("a map that is NaN everywhere is left out, as that of an absent class", name);
    }
    return std::move(decoded.scores);
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
             "(COCO_train2014_000000000009, 000000000009, 9); its id comes first.\n\n"
             "**Other files of one meaning** are read too, unless `strict = true`:\n\n"
             "- `cam.npy`: NAME.npz (each entry is a field or a class), NAME.pt and NAME.pth (a "
             "tensor or a dict), if there is no NAME.npy; any of these by its content, whatever its "
             "ending.\n"
             "- 2007000032 as the name of 2007_000032.\n"
             "- Class numbers as text (`\"14\"`) or as whole floating-point numbers; `keys` of "
             "shape (n, 1) or (1, n), or a single number.\n"
             "- Scores in bytes (uint8), which are divided by 255, and bool. A file whose bytes are "
             "only 0 and 1 is an error.\n"
             "- Arrays of shape (1, K, H, W) and (K, 1, H, W), and (H, W) with one key; a dict with "
             "one array of all classes, under any name.\n"
             "- A map that is NaN everywhere is left out, with a warning: dividing the map of an "
             "absent class by its maximum of 0 gives such maps. If all are NaN, it is an error.\n\n"
             "**Other sizes and scales** need an option. `resize` scales maps of any size to the "
             "image, as torch's `interpolate(size=...)` does, with or without `align_corners`. "
             "Then `normalize = \"max\"` replaces negative scores by 0 and divides each map by its "
             "highest score, and `normalize = \"minmax\"` maps each to 0..1 by its lowest and its "
             "highest score; a map of one value becomes 0. Logits need one of these before a "
             "threshold.\n\n") +
         kRestrictDetails;
}

template <ScoreFileKind const& kind>
void declare_score_file(Plugin& plugin, char const* name, char const* summary) {
  using T = ScoreFile<kind>;
  plugin.stage<T>(name, summary)
      .inputs("sample", "image_labels")
      .by_default("image_labels")
      .output("scores")
      .option("dir", &T::dir, "folder with NAME" + std::string(kind.endings.front()) + " for each sample",
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
      .option("strict", &T::strict, "refuses files in any form that no published method writes")
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
