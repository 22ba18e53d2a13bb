// What `seplflow new pipeline` asks, and which answers it takes.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <seplflow/error.hpp>

#include "base/similar_names.hpp"
#include "cli/new_pipeline.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

bool has_answer(Answers const& answers, std::string_view question, std::string_view value) {
  return answer(answers, question) == value;
}

bool has_standard_data(Answers const& answers) {
  return has_answer(answers, "data", "voc12") || has_answer(answers, "data", "coco14");
}
bool has_own_data(Answers const& answers) {
  return has_answer(answers, "data", "folder");
}
bool has_files(Answers const& answers) {
  return has_standard_data(answers) || has_own_data(answers);
}
bool has_cams(Answers const& answers) {
  return has_answer(answers, "pseudo", "cams");
}
bool has_cams_of_another_method(Answers const& answers) {
  return has_cams(answers) && has_answer(answers, "method", "own");
}
bool runs_sam(Answers const& answers) {
  return has_answer(answers, "masks", "sam");
}
bool has_masks(Answers const& answers) {
  return !answer(answers, "masks").empty() && !runs_sam(answers);
}
bool always(Answers const&) {
  return true;
}

std::vector<Choice> any_text(Answers const&) {
  return {};
}
std::string nothing_usual(Answers const&) {
  return "";
}
void anything(std::string const&, Answers const&) {}

// `; did you mean "/data/masks"?` for a path that does not exist: what the folder has where it
// ends.
std::string hint_at(fs::path const& path) {
  std::error_code error;
  fs::path folder = fs::absolute(path).lexically_normal();
  std::string missing;
  while (!fs::exists(folder, error) && folder.has_relative_path()) {
    missing = folder.filename().string();
    folder = folder.parent_path();
  }
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().string());
  }
  std::string const meant = did_you_mean((folder / missing).string(), names);
  return meant.empty() ? "; " + folder.string() + " has nothing of that name" : meant;
}

[[noreturn]] void refuse_path(std::string const& text, std::string const& kind) {
  std::error_code error;
  if (fs::exists(path_in(text), error)) throw Error("\"" + text + "\" is not a " + kind);
  throw Error("there is no " + kind + " \"" + text + "\"" + hint_at(path_in(text)));
}

void require_folder(std::string const& text) {
  std::error_code error;
  if (!fs::is_directory(path_in(text), error)) refuse_path(text, "folder");
}

void require_file(std::string const& text) {
  std::error_code error;
  if (!fs::is_regular_file(path_in(text), error)) refuse_path(text, "file");
}

void check_folder(std::string const& text, Answers const&) {
  require_folder(text);
}
void check_file(std::string const& text, Answers const&) {
  require_file(text);
}

void check_folder_or_none(std::string const& text, Answers const&) {
  if (text != "none") require_folder(text);
}

void check_root(std::string const& text, Answers const& answers) {
  require_folder(text);
  std::error_code error;
  char const* const part = has_answer(answers, "data", "voc12") ? "ImageSets" : "annotations";
  if (fs::is_directory(path_in(text) / part, error)) return;
  throw Error("the folder \"" + text + "\" has no folder \"" + part + "\" in it; expected " +
              (has_answer(answers, "data", "voc12")
                   ? "the folder VOC2012 of the unpacked data set"
                   : "the folder with annotations, train2014 and val2014"));
}

void check_masks_path(std::string const& text, Answers const& answers) {
  std::error_code error;
  if (has_answer(answers, "masks", "json") && fs::is_regular_file(path_in(text), error)) return;
  require_folder(text);
}

void check_background(std::string const& text, Answers const& answers) {
  if (text == "map" && has_answer(answers, "format", "png")) {
    throw Error("CAMs in PNG files have no map for the background; expected a number from 0 to 1");
  }
  if (text == "map") return;
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && value >= 0 && value <= 1) return;
  throw Error("expected a number from 0 to 1, such as 0.2, or map; got \"" + text + "\"");
}

void check_classes(std::string const& text, Answers const&) {
  if (text == "voc12" || text == "coco14") return;
  if (text.find(',') == std::string::npos) {
    throw Error(
        "expected voc12, coco14, or the names of at least two classes, such as "
        "\"background,cell\"; got \"" +
        text + "\"");
  }
}

std::vector<Choice> data_choices(Answers const&) {
  return {{"voc12", "PASCAL VOC 2012"},
          {"coco14", "MS COCO 2014"},
          {"folder", "images of your own in a folder"},
          {"scenes", "none: generated scenes with pseudo-labels and masks, to try seplflow"}};
}

std::vector<Choice> yes_or_no(Answers const&) {
  return {{"yes", ""}, {"no", ""}};
}

std::vector<Choice> pseudo_choices(Answers const&) {
  return {{"labels", "label files (PNG): the final pseudo-labels of a method"},
          {"cams", "CAMs, which a threshold turns into labels"}};
}

std::vector<Choice> method_choices(Answers const&) {
  std::vector<Choice> choices;
  for (char const* const name :
       {"irn", "clims", "rib", "psa", "seam", "transcam", "ppc", "eps", "sipe", "puzzlecam",
        "puzzlecam_rw", "recurseed", "clipes", "l2g", "rca"}) {
    choices.push_back({name, ""});
  }
  choices.push_back({"own", "another method"});
  return choices;
}

// RCA writes PNG files only, and nobody else but L2G writes them.
std::vector<Choice> format_choices(Answers const& answers) {
  Choice const png = {"png", "a PNG file for each class of an image: NAME_0.png"};
  if (has_answer(answers, "method", "rca")) return {png};
  std::vector<Choice> choices = {
      {"npy", "NAME.npy, NAME.npz or NAME.pt"}, {"pkl", "NAME.pkl"}, {"h5", "NAME.h5"}};
  std::string const& method = answer(answers, "method");
  if (method.empty() || method == "l2g" || method == "own") choices.push_back(png);
  return choices;
}

std::string usual_format(Answers const& answers) {
  if (has_answer(answers, "method", "rca") || has_answer(answers, "method", "l2g")) return "png";
  return has_answer(answers, "method", "recurseed") ? "pkl" : "npy";
}

std::vector<Choice> masks_choices(Answers const&) {
  return {{"json", "JSON files, as amg.py --convert-to-rle of segment-anything writes them"},
          {"png", "a folder of PNG files for each image, as amg.py writes them"},
          {"npy", "NumPy files"},
          {"sam", "none yet: seplflow runs SAM itself, from an official checkpoint"}};
}

std::string usual_split(Answers const& answers) {
  return has_answer(answers, "data", "voc12") ? "train" : "train2014";
}

std::string usually_yes(Answers const&) {
  return "yes";
}
std::string usual_background(Answers const&) {
  return "0.2";
}

// The stage that an answer needs, if programs can be built without it.
std::string optional_stage(Question const& question, std::string const& choice) {
  if (question.name == "masks" && choice == "sam") return "masks.sam";
  if (question.name == "format" && choice == "h5") return "cam.h5";
  return "";
}

std::string missing_library(Question const& question, std::string const& choice,
                            StageCatalog const& catalog) {
  std::string const stage = optional_stage(question, choice);
  return stage.empty() ? "" : catalog.listed(stage).missing_library;
}

}  // namespace

std::string const& answer(Answers const& answers, std::string_view question) {
  static std::string const kNone;
  auto const found = answers.find(question);
  return found == answers.end() ? kNone : found->second;
}

fs::path path_in(std::string const& text) {
  char const* const home = std::getenv("HOME");
  return text.starts_with("~/") && home ? fs::path(home) / text.substr(2) : fs::path(text);
}

std::vector<Question> const& questions() {
  static std::vector<Question> const kQuestions = {
      {"data", "", "", "the data set", "Which data set do you have?", always, data_choices,
       nothing_usual, anything},
      {"root", "FOLDER", "with voc12 or coco14", "the folder of the data set",
       "Where is the data set? The folder VOC2012, or the one with annotations and train2014 in "
       "it.",
       has_standard_data, any_text, nothing_usual, check_root},
      {"split", "NAME", "with voc12 or coco14",
       "which samples, such as train, train_aug or train2014",
       "Which samples? The name of a split, such as train, train_aug or train2014.",
       has_standard_data, any_text, usual_split, anything},
      {"score", "", "with voc12 or coco14", "whether to score the labels with the ground truth",
       "Score the labels with the ground truth of the data set?", has_standard_data, yes_or_no,
       usually_yes, anything},
      {"images", "FOLDER", "with folder", "the folder of the images",
       "Where are the images? A folder.", has_own_data, any_text, nothing_usual, check_folder},
      {"classes", "NAMES", "with folder",
       "voc12, coco14, or the names of the classes, separated by commas, background first",
       "What are the classes? voc12, coco14, or their names, separated by commas, background "
       "first.",
       has_own_data, any_text, nothing_usual, check_classes},
      {"truth", "FOLDER|none", "with folder", "the folder of the ground truth, or none",
       "Where is the ground truth? A folder, or none.", has_own_data, any_text, nothing_usual,
       check_folder_or_none},
      {"pseudo", "", "", "what the pseudo-labels come from",
       "What do you have of a weakly supervised method?", has_files, pseudo_choices, nothing_usual,
       anything},
      {"method", "", "", "the method that made the labels or CAMs; own: another one",
       "Which method is it?", has_files, method_choices, nothing_usual, anything},
      {"format", "", "with cams", "the files of the CAMs", "Which files are the CAMs?", has_cams,
       format_choices, usual_format, anything},
      {"background", "N|map", "with cams of another method",
       "the score of the background, from 0 to 1, or map if the CAMs have a map for it",
       "What is the score of the background? A number from 0 to 1, or map if the CAMs have a map "
       "for "
       "it.",
       has_cams_of_another_method, any_text, usual_background, check_background},
      {"pseudo-path", "FOLDER", "", "the folder of the labels or CAMs",
       "Where are the labels or CAMs? A folder.", has_files, any_text, nothing_usual, check_folder},
      {"masks", "", "", "the masks of SAM", "Which masks of SAM do you have?", has_files,
       masks_choices, nothing_usual, anything},
      {"masks-path", "FOLDER", "with json, png or npy",
       "the folder of the masks; with json also one file for all",
       "Where are the masks? A folder, or with json also one file for all images.", has_masks,
       any_text, nothing_usual, check_masks_path},
      {"checkpoint", "FILE", "with sam", "the weights, such as sam_vit_h_4b8939.pth",
       "Where are the weights of SAM? A file, such as sam_vit_h_4b8939.pth.", runs_sam, any_text,
       nothing_usual, check_file},
  };
  return kQuestions;
}

std::vector<Choice> available_choices(Question const& question, Answers const& answers,
                                      StageCatalog const& catalog) {
  auto choices = question.choices(answers);
  std::erase_if(choices, [&](Choice const& choice) {
    return !missing_library(question, choice.name, catalog).empty();
  });
  return choices;
}

void check_answer(Question const& question, std::string const& value, Answers const& answers,
                  StageCatalog const& catalog, AnswerPaths paths) {
  if (value.empty()) throw Error("an answer is needed");
  std::string const missing = missing_library(question, value, catalog);
  if (!missing.empty()) {
    throw Error("this seplflow was built without " + missing + ", which \"" + value + "\" needs");
  }
  std::vector<std::string> names;
  for (Choice const& choice : available_choices(question, answers, catalog)) {
    names.push_back(choice.name);
  }
  if (!names.empty() && std::ranges::find(names, value) == names.end()) {
    std::string const hint = did_you_mean(value, names);
    throw Error("\"" + value + "\" is not one of the answers" +
                (hint.empty() ? "; expected " + quoted_list(names) : hint));
  }
  bool const is_path = question.placeholder.starts_with("F");
  if (!is_path || paths == AnswerPaths::must_exist) question.check(value, answers);
}

}  // namespace seplflow::cli
