// The options of stages that read label maps, and of those that draw them.
#pragma once

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/seplflow.hpp>

#include <seplflow/formats/label_file.hpp>
#include "common/sample_file.hpp"

namespace seplflow {

// A number from 0 to 255.
inline std::optional<Label> label_in(std::string_view text) {
  unsigned value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 255) return std::nullopt;
  return static_cast<Label>(value);
}

// "#ff8000" or "255,128,0"
inline std::optional<Colour> colour_in(std::string_view text) {
  Colour colour{};
  if (text.starts_with('#')) {
    if (text.size() != 7) return std::nullopt;
    for (std::size_t c = 0; c < colour.size(); ++c) {
      char const* const digits = text.data() + 1 + 2 * c;
      auto const [end, error] = std::from_chars(digits, digits + 2, colour[c], 16);
      if (error != std::errc() || end != digits + 2) return std::nullopt;
    }
    return colour;
  }
  for (std::size_t c = 0; c < colour.size(); ++c) {
    std::size_t const end = c + 1 < colour.size() ? text.find(',') : text.size();
    if (end == text.npos) return std::nullopt;
    std::string_view number = text.substr(0, end);
    while (number.starts_with(' ')) number.remove_prefix(1);
    auto const value = label_in(number);
    if (!value) return std::nullopt;
    colour[c] = *value;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return colour;
}

constexpr char const* kColoursHelp =
    "the colours of the classes in their order, as \"#rrggbb\" or \"R,G,B\"; \"ID=#rrggbb\" names "
    "another id, such as \"255=#ffffff\"";

// The colours that the option `colours` names. Throws Error for what is not a colour, and for an id
// or a colour that is named twice.
inline Colours colours_of(std::vector<std::string> const& texts) {
  Colours colours;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::string_view text = texts[i];
    std::optional<Label> label;
    if (i <= 255) label = static_cast<Label>(i);
    if (auto const equals = text.find('='); equals != text.npos) {
      label = label_in(text.substr(0, equals));
      text.remove_prefix(equals + 1);
    }
    auto const colour = colour_in(text);
    if (!label || !colour) {
      throw Error("\"" + texts[i] +
                  "\" is not a colour; expected \"#ff8000\", \"255,128,0\", or "
                  "either after an id (\"255=#ffffff\")");
    }
    for (auto const& [other, its_colour] : colours) {
      if (other == *label || its_colour == *colour) {
        throw Error("\"" + texts[i] + "\" repeats the " +
                    (other == *label ? "id " + std::to_string(other)
                                     : "colour of the id " + std::to_string(other)));
      }
    }
    colours.add(*label, *colour);
  }
  return colours;
}

// The options of a stage that reads label maps.
struct LabelOptions {
  std::vector<std::string> colours, relabel;
  std::optional<IdsFrom> ids_from;
  bool strict = false;

 protected:
  // Call it in check(), before the files are read.
  void check_label_options(OptionCheck& check) {
    reading_.ids_from = ids_from;
    reading_.strict = strict;
    try {
      reading_.colours = colours_of(colours);
    } catch (Error const& error) {
      check.refuse("colours", error.what());
    }
    std::vector<Label> known;
    for (std::string const& text : relabel) {
      std::size_t const equals = std::min(text.find('='), text.size());
      auto const from = label_in(text.substr(0, equals));
      auto const to = label_in(text.substr(std::min(equals + 1, text.size())));
      if (!from || !to) {
        check.refuse("relabel", "\"" + text +
                                    "\" is not a pair of ids; expected \"FROM=TO\" with "
                                    "numbers from 0 to 255, such as \"255=1\"");
      } else if (std::ranges::find(known, *from) != known.end()) {
        check.refuse("relabel", "the id " + std::to_string(*from) + " is relabelled twice");
      } else {
        known.push_back(*from);
        reading_.relabel[*from] = *to;
      }
    }
  }

  // The label map in the file. Throws Error when it cannot be read, or when it holds other labels
  // than `classes`, which may be null, and 255; `name` stands for it in that message.
  LabelFile read_labels(std::filesystem::path const& file, ClassesPtr const& classes,
                        std::string const& name) const {
    LabelReading reading = reading_;
    reading.classes = classes;
    LabelFile read = read_label_file(file, reading);
    if (classes) require_labels_in(*classes, read.labels, name);
    return read;
  }

  Colours const& chosen_colours() const { return reading_.colours; }

 private:
  LabelReading reading_;
};

// Masks of one class often have it as 255. `what` has the verb, and `meaning` is what 255 stands for.
inline void warn_of_two_values(SampleContext const& context, LabelMap const& labels,
                               std::string const& what, std::string const& meaning) {
  ClassesPtr const& classes = context.sample().classes;
  if (!classes || classes->count() != 2) return;
  auto const& areas = label_areas(labels);
  if (areas[1] > 0 || areas[kIgnore] == 0) return;
  context.warn(what + " no pixel of class 1 (" + classes->names()[1] +
               ") but pixels of 255, which means " + meaning +
               "; if 255 is the class, set relabel = [\"255=1\"]");
}

// Adds the options to a stage that derives from LabelOptions.
template <class T>
StageBuilder<T>& with_label_options(StageBuilder<T>& stage) {
  return stage
      .option("colours", &T::colours,
              std::string(kColoursHelp) + " (default: the colours of PASCAL VOC)")
      .option(
          "relabel", &T::relabel,
          "ids in label files that stand for others, as \"FROM=TO\": [\"255=1\"] reads a mask of "
          "0 and 255 as class 1")
      .option("ids_from", &T::ids_from,
              "what determines the class ids of a label file with a palette that contradicts its "
              "values: the values or the colours (default: the file decides, or is refused)",
              choices<IdsFrom>({{"values", IdsFrom::values}, {"colours", IdsFrom::colours}}))
      .option("strict", &T::strict,
              "refuse label files that are not plain class ids, and all other automatic readings");
}

// For details() of these stages.
constexpr char const* kLabelFileDetails =
    "Label files are NAME.png or NAME.npy. Plain class ids are an 8-bit gray PNG, a palette PNG "
    "whose values are the ids, and an array of integers of shape (height, width). The following "
    "files are read too, unless `strict = true`:\n\n"
    "| File | Its class ids |\n"
    "|---|---|\n"
    "| PNG with three equal channels, with opaque alpha, or with 16 bits | the values, at most 255 "
    "(or 8 bits scaled by 257) |\n"
    "| gray PNG with 1 bit | the values 0 and 1 |\n"
    "| gray PNG with 2 or 4 bits | the values, or the gray levels from 0 to 255: whichever gives "
    "only ids of the data set; if both do, an error that shows both (`ids_from` chooses) |\n"
    "| RGB PNG in the colours of PASCAL VOC, or in `colours` | those of the colours |\n"
    "| palette PNG whose used colours contradict its values, as optipng, zopflipng, ImageMagick "
    "and "
    "PIL's quantize write | those of the colours, VOC's or gray levels, if all are ids of the data "
    "set |\n"
    "| array of floating-point numbers | the values, which must be whole |\n\n"
    "A warning reports the files that are read by colour. A palette that contradicts its values is "
    "an error if both readings are possible and the classes are neither VOC's nor COCO's, or if "
    "only "
    "0 and 255 come out; `ids_from` chooses a reading. `relabel` is applied last.";

// Paths in the order of preference: NAME.png under each name of the sample, then NAME.PNG, then
// NAME.npy. Up to the first that exists, as sample_files() in sample_file.hpp returns them.
inline std::vector<std::filesystem::path> label_files(std::filesystem::path const& folder,
                                                      Sample const& sample) {
  std::vector<std::filesystem::path> files;
  auto const names = sample_names(sample.id);
  for (char const* const ending : {".png", ".PNG", ".npy"}) {
    for (std::string const& name : names) {
      files.push_back(folder / (name + ending));
      if (is_there(files.back())) return files;
    }
  }
  return files;
}

// The first of them that exists, or NAME.png.
inline std::filesystem::path label_file(std::filesystem::path const& folder, Sample const& sample) {
  auto files = label_files(folder, sample);
  // The first file of a usual folder need not be looked at twice.
  return files.size() == 1 || is_there(files.back()) ? files.back() : files.front();
}

}  // namespace seplflow
