#include <seplflow/error.hpp>
#include <seplflow/plugin.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "plugin/stage_name.hpp"

namespace seplflow {
namespace {

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_";

// Settings that every stage has besides its own options.
constexpr std::string_view kReserved[] = {"use", "in", "on_error", "name"};

// "limit", or "select.worst" for one of the options that a pipeline writes as a table.
bool is_option_name(std::string_view name) {
  std::size_t const dot = name.find('.');
  if (dot != name.npos && !is_option_name(name.substr(0, dot))) return false;
  if (dot != name.npos) name.remove_prefix(dot + 1);
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         name.find_first_not_of(kNameCharacters) == name.npos;
}

bool holds_numbers(OptionType type) {
  return type == OptionType::integer || type == OptionType::number ||
         type == OptionType::integers || type == OptionType::numbers;
}

// Adds a constraint to an option, or says in wrong() why it cannot.
template <class Wrong>
void constrain(OptionDeclaration& option, OptionConstraint const& constraint, Wrong const& wrong) {
  bool const is_range = constraint.minimum || constraint.maximum;
  if (is_range && !holds_numbers(option.type)) wrong("has a range but holds no numbers");
  if (constraint.minimum) option.minimum = constraint.minimum;
  if (constraint.maximum) option.maximum = constraint.maximum;
  if (is_range && !(option.minimum.value_or(-HUGE_VAL) <= option.maximum.value_or(HUGE_VAL))) {
    wrong("has a range without numbers: its end is below its beginning, or not a number");
  }
  if (constraint.unit) option.unit = *constraint.unit;
  option.required |= constraint.required;
  if (constraint.path_kind) {
    if (option.type != OptionType::path) wrong("must exist as a file or folder but is not a path");
    option.path_kind = *constraint.path_kind;
  }
  if (constraint.choices) {
    std::set<std::string> const different(constraint.choices->begin(), constraint.choices->end());
    if (different.empty()) wrong("has no choices");
    if (different.contains("")) wrong("has a choice without text");
    if (different.size() < constraint.choices->size()) wrong("has a choice twice");
    if (option.type != OptionType::text) wrong("has choices but is not a text");
    option.choices = *constraint.choices;
  }
}

// Why the option cannot have the value, or nothing.
std::optional<std::string> why_not_allowed(OptionDeclaration const& option,
                                           OptionValue const& value) {
  auto const check_number = [&](double number) -> std::optional<std::string> {
    if (std::isnan(number)) return "is not a number";
    if (number < option.minimum.value_or(-HUGE_VAL) || number > option.maximum.value_or(HUGE_VAL)) {
      return "is outside its range";
    }
    return std::nullopt;
  };
  auto const check_all = [&](auto const& numbers) -> std::optional<std::string> {
    for (auto const number : numbers) {
      if (auto why = check_number(static_cast<double>(number))) return why;
    }
    return std::nullopt;
  };
  if (auto const* const number = std::get_if<double>(&value)) return check_number(*number);
  if (auto const* const count = std::get_if<std::int64_t>(&value)) {
    return check_number(static_cast<double>(*count));
  }
  if (auto const* const numbers = std::get_if<std::vector<double>>(&value)) {
    return check_all(*numbers);
  }
  if (auto const* const counts = std::get_if<std::vector<std::int64_t>>(&value)) {
    return check_all(*counts);
  }
  auto const* const text = std::get_if<std::string>(&value);
  if (text && !option.choices.empty() && std::ranges::find(option.choices, *text) ==
                                             option.choices.end()) {
    return "is not one of its choices";
  }
  return std::nullopt;
}

std::string joined(std::vector<std::string> const& errors) {
  std::string text;
  for (std::string const& error : errors) text += (text.empty() ? "" : "; ") + error;
  return text;
}

// Makes instances of a class that this library does not know.
class InstanceFactory final : public StageFactory {
 public:
  InstanceFactory(detail::MakeInstance function,
                  std::shared_ptr<detail::Blueprint const> blueprint)
      : make_(function), blueprint_(std::move(blueprint)) {}
  std::unique_ptr<StageInstance> make() const override { return make_(blueprint_); }

 private:
  detail::MakeInstance make_;
  std::shared_ptr<detail::Blueprint const> blueprint_;
};

// Whether the stage's inputs need no work by other stages.
bool only_loads(StageDeclaration const& stage) {
  return stage.kind != StageKind::source && std::ranges::all_of(stage.inputs, [](Port const& port) {
           return port.type == PortType<Sample>::name || port.type == PortType<ImageLabels>::name;
         });
}

}  // namespace

bool is_stage_type(std::string_view name) {
  std::size_t parts = 0;
  for (std::size_t begin = 0; begin <= name.size(); ++parts) {
    std::size_t const end = std::min(name.find('.', begin), name.size());
    std::string_view const part = name.substr(begin, end - begin);
    bool const letter_first = !part.empty() && part[0] >= 'a' && part[0] <= 'z';
    if (!letter_first || part.find_first_not_of(kNameCharacters) != part.npos) return false;
    begin = end + 1;
  }
  return parts >= 2;
}

StageBuilderBase::StageBuilderBase(std::string_view name, std::string_view summary)
    : blueprint_(std::make_shared<detail::Blueprint>()) {
  if (!is_stage_type(name)) {
    errors_.push_back("the name must have the form \"family.stage\", in lower case");
  }
  if (summary.empty()) errors_.push_back("it has no summary; say in one sentence what it does");
  declaration_.name = name;
  declaration_.summary = summary;
}

StageBuilderBase::~StageBuilderBase() = default;

void StageBuilderBase::made_by(detail::MakeInstance make) {
  declaration_.factory = std::make_shared<InstanceFactory>(make, blueprint_);
}

void StageBuilderBase::declare_source() {
  declaration_.kind = StageKind::source;
  declaration_.outputs = {detail::port_of<Sample>("sample")};
  blueprint_->producers.emplace_back();  // the engine has the sample itself
}

void StageBuilderBase::declare_inputs(std::span<detail::PortFacts const> inputs) {
  for (auto const& facts : inputs) declaration_.inputs.push_back(detail::make_port("", facts));
}

void StageBuilderBase::declare_outputs(std::span<detail::PortFacts const> outputs) {
  for (auto const& facts : outputs) declaration_.outputs.push_back(detail::make_port("", facts));
}

void StageBuilderBase::name_ports(std::vector<Port>& ports, NameList names, char const* what) {
  bool const fits = names.size() == ports.size();
  if (!fits) {
    errors_.push_back("it names " + std::to_string(names.size()) + " " + what +
                      "s, but its signature has " + std::to_string(ports.size()));
  }
  for (std::size_t i = 0; i < ports.size(); ++i) {
    ports[i].name = fits ? std::string(names.begin()[i]) : "?" + std::to_string(i);
  }
}

void StageBuilderBase::name_inputs(NameList names) {
  name_ports(declaration_.inputs, names, "input");
}

void StageBuilderBase::name_outputs(NameList names) {
  name_ports(declaration_.outputs, names, "output");
}

void StageBuilderBase::add_output(std::string_view name, detail::PortFacts const& facts,
                                  std::unique_ptr<detail::Producer const> producer) {
  declaration_.outputs.push_back(detail::make_port(name, facts));
  blueprint_->producers.push_back(std::move(producer));
}

void StageBuilderBase::set_missing_library(std::string_view library) {
  declaration_.missing_library = library;
}

void StageBuilderBase::set_details(std::string_view text) {
  declaration_.details = text;
}

void StageBuilderBase::connect_by_default(std::string_view input) {
  auto const port = find_port(declaration_.inputs, input);
  if (!port || !declaration_.inputs[*port].optional) {
    errors_.push_back("it has no optional input \"" + std::string(input) +
                      "\" to connect by default");
    return;
  }
  declaration_.inputs[*port].by_default = true;
}

void StageBuilderBase::make_on_request(std::string_view output) {
  auto const port = find_port(declaration_.outputs, output);
  if (!port || *port == 0 || declaration_.kind != StageKind::transform) {
    errors_.push_back("\"" + std::string(output) +
                      "\" is not a later output of a transform; only these are made on request");
    return;
  }
  declaration_.outputs[*port].optional = true;
}

void StageBuilderBase::add_option(std::string_view name, std::string_view help,
                                  detail::OptionFacts const& facts,
                                  std::unique_ptr<detail::OptionBinding const> binding,
                                  ConstraintList constraints) {
  OptionDeclaration option;
  option.name = name;
  option.help = help;
  option.type = facts.type;
  option.minimum = facts.minimum;
  option.maximum = facts.maximum;
  add_option(std::move(option), std::move(binding), constraints);
}

void StageBuilderBase::add_option(OptionDeclaration option,
                                  std::unique_ptr<detail::OptionBinding const> binding,
                                  ConstraintList constraints) {
  auto const wrong = [&](std::string const& what) {
    errors_.push_back("option \"" + option.name + "\" " + what);
  };
  if (std::ranges::find(kReserved, option.name) != std::end(kReserved)) {
    wrong("has a name that every stage uses for itself; call it something else");
  }
  if (!is_option_name(option.name)) {
    wrong("needs a name of lower-case letters, digits and \"_\" that begins with a letter, or two "
          "of them and a dot between");
  }
  if (find_option(declaration_, option.name)) wrong("is declared twice");
  if (option.help.empty()) wrong("has no help; say in one sentence what it does");
  for (OptionConstraint const* each : constraints) constrain(option, *each, wrong);
  blueprint_->options.push_back(std::move(binding));
  declaration_.options.push_back(std::move(option));
  if (declaration_.factory) set_default(declaration_.options.size() - 1);
}

// An instance knows the default: the value of the member before anything is set.
void StageBuilderBase::set_default(std::size_t index) {
  OptionDeclaration& option = declaration_.options[index];
  if (option.required) return;
  try {
    option.default_value = declaration_.make()->option(index);
  } catch (std::exception const& error) {
    errors_.push_back("the default of option \"" + option.name + "\" cannot be read: " +
                      error.what());
    return;
  } catch (...) {
    errors_.push_back("the stage cannot be constructed: something was thrown that is not a "
                      "std::exception");
    return;
  }
  if (!option.default_value) return;
  if (auto const why = why_not_allowed(option, *option.default_value)) {
    errors_.push_back("the default of option \"" + option.name + "\" " + *why);
  }
}

StageDeclaration StageBuilderBase::finish() const {
  std::vector<std::string> errors = errors_;
  for (auto const* ports : {&declaration_.inputs, &declaration_.outputs}) {
    std::set<std::string> seen;
    for (Port const& port : *ports) {
      if (port.name.empty()) errors.push_back("a port of type " + port.type + " has no name");
      if (!port.name.empty() && !seen.insert(port.name).second) {
        errors.push_back("two ports are called \"" + port.name + "\"");
      }
    }
  }
  if (declaration_.kind != StageKind::source && declaration_.inputs.empty()) {
    errors.push_back("it has neither next() nor inputs");
  }
  if (!is_const_ && !declaration_.serial) {
    errors.push_back("its operator() is not const, so it must be declared serial() or ordered()");
  }
  bool const may_be_ordered =
      declaration_.kind == StageKind::transform || declaration_.kind == StageKind::sink;
  if (declaration_.ordered && !may_be_ordered) {
    errors.push_back("only a transform or a sink can be ordered(): next() and fold() are called in "
                     "data set order anyway");
  }
  if (!errors.empty()) throw Error(joined(errors));
  StageDeclaration declaration = declaration_;
  declaration.loads = only_loads(declaration);
  return declaration;
}

void Plugin::version(std::string_view text) {
  version_ = text;
}

void Plugin::take(std::unique_ptr<StageBuilderBase> builder) {
  builders_.push_back(std::move(builder));
}

Plugin::Stages Plugin::finish() const {
  Stages stages;
  std::map<std::string, std::size_t> count;
  for (auto const& builder : builders_) ++count[builder->name()];
  for (auto const& builder : builders_) {
    try {
      if (count[builder->name()] > 1) throw Error("its library declares it twice");
      stages.declared.push_back(builder->finish());
    } catch (Error const& error) {
      stages.rejected.push_back({builder->name(), error.what()});
    }
  }
  return stages;
}

}  // namespace seplflow
