// How a method keeps its CAMs: the dialects of IRN, PSA and their descendants.
#pragma once

#include <optional>
#include <seplflow.hpp>
#include <string>

#include "common/cam_methods.hpp"

namespace seplflow::cam {

enum class Keys {
  zero_based,  // 0 is the first class in the foreground, label 1
  label_ids,   // 0 is background
};

enum class Background {
  implicit,  // has no map: a threshold stands for it
  in_band,   // has a map of its own
};

// As pipelines name them: "zero_based", "implicit".
char const* to_text(Keys keys);
char const* to_text(Background background);

// For messages: method = "irn"
std::string setting(char const* option, std::string const& value);

// How files are to be read, as far as the pipeline says; the rest follows from what a file holds,
// where that is certain.
struct Dialect {
  std::optional<CamMethod> method;
  std::optional<std::string> field;
  std::optional<Keys> keys;
  std::optional<Background> background;

  // Refuses what contradicts itself.
  void check(OptionCheck& check) const;
};

}  // namespace seplflow::cam
