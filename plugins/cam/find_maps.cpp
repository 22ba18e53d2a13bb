#include "find_maps.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"

namespace seplflow::cam {
namespace {

using Kind = PickleValue::Kind;

// Finds the maps of one file.
class Finder {
 public:
  Finder(PickleValue const& root, Dialect const& dialect, Classes const* classes,
         std::string const& file)
      : root_(root), dialect_(dialect), classes_(classes), file_(file) {}

  FoundMaps find() const {
    if (root_.is(Kind::array)) return in_array(root_.array());
    if (root_.is(Kind::dict)) {
      if (root_.size() == 0) return {};
      if (root_.find(kKeys)) return in_fields();
      if (is_lone(Kind::dict)) return Finder(root_.value(0), dialect_, classes_, file_).find();
      if (is_lone(Kind::array)) return in_array(root_.value(0).array());
      return by_number();
    }
    fail_to_read();
  }

 private:
  [[noreturn]] void fail(std::string const& what) const { throw Error(file_ + " " + what); }

  // The file has another form than the method writes, or than any known method writes.
  [[noreturn]] void fail_to_read() const {
    std::string const seems = looks_like(root_, classes_, file_);
    if (seems.find("method = ") != std::string::npos) {
      fail(seems + (dialect_.method ? "; the pipeline says " + setting_of(*dialect_.method) : ""));
    }
    fail(seems +
         "; CAM files hold a dict of 'keys' and scores (IRN), a dict with a map for each class "
         "number (PSA), or an array of all classes (PPC)");
  }

  // ---- {"keys": numbers, FIELD: array} ----

  FoundMaps in_fields() const {
    if (dialect_.method && !known_file(*dialect_.method)) fail_to_read();
    FileKeys const keys = file_keys(*root_.find(kKeys), dialect_.strict, classes_, file_);
    if (!has_scores()) return no_maps(keys.numbers);
    KnownFile const* const known = known_of(keys.numbers);
    std::string const field = field_of(known);
    if (auto found = in_list(keys, field, known)) return *found;
    Array const scores = scores_in(field);
    FoundMaps found;
    found.classes = labels_of(keys, scores.shape()[0], field, known);
    bool const says_size = scores.shape()[1] != 0 && scores.shape()[2] != 0;
    if (says_size || !found.classes.empty()) {
      found.size = size_of(scores.shape()[1], scores.shape()[2]);
    }
    found.may_be_strided = may_be_strided(field);
    for (std::size_t k = 0; k < found.classes.size(); ++k) found.maps.push_back(scores.at(k));
    return found;
  }

  // The maps of a field that holds a list with a map for each class; nothing for other values.
  std::optional<FoundMaps> in_list(FileKeys const& keys, std::string const& field,
                                   KnownFile const* known) const {
    auto const value = root_.find(field);
    if (dialect_.strict || !value || !value->is(Kind::list) || value->size() == 0) {
      return std::nullopt;
    }
    FoundMaps found;
    found.classes = labels_of(keys, value->size(), field, known);
    for (std::size_t i = 0; i < found.classes.size(); ++i) {
      PickleValue const map = value->item(i);
      if (!map.is(Kind::array) || map.array().axes() != 2 ||
          !may_be_scores(map.array().type(), false)) {
        return std::nullopt;
      }
      found.maps.push_back(map.array());
      require_equal_shapes(found.maps.front(), found.maps.back());
    }
    if (found.maps.empty()) return std::nullopt;
    auto const shape = found.maps.front().shape();
    found.size = size_of(shape[0], shape[1]);
    found.may_be_strided = may_be_strided(field);
    return found;
  }

  bool may_be_strided(std::string const& field) const {
    return field == kStrided || (dialect_.field && !known_file(*dialect_.field));
  }

  // Whether any field other than the keys is more than [] or numpy.array([]).
  bool has_scores() const {
    for (std::size_t i = 0; i < root_.size(); ++i) {
      PickleValue const key = root_.key(i), value = root_.value(i);
      bool const is_keys = key.is(Kind::text) && key.text() == kKeys;
      bool const is_empty = value.is(Kind::array)
                                ? value.array().size() == 0 && value.array().axes() == 1
                                : value.is(Kind::list) && value.size() == 0;
      if (!is_keys && !is_empty) return true;
    }
    return false;
  }

  // A file without scores belongs to an image without a class.
  FoundMaps no_maps(std::vector<std::int64_t> const& keys) const {
    KnownFile const* const known = dialect_.method ? known_file(*dialect_.method) : nullptr;
    bool const leading_background = known && known->keys == Keys::label_ids && keys.size() == 1 &&
                                    keys.front() == 0 && known->background != Background::in_band;
    if (keys.empty() || leading_background) return {};
    bool const lone_background = keys.size() == 1 && keys.front() == 0;
    fail("holds the keys of " + counted(keys.size(), "class", "classes") + " but no scores" +
         (lone_background ? ", as PuzzleCAM and RecurSeed write for an image without a class: set "
                            "method = \"puzzlecam\" or \"recurseed\""
                          : ""));
  }

  KnownFile const* known_of(std::vector<std::int64_t> const& keys) const {
    if (dialect_.method) return known_file(*dialect_.method);
    if (dialect_.field && *dialect_.field != kStrided) return known_file(*dialect_.field);
    KnownFile const* only = nullptr;
    for (std::size_t i = 0; i < root_.size() && !dialect_.field; ++i) {
      if (!root_.key(i).is(Kind::text)) continue;
      KnownFile const* const known = known_file(root_.key(i).text());
      if (known && only) {
        fail("has the scores of more than one method ('" + std::string(only->field) + "', '" +
             known->field + "'): set field");
      }
      if (known) only = known;
    }
    if (only || !root_.find(kStrided)) return only;
    std::uint64_t const maps = scores_in(kStrided).shape()[0];
    return known_file(keys.size() == maps + 1 ? CamMethod::puzzlecam : CamMethod::irn);
  }

  std::string field_of(KnownFile const* known) const {
    if (dialect_.field) return *dialect_.field;
    if (known && root_.find(known->field)) return known->field;
    KnownFile const* const seems = recognised_file(root_, classes_, file_);
    if (dialect_.method && seems && seems != known) fail_to_read();
    if (known && known->has_strided && root_.find(kStrided)) return kStrided;
    if (known) {
      fail("has no '" + std::string(known->field) + "', where " + setting_of(*dialect_.method) +
           " stores its scores: it holds " + root_.description());
    }
    fail("holds " + root_.description() +
         ", none of which is known to hold scores: set field (and keys and background)");
  }

  // The array of the scores, which has 3 axes.
  Array scores_in(std::string const& field) const {
    auto const value = root_.find(field);
    if (!value) fail("has no '" + field + "': it holds " + root_.description());
    if (value->is(Kind::array) && may_be_scores(value->array().type(), dialect_.strict)) {
      Array const scores = dialect_.strict ? value->array() : with_three_axes(value->array());
      if (scores.axes() == 3) return scores;
    }
    fail("has in '" + field + "' " + value->description() +
         "; scores are floating-point arrays with 3 axes (classes, height, width)");
  }

  // (classes, height, width) of torch's (1, K, H, W), of (K, 1, H, W), and of the (H, W) that is
  // left when an array of one map is squeezed.
  static Array with_three_axes(Array scores) {
    while (scores.axes() > 3 && scores.shape()[0] == 1) scores = scores.at(0);
    auto const shape = scores.shape();
    if (shape.size() == 4 && shape[1] == 1) {
      return scores.with_shape({shape[0], shape[2], shape[3]});
    }
    return shape.size() == 2 ? scores.with_shape({1, shape[0], shape[1]}) : scores;
  }

  // The labels of the maps. The first key may be a background without a map.
  std::vector<Label> labels_of(FileKeys const& file_keys, std::uint64_t maps,
                               std::string const& field, KnownFile const* known) const {
    std::vector<std::int64_t> keys = file_keys.numbers;
    auto const key_kind = file_keys.are_labels ? std::optional(Keys::label_ids)
                          : dialect_.keys      ? dialect_.keys
                          : known              ? std::optional(known->keys)
                                               : std::nullopt;
    auto const background = dialect_.background ? dialect_.background
                            : known             ? known->background
                                                : std::nullopt;
    std::string const counts = "has " + counted(keys.size(), "number") + " in 'keys' but " +
                               counted(maps, "map") + " in '" + field + "'";
    if (keys.size() == maps + 1 && keys.front() == 0) {
      if (key_kind == Keys::zero_based || background == Background::in_band) {
        fail(counts + ", since the first is a background without a map, as in PuzzleCAM's files; " +
             contradiction(key_kind, background));
      }
      keys.erase(keys.begin());
      return labels(keys, Keys::label_ids, false);
    }
    if (keys.size() != maps) {
      fail(counts +
           (keys.size() == maps + 1 ? ", and the first key is not 0, for background" : ""));
    }
    if (maps == 0) return {};
    // Names say which map is that of the background, whatever the method usually writes.
    if (file_keys.are_labels) return labels_with_background(keys, dialect_.background, nullptr);
    if (!key_kind && background != Background::in_band) {
      fail("has as many numbers in 'keys' as maps in '" + field +
           "', which may count classes from 0 or be label ids: set keys = \"zero_based\" or "
           "keys = \"label_ids\"");
    }
    if (key_kind == Keys::zero_based) return labels(keys, Keys::zero_based, false);
    return labels_with_background(keys, background, known);
  }

  // The labels of keys that are label ids and each have a map.
  std::vector<Label> labels_with_background(std::vector<std::int64_t> const& keys,
                                            std::optional<Background> background,
                                            KnownFile const* known) const {
    bool const has_background = std::ranges::find(keys, 0) != keys.end();
    if (background == Background::in_band && !has_background) {
      fail("has a map for each of its keys, none of which is 0 (background); " +
           contradiction(Keys::label_ids, background));
    }
    if (background != Background::implicit) return labels(keys, Keys::label_ids, has_background);
    if (has_background || (known && !dialect_.background)) {
      fail("has a map for each of its keys" +
           std::string(has_background ? ", 0 (background) included" : "") +
           ", but if background is implicit, the keys begin with a 0 that has no map" +
           (dialect_.method ? " (" + setting_of(*dialect_.method) + ")" : ""));
    }
    return labels(keys, Keys::label_ids, false);
  }

  std::string contradiction(std::optional<Keys> keys, std::optional<Background> background) const {
    if (dialect_.keys == Keys::zero_based) return "keys = \"zero_based\" does not fit";
    if (dialect_.background == Background::in_band) return "background = \"in_band\" does not fit";
    if (dialect_.method) return setting_of(*dialect_.method) + " does not write this form";
    return "its field implies " +
           (keys == Keys::zero_based ? setting_of(*keys) : setting_of(*background));
  }

  // ---- {number: array, ...} ----

  FoundMaps by_number() const {
    if (dialect_.method && !writes_maps_by_number(*dialect_.method)) fail_to_read();
    if (dialect_.field) {
      fail("has no 'keys', so no field \"" + *dialect_.field + "\" either: it " +
           looks_like(root_, classes_, file_));
    }
    bool const by_name = label_of(root_.key(0)).has_value();
    std::vector<std::int64_t> keys;
    for (std::size_t i = 0; i < root_.size(); ++i) {
      auto const number =
          by_name ? label_of(root_.key(i)) : class_number(root_.key(i), dialect_.strict);
      if (!number) fail_to_read();
      keys.push_back(*number);
    }
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return keys[i]; });
    std::ranges::sort(keys);
    FoundMaps found;
    found.classes = by_name ? labels(keys, Keys::label_ids, true) : labels_by_number(keys);
    for (std::size_t const i : order) found.maps.push_back(map_of(root_.key(i), root_.value(i)));
    for (Array const& map : found.maps) require_equal_shapes(found.maps.front(), map);
    auto const shape = found.maps.front().shape();
    found.size = size_of(shape[0], shape[1]);
    return found;
  }

  // The label of a class whose name is the key; nothing for other keys, or if `strict`.
  std::optional<std::int64_t> label_of(PickleValue const& key) const {
    return named_class(key, dialect_.strict, classes_, file_);
  }

  std::vector<Label> labels_by_number(std::vector<std::int64_t> const& keys) const {
    bool const has_zero = keys.front() == 0;
    auto kind = dialect_.keys;
    if (!kind && dialect_.background == Background::in_band) kind = Keys::label_ids;
    if (!kind && (dialect_.method || !has_zero)) kind = Keys::zero_based;
    if (!kind) {
      fail(
          "has a map with the number 0, which is the first class in PSA's CAMs but background in "
          "PSA's CRF scores; the files look the same, so set method = \"psa\" (or keys = "
          "\"zero_based\") for CAMs, or keys = \"label_ids\" for CRF scores");
    }
    if (kind == Keys::zero_based) return labels(keys, Keys::zero_based, false);
    if (has_zero && dialect_.background == Background::implicit) {
      fail(
          "has a map with the number 0, which is background among label ids: background = "
          "\"implicit\" does not fit");
    }
    if (!has_zero && dialect_.background == Background::in_band) {
      fail("has no map with the number 0 (background): background = \"in_band\" does not fit");
    }
    return labels(keys, Keys::label_ids, has_zero);
  }

  Array map_of(PickleValue const& key, PickleValue const& value) const {
    if (value.is(Kind::array) && may_be_scores(value.array().type(), dialect_.strict)) {
      Array map = value.array();
      while (!dialect_.strict && map.axes() > 2 && map.shape()[0] == 1) map = map.at(0);
      if (map.axes() == 2) return map;
    }
    auto const number = class_number(key, false);
    fail("has for " +
         (number ? "class number " + std::to_string(*number)
                 : "class \"" + std::string(key.text()) + "\"") +
         " " + value.description() +
         "; scores are floating-point arrays with 2 axes (height, width)");
  }

  void require_equal_shapes(Array const& first, Array const& other) const {
    if (std::ranges::equal(first.shape(), other.shape())) return;
    fail("has maps of different sizes: " + first.description() + " and " + other.description());
  }

  // ---- array (C, H, W) ----

  // Whether a dict holds only a value of this kind and its name says nothing, as those of
  // numpy.savez(file, cam=array) and numpy.savez(file, cam=dict).
  bool is_lone(Kind kind) const {
    if (dialect_.strict || root_.size() != 1 || !root_.value(0).is(kind)) return false;
    if (!root_.key(0).is(Kind::text) || label_of(root_.key(0))) return false;
    if (kind == Kind::dict) return true;
    return root_.value(0).array().axes() >= 3 &&
           (!dialect_.field || *dialect_.field == root_.key(0).text());
  }

  FoundMaps in_array(Array const& whole) const {
    Array const scores =
        dialect_.strict || whole.axes() < 3 ? whole : with_three_axes(whole);
    if (dialect_.method && dialect_.method != CamMethod::ppc) fail_to_read();
    if (scores.axes() != 3 || !may_be_scores(scores.type(), dialect_.strict)) fail_to_read();
    bool const has_field = dialect_.field && root_.is(Kind::array);
    for (char const* option : {has_field ? "field" : "", dialect_.keys ? "keys" : ""}) {
      if (*option) {
        fail("is " + scores.description() + " and has no keys or fields: remove " + option);
      }
    }
    bool const in_band = array_has_background(scores);
    std::vector<std::int64_t> keys(scores.shape()[0]);
    std::iota(keys.begin(), keys.end(), in_band ? 0 : 1);
    FoundMaps found;
    found.classes = labels(keys, Keys::label_ids, in_band);
    found.size = size_of(scores.shape()[1], scores.shape()[2]);
    for (std::size_t k = 0; k < keys.size(); ++k) found.maps.push_back(scores.at(k));
    return found;
  }

  bool array_has_background(Array const& scores) const {
    std::uint64_t const maps = scores.shape()[0];
    std::uint64_t const all = classes_ ? classes_->count() : 0;
    if (!classes_) {
      if (maps > kIgnore) fail("is " + scores.description() + ", but 255 classes are the most");
      if (dialect_.background) return dialect_.background == Background::in_band;
      fail("is " + scores.description() +
           ", and the data set does not name its classes: set background = \"in_band\" or "
           "\"implicit\"");
    }
    auto const background =
        dialect_.background.value_or(maps == all ? Background::in_band : Background::implicit);
    if (maps == (background == Background::in_band ? all : all - 1)) {
      return background == Background::in_band;
    }
    std::string wanted =
        std::to_string(all) + " maps, or " + std::to_string(all - 1) + " without background";
    if (dialect_.background) {
      wanted = std::to_string(background == Background::in_band ? all : all - 1) + " maps";
    }
    fail("is " + scores.description() + ", but " +
         (dialect_.background ? setting_of(background) + " and " : "") +
         "the classes of the data set, " + classes_->describe() + ", require " + wanted);
  }

  // ---- for all ----

  Size size_of(std::uint64_t height, std::uint64_t width) const {
    return checked_size(height, width, "the maps of " + file_);
  }

  // Throws when a key is not a class or is repeated.
  std::vector<Label> labels(std::vector<std::int64_t> const& keys, Keys kind,
                            bool with_background) const {
    std::int64_t const first = with_background || kind == Keys::zero_based ? 0 : 1;
    std::int64_t const add = kind == Keys::zero_based ? 1 : 0;
    auto const count = static_cast<std::int64_t>(classes_ ? classes_->count() : kIgnore);
    std::array<bool, 256> seen{};
    std::vector<Label> labels;
    for (std::int64_t const key : keys) {
      if (key < first || key >= count - add) fail_for_key(key, kind, count);
      auto const label = static_cast<Label>(key + add);
      if (std::exchange(seen[label], true)) {
        fail("has two maps with the key " + std::to_string(key));
      }
      labels.push_back(label);
    }
    return labels;
  }

  [[noreturn]] void fail_for_key(std::int64_t key, Keys kind, std::int64_t count) const {
    bool const counts_from_0 = kind == Keys::zero_based;
    std::string const classes = classes_ ? "the data set has classes " + classes_->describe()
                                         : "the highest class is " + std::to_string(kIgnore - 1);
    fail("has scores with the key " + std::to_string(key) +
         (counts_from_0 && key >= 0
              ? ", which is class " + std::to_string(key + 1) + " (keys count from 0)"
              : "") +
         ", but " + classes + (counts_from_0 && key == count - 1 ? label_ids_hint() : ""));
  }

  // For keys that would fit as label ids, in files that may have label ids.
  std::string label_ids_hint() const {
    bool const by_number = !root_.find(kKeys);
    if (!by_number && dialect_.keys != Keys::zero_based) return "";
    return std::string("; if the keys are label ids") + (by_number ? " (PSA's CRF scores)" : "") +
           ", " + (dialect_.method ? "remove method and " : "") + "set keys = \"label_ids\"";
  }

  PickleValue const& root_;
  Dialect const& dialect_;
  Classes const* classes_;
  std::string const& file_;
};

}  // namespace

FoundMaps find_maps(PickleValue const& root, Dialect const& dialect, Classes const* classes,
                    std::string const& file) {
  return Finder(root, dialect, classes, file).find();
}

}  // namespace seplflow::cam
