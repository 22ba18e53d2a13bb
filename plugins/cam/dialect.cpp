#include "dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include <seplflow/error.hpp>

namespace seplflow::cam {
namespace {

constexpr std::array kKnownFiles = {
    KnownFile{CamMethod::irn, "an IRN, CLIMS or RIB file", "high_res", Keys::zero_based,
              Background::implicit, true},
    KnownFile{CamMethod::clipes, "a CLIP-ES file", "attn_highres", Keys::zero_based,
              Background::implicit, false},
    KnownFile{CamMethod::sipe, "a SIPE file", "IS_CAM", Keys::label_ids, Background::in_band,
              false},
    KnownFile{CamMethod::puzzlecam, "a PuzzleCAM file", "hr_cam", Keys::label_ids,
              Background::implicit, true},
    KnownFile{CamMethod::puzzlecam_rw, "a file of PuzzleCAM's random walk", "rw", Keys::label_ids,
              Background::implicit, false},
    KnownFile{CamMethod::recurseed, "a RecurSeed file", "seed", Keys::label_ids, std::nullopt,
              false}};

// The form of a file with strided maps only, judging by whether the keys begin with a background
// without a map.
KnownFile const* known_by_count(PickleValue const& root, Classes const* classes,
                                std::string const& file) {
  auto const strided = root.find(kStrided);
  if (!strided || !strided->is(PickleValue::Kind::array) || strided->array().axes() != 3) {
    return nullptr;
  }
  auto const keys = file_keys(*root.find(kKeys), false, classes, file).numbers;
  std::uint64_t const maps = strided->array().shape()[0];
  if (keys.size() == maps) return known_file(CamMethod::irn);
  bool const leading_background = keys.size() == maps + 1 && keys.front() == 0;
  return leading_background ? known_file(CamMethod::puzzlecam) : nullptr;
}

bool has_numbers_as_keys(PickleValue const& dict) {
  for (std::size_t i = 0; i < dict.size(); ++i) {
    if (!class_number(dict.key(i), false)) return false;
  }
  return dict.size() > 0;
}

std::string description_of(KnownFile const& known, PickleValue const& root) {
  char const* const field = root.find(known.field) ? known.field : kStrided;
  std::string const background = known.background == Background::implicit  ? "background implicit"
                                 : known.background == Background::in_band ? "background in-band"
                                                                           : "";
  return std::string("looks like ") + known.name + " (keys, " + field +
         (background.empty() ? "" : "; " + background) + "): " + setting_of(known.method);
}

std::optional<std::int64_t> whole_number(double number) {
  constexpr double kFar = 1e9;  // beyond all classes
  bool const whole = std::abs(number) < kFar && number == std::floor(number);
  return whole ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
}

// The numbers of an array with one axis, or at most one that is longer than 1; nothing when it has
// others, or elements that are not class numbers.
std::optional<std::vector<std::int64_t>> numbers_in(Array const& keys, bool strict) {
  auto const shape = keys.shape();
  bool const row =
      keys.axes() == 1 ||
      (!strict && std::ranges::count_if(shape, [](auto extent) { return extent != 1; }) <= 1);
  if (!row) return std::nullopt;
  if (keys.size() == 0) return std::vector<std::int64_t>();  // numpy.array([]) is of float64
  bool const floating = is_floating_point(keys.type());
  if (keys.type() == ElementType::boolean || (floating && strict)) return std::nullopt;
  if (!floating) return keys.to_vector<std::int64_t>();
  std::vector<std::int64_t> numbers;
  for (double const number : keys.to_vector<double>()) {
    auto const whole = whole_number(number);
    if (!whole) return std::nullopt;
    numbers.push_back(*whole);
  }
  return numbers;
}

}  // namespace

std::string setting_of(Keys keys) {
  return "keys = \"" + kKeyChoices.text_of(keys) + "\"";
}
std::string setting_of(Background background) {
  return "background = \"" + kBackgroundChoices.text_of(background) + "\"";
}

void Dialect::check_dialect(OptionCheck& check) const {
  if (keys == Keys::zero_based && background == Background::in_band) {
    check.refuse("background",
                 "keys that count classes from 0 have no number for background; use keys = "
                 "\"label_ids\" or background = \"implicit\"");
  }
  if (!method) return;
  if (method == CamMethod::rca) {
    check.refuse("method", "RCA writes a PNG for each class; use the stage cam.png_per_class");
    return;
  }
  auto const refuse = [&](char const* option, std::string const& implied) {
    check.refuse(option, setting_of(*method) + " implies " + implied + "; remove one of the two");
  };
  KnownFile const* const known = known_file(*method);
  Keys const its_keys = known ? known->keys : Keys::zero_based;
  if (keys && *keys != its_keys) refuse("keys", setting_of(its_keys));
  auto its_background = known ? known->background : std::optional(Background::implicit);
  if (method == CamMethod::ppc) its_background.reset();  // its arrays have either
  if (background && its_background && *background != *its_background) {
    refuse("background", setting_of(*its_background));
  }
  if (field && !known) refuse("field", "files with a map for each class number, without fields");
}

KnownFile const* known_file(CamMethod method) {
  if (method == CamMethod::clims || method == CamMethod::rib) method = CamMethod::irn;
  auto const found = std::ranges::find(kKnownFiles, method, &KnownFile::method);
  return found == kKnownFiles.end() ? nullptr : &*found;
}

KnownFile const* known_file(std::string_view field) {
  auto const found = std::ranges::find(kKnownFiles, field, &KnownFile::field);
  return found == kKnownFiles.end() ? nullptr : &*found;
}

bool writes_maps_by_number(CamMethod method) {
  return !known_file(method) && method != CamMethod::rca;
}

KnownFile const* recognised_file(PickleValue const& root, Classes const* classes,
                                 std::string const& file) {
  for (KnownFile const& known : kKnownFiles) {
    if (root.find(known.field)) return &known;
  }
  return known_by_count(root, classes, file);
}

std::string looks_like(PickleValue const& root, Classes const* classes, std::string const& file) {
  if (root.is(PickleValue::Kind::dict)) {
    if (root.find(kKeys)) {
      if (KnownFile const* const known = recognised_file(root, classes, file))
        return description_of(*known, root);
    } else if (has_numbers_as_keys(root)) {
      return "looks like a file of PSA or its descendants (a map for each class number): method = "
             "\"psa\" (or \"seam\", \"transcam\", \"ppc\", \"eps\", \"l2g\")";
    }
  } else if (root.is(PickleValue::Kind::array) && root.array().axes() == 3) {
    return "looks like an array of PPC (" + root.array().description() + "): method = \"ppc\"";
  }
  return "holds " + root.description();
}

std::optional<std::int64_t> class_number(PickleValue const& key, bool strict) {
  if (key.is(PickleValue::Kind::integer)) return key.integer();
  if (strict) return std::nullopt;
  if (key.is(PickleValue::Kind::number)) return whole_number(key.number());
  if (!key.is(PickleValue::Kind::text)) return std::nullopt;
  std::string_view const text = key.text();
  std::int64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool const digits = error == std::errc() && end == text.data() + text.size();
  return digits ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> named_class(PickleValue const& key, bool strict, Classes const* classes,
                                        std::string const& file) {
  if (strict || !classes || !key.is(PickleValue::Kind::text)) return std::nullopt;
  auto const& names = classes->names();
  auto const found = std::ranges::find(names, key.text());
  if (found == names.end()) return std::nullopt;
  std::int64_t const label = found - names.begin();
  if (!class_number(key, false)) return label;
  throw Error(file + " has the key '" + *found + "', which is a number and also the name of class " +
              std::to_string(label) + "; save class numbers as integers");
}

FileKeys file_keys(PickleValue const& keys, bool strict, Classes const* classes,
                   std::string const& file) {
  auto const refuse = [&](std::string const& why = "; expected a list of class numbers") {
    throw Error(file + " has in 'keys' " + keys.description() + why);
  };
  // Before a bomb of numbers becomes eight times its size.
  auto const require_few = [&](std::uint64_t count) {
    constexpr std::uint64_t kMost = 256;  // all labels
    if (count > kMost) refuse("; there are 255 classes at most");
  };
  if (keys.is(PickleValue::Kind::array)) {
    require_few(keys.array().size());
    try {
      if (auto const numbers = numbers_in(keys.array(), strict)) return {*numbers};
    } catch (Error const& error) {
      refuse(std::string(": ") + error.what());
    }
    refuse();
  }
  if (auto const label = named_class(keys, strict, classes, file)) return {{*label}, true};
  if (auto const number = strict ? std::nullopt : class_number(keys, strict)) return {{*number}};
  if (!keys.is(PickleValue::Kind::list) && !keys.is(PickleValue::Kind::tuple)) refuse();
  require_few(keys.size());
  FileKeys found;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    PickleValue const key = keys.item(i);
    auto const label = named_class(key, strict, classes, file);
    auto const number = label ? label : class_number(key, strict);
    if (!number && !strict && key.is(PickleValue::Kind::text)) {
      refuse(" with " + key.description() +
             ", which is neither a class number nor the name of a class of the data set");
    }
    if (!number) refuse();
    if (i == 0) found.are_labels = label.has_value();
    if (found.are_labels != label.has_value()) {
      refuse("; some are names of classes and some are numbers, so their count is unknown: save "
             "the names or the numbers");
    }
    found.numbers.push_back(*number);
  }
  return found;
}

bool may_be_scores(ElementType type, bool strict) {
  if (is_floating_point(type)) return true;
  return !strict && (type == ElementType::uint8 || type == ElementType::boolean);
}

}  // namespace seplflow::cam
