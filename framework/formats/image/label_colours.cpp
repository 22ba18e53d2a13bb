#include "formats/image/label_colours.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <seplflow/error.hpp>
#include <seplflow/formats/png.hpp>

namespace seplflow {
namespace {

constexpr Colour kWhite{255, 255, 255};

using IdOf = std::map<Colour, Label>;

// A way to read colours.
struct Scheme {
  char const* name;          // "VOC's colours"
  std::optional<IdOf> ids;   // not set: gray levels are the ids
  bool is_declared = false;  // by the data set
  std::optional<Label> id_of(Colour const& colour) const {
    if (!ids) {
      bool const is_gray = colour[0] == colour[1] && colour[1] == colour[2];
      return is_gray ? std::optional(colour[0]) : std::nullopt;
    }
    auto const found = ids->find(colour);
    return found == ids->end() ? std::nullopt : std::optional(found->second);
  }
};

void add_ignore(IdOf& ids) {
  ids.try_emplace(voc_colour(kIgnore), kIgnore);
  ids.try_emplace(kWhite, kIgnore);
}

Scheme const& voc_scheme() {
  static Scheme const scheme = [] {
    IdOf ids;
    for (unsigned id = 0; id <= kIgnore; ++id) {
      ids[voc_colour(static_cast<Label>(id))] = static_cast<Label>(id);
    }
    add_ignore(ids);
    return Scheme{"VOC's colours", std::move(ids)};
  }();
  return scheme;
}

Scheme const& gray_scheme() {
  static Scheme const scheme{"gray levels", std::nullopt};
  return scheme;
}

Scheme scheme_of(Colours const& colours) {
  IdOf ids;
  for (auto const& [label, colour] : colours) ids.try_emplace(colour, label);
  if (!colours.find(kIgnore)) add_ignore(ids);
  return {"the option colours", std::move(ids), true};
}

std::string text_of(Colour const& colour) {
  return "(" + std::to_string(colour[0]) + ", " + std::to_string(colour[1]) + ", " +
         std::to_string(colour[2]) + ")";
}

struct Used {
  Label number;
  std::optional<Colour> colour;  // of its own
};

Colours const& declared_colours(LabelReading const& reading) {
  return reading.colours.empty() && reading.classes ? reading.classes->colours() : reading.colours;
}

Decision plain() {
  Decision decision;
  decision.is_plain = true;
  return decision;
}

// Whether the colours of all used values are VOC's, or missing: the usual case, found fast.
bool has_voc_colours(std::array<std::uint64_t, 256> const& areas, std::span<Colour const> palette) {
  for (std::size_t i = 0; i < palette.size(); ++i) {
    if (areas[i] > 0 && palette[i] != voc_colour(static_cast<Label>(i))) return false;
  }
  return true;
}

using UsedIds = std::vector<Label>;  // in the order of the used numbers

// What one scheme makes of a file.
struct Candidate {
  Scheme const* scheme;
  UsedIds ids;
};

class Decider {
 public:
  Decider(std::vector<Used> used, LabelReading const& reading, std::string_view name)
      : used_(std::move(used)), reading_(reading), name_(name) {
    Colours const& declared = declared_colours(reading);
    if (!declared.empty()) declared_ = scheme_of(declared);
    schemes_ = {declared_ ? &*declared_ : &voc_scheme(), &gray_scheme()};
    for (Scheme const* const scheme : schemes_) {
      if (auto ids = ids_by(*scheme); ids && are_valid(*ids)) {
        candidates_.push_back({scheme, std::move(*ids)});
      }
    }
  }

  Decision of_picture(std::string const& kind) const {
    bool const only_values = reading_.ids_from == IdsFrom::values;
    std::vector<Candidate> allowed;
    for (Candidate const& each : candidates_) {
      if (!only_values || !each.scheme->ids) allowed.push_back(each);
    }
    if (allowed.empty()) fail_without_ids(kind + "; ");
    Candidate const& first = allowed.front();
    bool const differ = allowed.size() > 1 && allowed[1].ids != first.ids;
    if (differ && !first.scheme->is_declared && reading_.ids_from != IdsFrom::colours) {
      throw Error(name_ + " is " + kind + " that has two readings: by " + first.scheme->name +
                  " it holds " + list(first.ids) + ", and by " + allowed[1].scheme->name + " " +
                  list(allowed[1].ids) +
                  "; set ids_from = \"colours\" for the first or ids_from = \"values\" for the "
                  "second");
    }
    bool const agrees = allowed.size() > 1 && !differ;
    Decision decision = decided(first.ids);
    if (first.scheme->ids && !first.scheme->is_declared && !agrees) {
      decision.remark =
          "label files are RGB pictures in VOC's colours, which are read as class ids";
    }
    return decision;
  }

  Decision of_palette() const {
    if (reading_.ids_from) return as_asked("a palette PNG");
    UsedIds const values = used_values();
    for (Scheme const* const scheme : schemes_) {
      if (ids_by(*scheme) == values) return plain();
    }
    if (candidates_.empty()) return plain();
    Candidate const& first = candidates_.front();
    bool const differ = candidates_.size() > 1 && candidates_[1].ids != first.ids;
    bool const is_clear = shows_class(first.ids) && (first.scheme->is_declared || !differ) &&
                          (first.scheme->is_declared || !are_valid(values) || has_known_classes());
    if (!is_clear || reading_.strict) fail_with_both(values, first);
    Decision decision = decided(first.ids);
    decision.remark =
        "the palettes of label files contradict their values, so the class ids are "
        "read from the colours (ids_from = \"values\" reads the values)";
    decision.detail = "values " + list(values) + " show " + list(first.ids);
    return decision;
  }

  // Gray pixels of few bits say nothing about which of their two readings was meant, so only the
  // classes can.
  Decision of_few_bits(unsigned bits) const {
    std::string const kind = "a " + std::to_string(bits) + "-bit gray PNG";
    if (reading_.ids_from) return as_asked(kind);
    UsedIds const values = used_values(), levels = *ids_by(gray_scheme());
    if (values == levels) return plain();
    if (!candidates_.empty() && candidates_.front().ids == values) return plain();
    bool const valid = are_valid(values);
    if (valid && candidates_.empty()) {
      Decision decision = plain();
      decision.remark = few_bits_remark(bits, "values", "gray levels");
      return decision;
    }
    bool const differ = candidates_.size() > 1 && candidates_[1].ids != candidates_[0].ids;
    if (!valid && !candidates_.empty() && !differ && shows_class(candidates_.front().ids)) {
      Decision decision = decided(candidates_.front().ids);
      decision.remark = few_bits_remark(bits, "gray levels", "values");
      return decision;
    }
    throw Error(name_ + " is " + kind + " that has two readings: by value it holds the ids " +
                list(values) + ", and by gray level (0 to 255) the ids " +
                list(candidates_.empty() ? levels : candidates_.front().ids) +
                "; set ids_from = \"values\" for the first or ids_from = \"colours\" for the "
                "second, or save the class ids as 8-bit gray");
  }

 private:
  static std::string few_bits_remark(unsigned bits, char const* read, char const* other) {
    return "label files are gray with " + std::to_string(bits) + " bits per pixel, and their " +
           read + " are read as class ids, because their " + other +
           " are not all ids of the data set";
  }

  // By the option ids_from, which is set.
  Decision as_asked(std::string const& kind) const {
    if (reading_.ids_from == IdsFrom::values) return plain();
    if (candidates_.empty()) fail_without_ids(kind + "; ");
    return decided(candidates_.front().ids);
  }

  UsedIds used_values() const {
    UsedIds values;
    for (Used const& used : used_) values.push_back(used.number);
    return values;
  }

  // Nothing when a used number has no colour, or one without an id.
  std::optional<UsedIds> ids_by(Scheme const& scheme) const {
    UsedIds ids;
    for (Used const& used : used_) {
      auto const id = used.colour ? scheme.id_of(*used.colour) : std::nullopt;
      if (!id) return std::nullopt;
      ids.push_back(*id);
    }
    return ids;
  }

  bool are_valid(UsedIds const& ids) const {
    return !reading_.classes || std::ranges::all_of(ids, [&](Label id) {
      Label const label = reading_.relabel[id];
      return label == kIgnore || reading_.classes->contains(label);
    });
  }

  static bool shows_class(UsedIds const& ids) {
    return std::ranges::any_of(ids, [](Label id) { return id != kBackground && id != kIgnore; });
  }

  bool has_known_classes() const {
    if (!reading_.classes) return false;
    auto const& names = reading_.classes->names();
    return names == voc12_classes()->names() || names == coco14_classes()->names();
  }

  Decision decided(UsedIds const& ids) const {
    Decision decision;
    for (std::size_t i = 0; i < used_.size(); ++i) decision.ids[used_[i].number] = ids[i];
    return decision;
  }

  static std::string list(UsedIds ids) {
    constexpr std::size_t kShown = 10;
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::string text;
    for (std::size_t i = 0; i < std::min(ids.size(), kShown); ++i) {
      text += (i == 0 ? "" : ", ") + std::to_string(ids[i]);
    }
    return text + (ids.size() > kShown ? ", ..." : "");
  }

  [[noreturn]] void fail_with_both(UsedIds const& values, Candidate const& colours) const {
    throw Error(name_ + " has a palette that contradicts its values: by value it holds the ids " +
                list(values) + ", by colour (" + colours.scheme->name + ") the ids " +
                list(colours.ids) + (reading_.strict ? "; strict = true allows no guess" : "") +
                "; set ids_from = \"values\" or ids_from = \"colours\"");
  }

  // Names the first colour that is the reason.
  [[noreturn]] void fail_without_ids(std::string const& kind) const {
    Scheme const& scheme = reading_.ids_from == IdsFrom::values ? gray_scheme() : *schemes_.front();
    std::string why = "its values have no colours";
    for (Used const& used : used_) {
      if (!used.colour) continue;
      auto const id = scheme.id_of(*used.colour);
      if (id && are_valid({*id})) continue;
      why = "the colour " + text_of(*used.colour) +
            (id ? " means class " + std::to_string(*id) + " in " + scheme.name +
                      ", which the data set does not have (its classes are " +
                      reading_.classes->describe() + " and 255)"
                : std::string(" is not among ") + scheme.name);
      break;
    }
    throw Error(name_ + " is " + kind + "colours do not determine class ids here: " + why +
                "; set colours = [\"#000000\", ...] to the colours of the classes in their order, "
                "or save the class ids as 8-bit gray");
  }

  std::vector<Used> used_;
  LabelReading const& reading_;
  std::string name_;
  std::optional<Scheme> declared_;
  std::array<Scheme const*, 2> schemes_{};
  std::vector<Candidate> candidates_;  // whose ids are valid, in the order of the schemes
};

}  // namespace

Decision ids_of_picture(Picture const& picture, LabelReading const& reading, std::string_view name,
                        std::string const& kind) {
  std::vector<Used> used;
  for (std::size_t i = 0; i < picture.colours.size(); ++i) {
    used.push_back({static_cast<Label>(i), picture.colours[i]});
  }
  return Decider(std::move(used), reading, name).of_picture(kind);
}

Decision ids_of_palette(std::array<std::uint64_t, 256> const& areas,
                        std::span<Colour const> palette, LabelReading const& reading,
                        std::string_view name) {
  if (!reading.ids_from && declared_colours(reading).empty() && has_voc_colours(areas, palette)) {
    return plain();
  }
  std::vector<Used> used;
  for (std::size_t i = 0; i < areas.size(); ++i) {
    if (areas[i] == 0) continue;
    Used each{static_cast<Label>(i), std::nullopt};
    bool const is_duplicate =
        i < palette.size() && std::ranges::count(palette.first(i), palette[i]) > 0;
    if (i < palette.size() && !is_duplicate) each.colour = palette[i];
    used.push_back(each);
  }
  return Decider(std::move(used), reading, name).of_palette();
}

Decision ids_of_few_bits(std::array<std::uint64_t, 256> const& areas, unsigned bits,
                         LabelReading const& reading, std::string_view name) {
  unsigned const greatest = (1U << bits) - 1;
  std::vector<Used> used;
  for (unsigned value = 0; value <= greatest; ++value) {
    auto const level = static_cast<std::uint8_t>(value * 255 / greatest);
    if (areas[value] > 0) used.push_back({static_cast<Label>(value), Colour{level, level, level}});
  }
  return Decider(std::move(used), reading, name).of_few_bits(bits);
}

}  // namespace seplflow
