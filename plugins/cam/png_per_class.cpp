#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include <seplflow/score_maps.hpp>
#include "class_files.hpp"
#include "common/cam_methods.hpp"
#include "common/image_level_rule.hpp"
#include "common/sample_file.hpp"
#include "resize.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

// What file names begin with.
enum class Names { id, position };

// The scores of the 256 gray values: value / 255, as float32 in L2G.
std::array<float, 256> fractions() {
  std::array<float, 256> scores;
  for (std::size_t v = 0; v < scores.size(); ++v) {
    scores[v] = static_cast<float>(static_cast<double>(v) / 255.0);
  }
  return scores;
}

// The same, but scaled so that the least and greatest value of the map become 0 and 1, as RCA does.
std::array<double, 256> scaled_fractions(std::vector<std::uint8_t> const& pixels) {
  auto const [least, greatest] = std::ranges::minmax(pixels);
  std::array<double, 256> scores{};
  for (int v = least; v <= greatest; ++v) {
    scores[static_cast<std::size_t>(v)] = (v - least) / ((greatest - least) + 1e-8);
  }
  return scores;
}

struct PngPerClass {
  fs::path dir;
  std::optional<CamMethod> method;
  std::optional<Names> names;
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check(OptionCheck& check) {
    check_restriction(check, restrict_to_image_labels);
    if (method && *method != CamMethod::l2g && *method != CamMethod::rca) {
      check.refuse("method",
                   "\"" + name_of(*method) +
                       "\" does not write one PNG per class, only \"l2g\" and \"rca\" do; "
                       "for other methods use cam.npy or cam.pkl");
      return;
    }
    ClassFiles files(dir);
    if (files.empty()) {
      check.refuse("dir",
                   "there is no file NAME_CLASS.png in " + dir.string() +
                       (files.stranger().empty() ? "" : ", but there is " + files.stranger()) +
                       "; maps with one PNG per class have such names, where class 0 is the "
                       "first foreground class (2007_000032_14.png)");
      return;
    }
    if (names != Names::id && refuse_subfolders(check, files.only_below())) return;
    if (!names) {
      bool const positions = method == CamMethod::rca && files.only_numbers();
      names = positions ? Names::position : Names::id;
    }
    files_ = std::make_shared<ClassFiles const>(std::move(files));
  }

  std::vector<fs::path> files(Sample const& sample) const {
    std::vector<fs::path> files;
    Maps const maps = maps_of(sample);
    if (!maps.numbers) return {files_->file(maps.name, 0)};
    for (std::uint32_t const number : *maps.numbers) {
      files.push_back(files_->file(maps.name, number));
    }
    return files;
  }
  bool needs_files() const { return on_missing == OnMissing::error; }

  ScoreMaps operator()(SampleContext const& context, Sample const&,
                       ImageLabels const* image_labels) const {
    return with_image_labels(context, load(context), image_labels, restrict_to_image_labels,
                             "CAM folder");
  }

 private:
  // Usually `dir` is one level too high; sample ids with subfolders are rare.
  bool refuse_subfolders(OptionCheck& check, std::vector<std::string> const& files) const {
    if (files.empty()) return false;
    constexpr std::size_t kShown = 3;
    std::string found;
    for (std::size_t i = 0; i < std::min(files.size(), kShown); ++i) {
      found += (i > 0 ? " and " : "") + (dir / files[i]).string();
    }
    check.refuse("dir", "there is no file NAME_CLASS.png in " + dir.string() + " itself, but " +
                            found + (files.size() > kShown ? " and others" : "") +
                            (files.size() == 1 ? "; set dir to that folder"
                                               : "; set dir to one of these folders") +
                            ", or set names = \"id\" if the sample ids contain folders");
    return true;
  }

  ScoreMaps load(SampleContext const& context) const {
    Sample const& sample = context.sample();
    Maps const maps = maps_of(sample);
    if (!maps.numbers) return none(context, maps.name);
    ScoreMaps const scores =
        method == CamMethod::rca ? read<double>(sample, maps) : read<float>(sample, maps);
    return method ? scores.made_by(name_of(*method)) : scores;
  }

  struct Maps {
    std::string name;
    std::vector<std::uint32_t> const* numbers = nullptr;  // of the classes; null: no files
  };

  Maps maps_of(Sample const& sample) const {
    if (names == Names::position) {
      std::string const name = std::to_string(sample.index);
      return {name, files_->of(name)};
    }
    for (std::string const& name : sample_names(sample.id)) {
      if (auto const* const numbers = files_->of(name)) return {name, numbers};
    }
    return {sample.id, nullptr};
  }

  ScoreMaps none(SampleContext const& context, std::string const& name) const {
    Sample const& sample = context.sample();
    if (on_missing == OnMissing::error) {
      throw Error(
          "there is no file " + name + "_CLASS.png in " + dir.string() +
          (names == Names::id && files_->only_numbers()
               ? ", where all files are named by number: set names = \"position\" if these are "
                 "positions in the list of samples"
               : " (set on_missing = \"empty\" to use no class, so all background, instead)"));
    }
    if (!sample.size) {
      throw Error("there is no file " + name + "_CLASS.png in " + dir.string() + kUnknownSize);
    }
    warn_of_missing(context, "CAM file", "has no class", name + "_CLASS.png");
    return ScoreMaps(*sample.size, {}, std::vector<float>());
  }

  template <class T>
  ScoreMaps read(Sample const& sample, Maps const& maps) const {
    std::optional<Size> size = sample.size;
    std::vector<Label> classes;
    std::vector<T> values;
    for (std::uint32_t const number : *maps.numbers) {
      fs::path const file = files_->file(maps.name, number);
      classes.push_back(label_of(number, sample, file));
      GrayImage const map =
          read_map(file, size, sample.size ? "the sample's image" : "the map of another class");
      if (!size) size = map.size;
      if (values.empty()) values.reserve(maps.numbers->size() * size->pixels());
      append(map.pixels, values);
    }
    return ScoreMaps(*size, std::move(classes), std::move(values));
  }

  static void append(std::vector<std::uint8_t> const& pixels, std::vector<float>& values) {
    static std::array<float, 256> const scores = fractions();
    for (std::uint8_t const value : pixels) values.push_back(scores[value]);
  }
  static void append(std::vector<std::uint8_t> const& pixels, std::vector<double>& values) {
    auto const scores = scaled_fractions(pixels);
    for (std::uint8_t const value : pixels) values.push_back(scores[value]);
  }

  static Label label_of(std::uint32_t number, Sample const& sample, fs::path const& file) {
    std::uint32_t const label = number + 1;
    std::size_t const count = sample.classes ? sample.classes->count() : kIgnore;
    if (label < count) return static_cast<Label>(label);
    throw Error(file.string() + " belongs to class " + std::to_string(label) + " (" +
                std::to_string(number) + " in the file name, which counts from 0), but the " +
                (sample.classes ? "data set has classes " + sample.classes->describe()
                                : std::string("highest class is 254")));
  }

  // The map of a class in `size`, if that is known; `whose` says in messages whose size it is.
  GrayImage read_map(fs::path const& file, std::optional<Size> size,
                     std::string const& whose) const {
    GrayImage map = read_gray_png(file);
    if (names == Names::id) {
      if (size) require_same_size(map.size, file.string(), *size, whose);
    } else if (!size) {
      throw Error(file.string() + " may have any size" + kUnknownSize);
    } else if (map.size != *size) {
      map = {*size, resize_gray(map.pixels, map.size, *size)};
    }
    return map;
  }

  std::shared_ptr<ClassFiles const> files_;
};

}  // namespace

void declare_png_per_class(Plugin& plugin) {
  plugin.stage<PngPerClass>("cam.png_per_class", "Reads a method's CAMs from one PNG per class")
      .inputs("sample", "image_labels")
      .by_default("image_labels")
      .output("scores")
      .option("dir", &PngPerClass::dir, "folder with NAME_CLASS.png for each class of each sample",
              existing_folder(), required())
      .option("method", &PngPerClass::method,
              "the method that wrote the files: l2g or rca (default: read as L2G's)", kCamMethods)
      .option(
          "names", &PngPerClass::names,
          "meaning of NAME: the sample's id, or its position in the list of samples, counted from "
          "0 (default: position if the method is rca and all names are numbers, else id)",
          choices<Names>({{"id", Names::id}, {"position", Names::position}}))
      .option("on_missing", &PngPerClass::on_missing,
              "what to do about a sample without files: report an error, or treat it as empty (no "
              "class, so all background)",
              kOnMissing)
      .option("restrict_to_image_labels", &PngPerClass::restrict_to_image_labels, kRestrictHelp)
      .details(
          std::string(
              "The files are 8-bit gray PNGs; `NAME_0.png` is the first foreground class. A sample "
              "has the classes that it has files for. The folder is read once, when the pipeline "
              "is checked. A sample whose id contains a folder (`train/0001`) has its files in "
              "that folder. If all files are in subfolders, set `names = \"id\"` to confirm that, "
              "since usually `dir` is the wrong folder then.\n\n"
              "L2G stores 255 times the score, so a score is value / 255 in float32. RCA's maps "
              "are scaled to 0..1, each by its least and greatest value, in float64. RCA writes "
              "its maps twice: `orig` (2007_000032_14.png) in full size, and before that `feat` "
              "(0_14.png), smaller and named by the position of the image in `train_cls.txt`. The "
              "latter need a data set with the same list, and are enlarged as in RCA, with the "
              "arithmetic of cv2.resize.\n\n"
              "Errors are: other kinds of PNG, classes that the data set does not have, and maps "
              "whose size differs from the image's.\n\n") +
          kRestrictDetails);
}

}  // namespace seplflow::cam
