#include "score_reader.hpp"

#include <utility>

namespace seplflow::cam {

namespace fs = std::filesystem;

std::vector<std::string> entry_names(Sample const& sample, bool strict) {
  std::vector<std::string> names = sample_names(sample.id);
  if (auto number = voc_number(sample.id); number && !strict) names.push_back(std::move(*number));
  return names;
}

void ScoreReader::check_scores(OptionCheck& check) const {
  check_dialect(check);
  check_restriction(check, restrict_to_image_labels);
  if (pattern) refuse_pattern(check, *pattern);
  if (align_corners && resize != Resize::bilinear) {
    check.refuse("align_corners", "align_corners is for resize = \"bilinear\"");
  }
}

std::vector<fs::path> ScoreReader::files_in(fs::path const& folder, Sample const& sample,
                                            Endings const& endings) const {
  std::vector<fs::path> files;
  for (std::string_view const ending : pattern ? Endings{*pattern} : endings) {
    for (fs::path& file : sample_files(folder, sample, ending)) files.push_back(std::move(file));
    if (is_there(files.back())) return files;
    if (strict) break;
    auto const number = voc_number(sample.id);
    if (!number) continue;
    files.push_back(folder / placed(*number, ending));
    if (is_there(files.back())) return files;
  }
  return files;
}

ScoreMaps ScoreReader::scores_in(PickleValue const* contents, SampleContext const& context,
                                 ImageLabels const* image_labels, std::string const& file) const {
  Sample const& sample = context.sample();
  Classes const* const classes = sample.classes.get();
  FoundMaps found;
  if (contents) found = find_maps(*contents, *this, classes, file);
  DecodedMaps decoded = decode_maps(std::move(found), sample.size, *this, classes, strict, file);
  for (std::string const& name : decoded.left_out) {
    context.warn("a map that is NaN everywhere is left out, as that of an absent class", name);
  }
  ScoreMaps scores = std::move(decoded.scores);
  if (method) scores = scores.made_by(name_of(*method));
  // An array of all classes says nothing about what the image shows.
  bool const all = sample.classes && scores.classes().size() + 1 >= sample.classes->count();
  if (all && !restrict_to_image_labels) return scores;
  return with_image_labels(context, std::move(scores), image_labels, restrict_to_image_labels,
                           "CAM file");
}

std::string score_details(std::string const& forms) {
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
             "**Other files of one meaning** are read too, unless `strict = true`:\n\n") +
         forms +
         std::string(
             "- 2007000032 as the name of 2007_000032.\n"
             "- Class numbers as text (`\"14\"`) or as whole floating-point numbers, and class "
             "names, both as the keys of maps and in `keys`, also as numpy's text (dtypes U and S); "
             "`keys` of shape (n, 1) or (1, n), or a single number. Names and numbers in one list, "
             "and text that is both, are an error.\n"
             "- Scores in bytes (uint8), which are divided by 255, and bool. A file whose bytes are "
             "only 0 and 1 is an error.\n"
             "- Arrays of shape (1, K, H, W) and (K, 1, H, W), and (H, W) with one key; a list of "
             "maps; a dict of one entry, under any name, which is an array of all classes or such "
             "a dict.\n"
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

}  // namespace seplflow::cam
