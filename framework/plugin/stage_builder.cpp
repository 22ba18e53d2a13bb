#include <seplflow/plugin.hpp>

#include <algorithm>
#include <set>

namespace seplflow {
namespace {

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_";

// Settings that every stage has besides its own options.
constexpr std::string_view kReserved[] = {"use", "in", "on_error", "name"};

// "family.stage", or more parts. Each part is a letter, then letters, digits and "_", in lower
// case.
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

std::string joined(std::vector<std::string> const& errors) {
  std::string text;
  for (std::string const& error : errors) text += (text.empty() ? "" : "; ") + error;
  return text;
}

// Whether the stage's inputs need no work by other stages.
bool only_loads(StageDeclaration const& stage) {
  return stage.kind != StageKind::source && std::ranges::all_of(stage.inputs, [](Port const& port) {
           return port.type == PortType<Sample>::name || port.type == PortType<ImageLabels>::name;
         });
}

}  // namespace

StageBuilderBase::StageBuilderBase(std::string name, std::string summary) {
  if (!is_stage_type(name)) {
    errors_.push_back("the name must have the form \"family.stage\", in lower case");
  }
  declaration_.name = std::move(name);
  declaration_.summary = std::move(summary);
}

StageBuilderBase::~StageBuilderBase() = default;

void StageBuilderBase::name_ports(std::vector<Port>& ports, std::vector<std::string> names,
                                  char const* what) {
  if (names.size() != ports.size()) {
    errors_.push_back("it names " + std::to_string(names.size()) + " " + what +
                      "s, but its signature has " + std::to_string(ports.size()));
  }
  bool const fits = names.size() == ports.size();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    ports[i].name = fits ? std::move(names[i]) : "?" + std::to_string(i);
  }
}

void StageBuilderBase::add_option(OptionDeclaration option) {
  if (std::ranges::find(kReserved, option.name) != std::end(kReserved)) {
    errors_.push_back("an option cannot be called \"" + option.name + "\"");
  }
  if (find_option(declaration_, option.name)) {
    errors_.push_back("option \"" + option.name + "\" is declared twice");
  }
  declaration_.options.push_back(std::move(option));
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
    errors.push_back("its operator() is not const, so it must be declared serial()");
  }
  if (!errors.empty()) throw Error("stage " + declaration_.name + ": " + joined(errors));
  StageDeclaration declaration = declaration_;
  declaration.loads = only_loads(declaration);
  return declaration;
}

std::vector<StageDeclaration> Plugin::finish() const {
  std::vector<StageDeclaration> declarations;
  std::vector<std::string> errors;
  std::set<std::string> seen;
  for (auto const& builder : builders_) {
    try {
      declarations.push_back(builder->finish());
      if (!seen.insert(declarations.back().name).second) {
        errors.push_back("stage " + declarations.back().name + " is declared twice");
      }
    } catch (Error const& error) {
      errors.push_back(error.what());
    }
  }
  if (!errors.empty()) throw Error(joined(errors));
  return declarations;
}

}  // namespace seplflow
