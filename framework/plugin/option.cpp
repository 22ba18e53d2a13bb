#include <seplflow/option.hpp>

namespace seplflow {

OptionConstraint in_range(double minimum, double maximum) {
  return {[=](OptionDeclaration& option) {
    option.minimum = minimum;
    option.maximum = maximum;
  }};
}

OptionConstraint at_least(double minimum) {
  return {[=](OptionDeclaration& option) { option.minimum = minimum; }};
}

OptionConstraint unit(std::string name) {
  return {[=](OptionDeclaration& option) { option.unit = name; }};
}

OptionConstraint required() {
  return {[](OptionDeclaration& option) { option.required = true; }};
}

OptionConstraint existing_folder() {
  return {[](OptionDeclaration& option) { option.path_kind = PathKind::folder; }};
}

OptionConstraint existing_file() {
  return {[](OptionDeclaration& option) { option.path_kind = PathKind::file; }};
}

OptionConstraint one_of(std::vector<std::string> texts) {
  return {[=](OptionDeclaration& option) { option.choices = texts; }};
}

}  // namespace seplflow
