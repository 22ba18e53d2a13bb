// How a method stores its CAMs: the dialects of IRN, PSA and their descendants.
#pragma once

#include <optional>
#include <seplflow.hpp>
#include <string>

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

  // Refuses contradictions.
  void check_dialect(OptionCheck& check) const;
};

}  // namespace seplflow::cam
