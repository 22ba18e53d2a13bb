#include "dialect.hpp"

#include "known_files.hpp"

namespace seplflow::cam {

char const* to_text(Keys keys) {
  return keys == Keys::zero_based ? "zero_based" : "label_ids";
}
char const* to_text(Background background) {
  return background == Background::implicit ? "implicit" : "in_band";
}

std::string setting(char const* option, std::string const& value) {
  return std::string(option) + " = \"" + value + "\"";
}

void Dialect::check(OptionCheck& check) const {
  if (keys == Keys::zero_based && background == Background::in_band) {
    check.refuse("background",
                 "keys that count the classes from 0 have no number for background; "
                 "use keys = \"label_ids\" or background = \"implicit\"");
  }
  if (!method) return;
  std::string const says = setting("method", seplflow::to_text(*method)) + " says ";
  if (method == CamMethod::rca) {
    check.refuse("method", "RCA writes a PNG for each class, which cam.png_per_class reads");
    return;
  }
  KnownFile const* const known = known_file(*method);
  Keys const its_keys = known ? known->keys : Keys::zero_based;
  if (keys && *keys != its_keys) {
    check.refuse("keys", says + setting("keys", to_text(its_keys)) + "; leave one of the two out");
  }
  auto its_background = known ? known->background : std::optional(Background::implicit);
  if (method == CamMethod::ppc) its_background.reset();  // of its arrays
  if (background && its_background && *background != *its_background) {
    check.refuse("background", says + setting("background", to_text(*its_background)) +
                                   "; leave one of the two out");
  }
  if (field && !known) {
    check.refuse("field", says +
                              "that files have a map for each class number, and no fields; "
                              "leave one of the two out");
  }
}

}  // namespace seplflow::cam
