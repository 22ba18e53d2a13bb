#include "dialect.hpp"

#include <algorithm>
#include <array>

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
KnownFile const* known_by_count(PickleValue const& root, std::string const& file) {
  auto const strided = root.find(kStrided);
  if (!strided || !strided->is(PickleValue::Kind::array) || strided->array().axes() != 3) {
    return nullptr;
  }
  auto const keys = key_numbers(*root.find(kKeys), file);
  std::uint64_t const maps = strided->array().shape()[0];
  if (keys.size() == maps) return known_file(CamMethod::irn);
  bool const leading_background = keys.size() == maps + 1 && keys.front() == 0;
  return leading_background ? known_file(CamMethod::puzzlecam) : nullptr;
}

bool has_numbers_as_keys(PickleValue const& dict) {
  for (std::size_t i = 0; i < dict.size(); ++i) {
    if (!dict.key(i).is(PickleValue::Kind::integer)) return false;
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

KnownFile const* recognised_file(PickleValue const& root, std::string const& file) {
  for (KnownFile const& known : kKnownFiles) {
    if (root.find(known.field)) return &known;
  }
  return known_by_count(root, file);
}

std::string looks_like(PickleValue const& root, std::string const& file) {
  if (root.is(PickleValue::Kind::dict)) {
    if (root.find(kKeys)) {
      if (KnownFile const* const known = recognised_file(root, file))
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

std::vector<std::int64_t> key_numbers(PickleValue const& keys, std::string const& file) {
  std::vector<std::int64_t> numbers;
  auto const refuse = [&](std::string const& why = "; expected a list of class numbers") {
    throw Error(file + " has in 'keys' " + keys.description() + why);
  };
  if (keys.is(PickleValue::Kind::array) && keys.array().axes() == 1) {
    if (keys.array().size() == 0) return numbers;  // whatever its type: numpy.array([]) is float64
    ElementType const type = keys.array().type();
    if (is_floating_point(type) || type == ElementType::boolean) refuse();
    try {
      return keys.array().to_vector<std::int64_t>();
    } catch (Error const& error) {
      refuse(std::string(": ") + error.what());
    }
  }
  if (!keys.is(PickleValue::Kind::list) && !keys.is(PickleValue::Kind::tuple)) refuse();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!keys.item(i).is(PickleValue::Kind::integer)) refuse();
    numbers.push_back(keys.item(i).integer());
  }
  return numbers;
}

}  // namespace seplflow::cam
