// How a method stores its CAMs: the dialects of IRN, PSA and their descendants.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <seplflow/seplflow.hpp>

#include <seplflow/formats/pickle.hpp>
#include "common/cam_methods.hpp"

namespace seplflow::cam {

enum class Keys {
  zero_based,  // 0 is the first foreground class, label 1
  label_ids,   // 0 is background
};
inline auto const kKeyChoices =
    choices<Keys>({{"zero_based", Keys::zero_based}, {"label_ids", Keys::label_ids}});

enum class Background {
  implicit,  // has no map: a threshold replaces it
  in_band,   // has a map
};
inline auto const kBackgroundChoices =
    choices<Background>({{"implicit", Background::implicit}, {"in_band", Background::in_band}});

// For messages: keys = "zero_based", background = "implicit"
std::string setting_of(Keys keys);
std::string setting_of(Background background);

// How to read files, as far as the pipeline says; the contents of a file decide the rest, if they
// are unambiguous.
struct Dialect {
  std::optional<CamMethod> method;
  std::optional<std::string> field;
  std::optional<Keys> keys;
  std::optional<Background> background;
  // Refuses what no published method writes, even where it has only one meaning: class numbers as
  // text or floating-point numbers, names of classes, bytes as scores, axes of length 1, maps of NaN.
  bool strict = false;

  // Refuses contradictions.
  void check_dialect(OptionCheck& check) const;
};

// ---- The forms of CAM files that methods are known to write ----

// The form {"keys": ..., FIELD: ...} of a method's files.
struct KnownFile {
  CamMethod method;
  char const* name;  // "a SIPE file"
  char const* field;
  Keys keys;
  std::optional<Background> background;  // not set: both occur
  bool has_strided;  // whether the field "cam" holds the maps at a fourth of the size
};

constexpr char const* kKeys = "keys";
constexpr char const* kStrided = "cam";
constexpr std::uint32_t kStride = 4;

// The form of the files of a method; null for methods that write other files.
KnownFile const* known_file(CamMethod method);
// The form whose field holds the scores in full size.
KnownFile const* known_file(std::string_view field);
// Whether the method writes {number: array}.
bool writes_maps_by_number(CamMethod method);

// The form that a dict with "keys" seems to have, judging by its fields; null if it is unknown.
// Throws Error, with the file, when the keys are needed to decide but are not numbers.
KnownFile const* recognised_file(PickleValue const& root, Classes const* classes,
                                 std::string const& file);
// What the file seems to be, with the setting for it: "looks like a SIPE file (keys, IS_CAM;
// background in-band): method = "sipe"". For an unknown form, what the file holds.
std::string looks_like(PickleValue const& root, Classes const* classes, std::string const& file);

// The number that a key stands for: an integer, or, unless `strict`, a whole floating-point number
// or digits.
std::optional<std::int64_t> class_number(PickleValue const& key, bool strict);

// The label of a class of that name; nothing for other keys, or if `strict`. Throws Error, with the
// file, when the name is also a number.
std::optional<std::int64_t> named_class(PickleValue const& key, bool strict, Classes const* classes,
                                        std::string const& file);

struct FileKeys {
  std::vector<std::int64_t> numbers;
  bool are_labels = false;  // of classes that the file names; else their meaning depends
};

// What an entry "keys" holds: a list or an array of class_number(); unless `strict`, also a list of
// names of classes, a single number or name, and an array of shape (n, 1) or (1, n). Throws Error,
// with the file, when it holds anything else.
FileKeys file_keys(PickleValue const& keys, bool strict, Classes const* classes,
                   std::string const& file);

// Whether scores may have this type: floating-point, or, unless `strict`, bytes (scores times 255)
// and bool.
bool may_be_scores(ElementType type, bool strict);

}  // namespace seplflow::cam
