// The file that `seplflow new pipeline` writes.
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "cli/new_pipeline.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::pair<std::string, std::string>>;  // keys and values as TOML

std::string as_toml(std::string const& value) {
  return resolved_text(OptionValue(value));
}

// A stage with its comment, and the equals signs below each other.
std::string commented_stage(std::string const& comment, std::string const& name,
                            Lines const& lines) {
  std::size_t width = 0;
  for (auto const& [key, value] : lines) width = std::max(width, key.size());
  std::string table = "\n" + comment + "[stages." + name + "]\n";
  for (auto const& [key, value] : lines) {
    table += key + std::string(width - key.size(), ' ') + " = " + value + "\n";
  }
  return table;
}

class PipelineTemplate {
 public:
  PipelineTemplate(Answers const& answers, fs::path const& file) : answers_(answers), file_(file) {}

  std::string pipeline() const {
    if (is("data", "scenes")) return scenes() + sepl("scenes.pseudo", "scenes.masks") + ends();
    std::string const pseudo = is("pseudo", "cams") ? "pseudo" : "cam";
    return data() + (is("pseudo", "cams") ? cams() : labels()) + masks() + sepl(pseudo, "sam") +
           ends();
  }

  std::string title() const {
    std::string const method = get("method") == "own" ? "a method of your own" : get("method");
    if (is("data", "scenes")) return "SEPL on generated scenes";
    std::string const data = is("data", "voc12")    ? "PASCAL VOC 2012"
                             : is("data", "coco14") ? "MS COCO 2014"
                                                    : "images of your own";
    return "SEPL on " + data + ", with the " + (is("pseudo", "cams") ? "CAMs" : "labels") + " of " +
           method;
  }

 private:
  std::string const& get(std::string const& question) const { return answer(answers_, question); }
  bool is(std::string const& question, std::string const& value) const {
    return get(question) == value;
  }
  bool has_truth() const {
    if (is("data", "folder")) return !is("truth", "none");
    return is("data", "scenes") || is("score", "yes");
  }

  // A path relative to the current folder becomes relative to the file, if it is below its folder.
  std::string path(std::string const& question) const {
    fs::path const given = get(question);
    if (given.is_absolute() || get(question).starts_with("~/")) return as_toml(given.string());
    fs::path const folder = fs::absolute(file_).lexically_normal().parent_path();
    fs::path const whole = fs::absolute(given).lexically_normal();
    fs::path const inside = whole.lexically_relative(folder);
    bool const is_inside = !inside.empty() && *inside.begin() != "..";
    return as_toml((is_inside ? inside : whole).string());
  }

  std::string scenes() const {
    return commented_stage(
        "# Pictures with ground truth, pseudo-labels as CAMs give them, and masks as SAM proposes\n"
        "# them, all from a seed.\n",
        "scenes", {{"use", as_toml("dataset.scenes")}, {"count", "50"}});
  }

  std::string class_list() const {
    std::string const& names = get("classes");
    if (names.find(',') == std::string::npos) return as_toml(names);
    std::string list;
    for (std::size_t begin = 0, end; begin <= names.size(); begin = end + 1) {
      end = std::min(names.find(',', begin), names.size());
      std::string name = names.substr(begin, end - begin);
      name.erase(0, name.find_first_not_of(' '));
      name.erase(name.find_last_not_of(' ') + 1);
      list += (list.empty() ? "" : ", ") + as_toml(name);
    }
    return "[" + list + "]";
  }

  std::string data() const {
    if (is("data", "folder")) {
      Lines lines = {{"use", as_toml("dataset.folder")},
                     {"images", path("images")},
                     {"classes", class_list()}};
      if (has_truth()) lines.push_back({"truth", path("truth")});
      return commented_stage(
          "# The data set: all images of the folder. `list = \"names.txt\"` chooses some of them, "
          "and may\n"
          "# have the classes of each image.\n",
          "data", lines);
    }
    std::string const use = is("data", "voc12") ? "dataset.voc" : "dataset.coco";
    Lines lines = {{"use", as_toml(use)}, {"root", path("root")}, {"split", as_toml(get("split"))}};
    std::string comment;
    if (is("data", "voc12") && has_truth() && get("split").ends_with("aug")) {
      comment =
          "# missing_truth: labels are written for all samples, and scored where there is ground "
          "truth. With\n"
          "# truth = \"SegmentationClassAug\", all are scored.\n";
      lines.push_back({"missing_truth", as_toml("skip")});
    }
    return commented_stage("# The data set: names, images" +
                               std::string(has_truth() ? " and ground truth" : "") +
                               " of the samples of a split. `list = \"names.txt\"`\n"
                               "# chooses other samples.\n" +
                               comment,
                           "data", lines);
  }

  Lines with_method(Lines lines) const {
    if (!is("method", "own")) lines.push_back({"method", as_toml(get("method"))});
    return lines;
  }

  std::string labels() const {
    return commented_stage("# The pseudo-labels, NAME.png: 0 is background, 255 is ignored.\n",
                           "cam",
                           with_method({{"use", as_toml("cam.labels")},
                                        {"in", as_toml("data")},
                                        {"dir", path("pseudo-path")}}));
  }

  std::string cams() const {
    std::string const use = is("format", "png") ? "cam.png_per_class" : "cam." + get("format");
    bool const is_own = is("method", "own");
    std::string const rule =
        !is_own ? "# CAMs become labels by the published rule of the method; `background = 0.2` "
                  "replaces it.\n"
        : is("background", "map")
            ? "# CAMs become labels: each pixel has the class with the highest score.\n"
            : "# CAMs become labels: a pixel where no class scores more than this is background.\n";
    Lines threshold = with_method({{"use", as_toml("label.threshold")}, {"in", as_toml("cam")}});
    Lines reader =
        with_method({{"use", as_toml(use)}, {"in", as_toml("data")}, {"dir", path("pseudo-path")}});
    if (is_own && !is("background", "map")) {
      double const score = std::strtod(get("background").c_str(), nullptr);
      threshold.push_back({"background", toml_text(OptionValue(score))});
    }
    if (is_own && is("background", "map") && !is("format", "png")) {
      reader.push_back({"background", as_toml("in_band")});
    }
    return commented_stage(
               "# The CAMs. `seplflow stages " + use + "` lists what the files may look like.\n",
               "cam", reader) +
           commented_stage(rule, "pseudo", threshold);
  }

  std::string masks() const {
    if (is("masks", "sam")) {
      return commented_stage(
                 "# SAM makes the masks. It takes nearly all of the time, so [stages.masks] below "
                 "keeps them:\n"
                 "# read them with masks.json the next time.\n",
                 "sam",
                 {{"use", as_toml("masks.sam")},
                  {"in", as_toml("data.image")},
                  {"checkpoint", path("checkpoint")},
                  {"preset", as_toml("sepl")}}) +
             commented_stage("", "masks",
                             {{"use", as_toml("output.masks")}, {"in", as_toml("sam")}});
    }
    std::error_code error;
    bool const is_one_file = fs::is_regular_file(path_in(get("masks-path")), error);
    return commented_stage(
        "# The masks of SAM. `on_missing = \"empty\"` continues without those of an image.\n",
        "sam",
        {{"use", as_toml("masks." + get("masks"))},
         {"in", as_toml("data")},
         {is_one_file ? "file" : "dir", path("masks-path")}});
  }

  static std::string wires(std::string const& pseudo, std::string const& masks,
                           std::string const& more = "") {
    return "{ pseudo = " + as_toml(pseudo) + ", masks = " + as_toml(masks) + more + " }";
  }

  std::string sepl(std::string const& pseudo, std::string const& masks) const {
    return commented_stage("# SEPL, part 1: how much does each mask overlap each class?\n",
                           "assign",
                           {{"use", as_toml("sepl.assign")}, {"in", wires(pseudo, masks)}}) +
           commented_stage(
               "# SEPL, part 2: a mask is kept if its class covers more than t1 of it, or if it "
               "covers more\n"
               "# than t2 of its class. To try other values: --sweep select.t1=0.3,0.4,0.5\n",
               "select",
               {{"use", as_toml("sepl.select")},
                {"in", wires(pseudo, masks, ", overlaps = \"assign\"")},
                {"t1", "0.5"},
                {"t2", "0.85"}});
  }

  std::string ends() const {
    std::string const source = is("data", "scenes") ? "scenes" : "data";
    std::string const baseline = is("data", "scenes")   ? "scenes.pseudo"
                                 : is("pseudo", "cams") ? "pseudo"
                                                        : "cam";
    std::string table;
    if (has_truth()) {
      table = commented_stage(
          "# IoU, precision and recall, before (baseline) and after.\n", "score",
          {{"use", as_toml("eval.miou")},
           {"in", "{ truth = " + as_toml(source + ".truth") +
                      ", labels = \"select\", baseline = " + as_toml(baseline) + " }"}});
    }
    return table + commented_stage(
                       "# RUN/write/NAME.png: the labels. To train on them, output.training_list "
                       "writes a list too.\n",
                       "write", {{"use", as_toml("output.labels")}, {"in", as_toml("select")}});
  }

  Answers const& answers_;
  fs::path const& file_;
};

}  // namespace

std::string pipeline_text(Answers const& answers, fs::path const& file, std::string const& schema) {
  PipelineTemplate const pipeline(answers, file);
  return "#:schema " + schema + "\n# " + pipeline.title() +
         ".\n"
         "#\n"
         "#   seplflow check FILE       finds every error before anything runs\n"
         "#   seplflow run FILE         runs it into runs/NAME; --limit 10 tries a few samples "
         "first\n"
         "#   seplflow stages STAGE     describes a stage, such as sepl.select, and its options\n" +
         pipeline.pipeline();
}

}  // namespace seplflow::cli
