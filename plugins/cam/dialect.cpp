#include "dialect.hpp"

#include "known_forms.hpp"

namespace seplflow::cam {

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

}  // namespace seplflow::cam
