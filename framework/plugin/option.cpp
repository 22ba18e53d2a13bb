#include <seplflow/option.hpp>

namespace seplflow {

OptionConstraint::~OptionConstraint() = default;

OptionConstraint in_range(double minimum, double maximum) {
  return {.minimum = minimum, .maximum = maximum};
}

OptionConstraint at_least(double minimum) {
  return {.minimum = minimum};
}

OptionConstraint unit(std::string name) {
  return {.unit = std::move(name)};
}

OptionConstraint required() {
  return {.required = true};
}

OptionConstraint existing_folder() {
  return {.path_kind = PathKind::folder};
}

OptionConstraint existing_file() {
  return {.path_kind = PathKind::file};
}

OptionConstraint one_of(std::vector<std::string> texts) {
  return {.choices = std::move(texts)};
}

}  // namespace seplflow
