#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "class_files.hpp"
#include "common/cam_methods.hpp"
#include "common/image_level_rule.hpp"
#include "common/on_missing.hpp"
#include "common/sample_file.hpp"
#include "data/score_maps.hpp"
#include "formats/image/png.hpp"
#include "resize.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

// What the name of a file begins with.
enum class Names { id, position };

// The scores that the 256 gray values stand for: value / 255, which float32 holds in L2G.
std::array<float, 256> fractions() {
  std::array<float, 256> scores;
  for (std::size_t v = 0; v < scores.size(); ++v) {
    scores[v] = static_cast<float>(static_cast<double>(v) / 255.0);
  }
  return scores;
}

// The same spread over 0..1 by the least and greatest value of the map, as RCA does.
std::array<double, 256> spread_fractions(std::vector<std::uint8_t> const& pixels) {
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
      check.refuse("method", "\"" + to_text(*method) +
                                 "\" does not write one PNG a class, only \"l2g\" and \"rca\" do; "
                                 "cam.npy and cam.pkl read the files of the others");
      return;
    }
    ClassFiles files(dir);
    if (files.empty()) {
      check.refuse("dir", "there is no file NAME_CLASS.png in " + dir.string() +
                              (files.stranger().empty() ? "" : ", but " + files.stranger()) +
                              "; the maps of one PNG a class are named so, class 0 being the first "
                              "in the foreground (2007_000032_14.png)");
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

  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    return with_image_labels(context, load(sample), image_labels, restrict_to_image_labels,
                             "CAM folder");
  }

 private:
  // Most often `dir` is one level too high; a sample's id that leads into a folder is rare.
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
                            ", or names = \"id\" where the ids of samples lead into folders");
    return true;
  }

  ScoreMaps load(Sample const& sample) const {
    Maps const maps = maps_of(sample);
    if (!maps.numbers) return none(sample, maps.name);
    ScoreMaps const scores =
        method == CamMethod::rca ? read<double>(sample, maps) : read<float>(sample, maps);
    return method ? scores.made_by(to_text(*method)) : scores;
  }

  struct Maps {
    std::string name;
    std::vector<std::uint32_t> const* numbers = nullptr;  // of the classes; null for no files
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

  ScoreMaps none(Sample const& sample, std::string const& name) const {
    if (on_missing == OnMissing::error) {
      throw Error(
          "there is no file " + name + "_CLASS.png in " + dir.string() +
          (names == Names::id && files_->only_numbers()
               ? ", where all files are named by number: names = \"position\" takes them for "
                 "places in the list of samples"
               : " (on_missing = \"empty\" takes no class, so all background, instead)"));
    }
    if (!sample.size) {
      throw Error("there is no file " + name + "_CLASS.png in " + dir.string() +
                  ", and the size of the sample is not known either: the data set has no image or "
                  "truth of it");
    }
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
    auto const scores = spread_fractions(pixels);
    for (std::uint8_t const value : pixels) values.push_back(scores[value]);
  }

  static Label label_of(std::uint32_t number, Sample const& sample, fs::path const& file) {
    std::uint32_t const label = number + 1;
    std::size_t const count = sample.classes ? sample.classes->count() : kIgnore;
    if (label < count) return static_cast<Label>(label);
    throw Error(file.string() + " is of class " + std::to_string(label) + " (" +
                std::to_string(number) + " in the file's name, which counts from 0), but the " +
                (sample.classes ? "data set has classes " + sample.classes->describe()
                                : std::string("highest class is 254")));
  }

  // The map of a class in this size, where it is known; `whose` size that is goes into messages.
  GrayImage read_map(fs::path const& file, std::optional<Size> size,
                     std::string const& whose) const {
    GrayImage map = read_gray_png(file);
    if (names == Names::id) {
      if (size) require_same_size(map.size, file.string(), *size, whose);
    } else if (!size) {
      throw Error(file.string() +
                  " is of a size of its own, and that of the sample is not known: the data set has "
                  "no image or truth of it");
    } else if (map.size != *size) {
      map = {*size, resize_gray(map.pixels, map.size, *size)};
    }
    return map;
  }

  std::shared_ptr<ClassFiles const> files_;
};

}  // namespace

void declare_png_per_class(Plugin& plugin) {
  plugin.stage<PngPerClass>("cam.png_per_class", "A method's CAMs from one PNG for each class")
      .inputs("sample", "image_labels")
      .output("scores")
      .option("dir", &PngPerClass::dir,
              "folder with NAME_CLASS.png for every class of every sample", existing_folder(),
              required())
      .option("method", &PngPerClass::method,
              "the method that made the files: l2g or rca; without it they are read as L2G's",
              cam_method_choices())
      .option("names", &PngPerClass::names,
              "what NAME is: the sample's id, or its position in the list of samples, from 0; by "
              "default position where the method is rca and all names are numbers, else id",
              choices<Names>({{"id", Names::id}, {"position", Names::position}}))
      .option("on_missing", &PngPerClass::on_missing,
              "what a sample without any file is: an error, or empty (no class, so all background)",
              on_missing_choices())
      .option("restrict_to_image_labels", &PngPerClass::restrict_to_image_labels, kRestrictHelp)
      .details(
          std::string(
              "8-bit gray PNGs, `NAME_0.png` of the first class in the foreground. A sample has "
              "the classes that it has files of; the folder is looked through once, when the "
              "pipeline is checked. A sample whose id leads into a folder (`train/0001`) has its "
              "files there; where all files are in subfolders, `names = \"id\"` must say so, since "
              "most often `dir` is the wrong folder then.\n\n"
              "L2G stores 255 times the score, and the score read is value / 255 in float32. RCA's "
              "maps are spread over 0..1, each by its least and greatest value, in float64. RCA "
              "writes them twice: `orig` (2007_000032_14.png) in full size, and before that `feat` "
              "(0_14.png), smaller and named by the image's place in `train_cls.txt`: these are "
              "for a data set with the same list, and are enlarged as RCA does, with the "
              "arithmetic of cv2.resize.\n\n"
              "Refused are PNGs of another kind, classes that the data set does not have, and maps "
              "of "
              "another size than the image.\n\n") +
          kRestrictDetails);
}

}  // namespace seplflow::cam
