#include "plugin/stage_builder.hpp"

#include <algorithm>
#include <set>

namespace seplflow {
namespace {

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_";

// Options of every stage, which a pipeline file gives beside the stage's own.
constexpr std::string_view kReserved[] = {"use", "in", "on_error", "name"};

// family.stage, maybe with more parts: each a letter, then letters, digits and "_", in lower case.
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

std::string list(std::vector<std::string> const& mistakes) {
  std::string text;
  for (std::string const& mistake : mistakes) text += (text.empty() ? "" : "; ") + mistake;
  return text;
}

}  // namespace

StageBuilderBase::StageBuilderBase(std::string name, std::string summary) {
  if (!is_stage_type(name)) {
    mistakes_.push_back("the name is not of the form \"family.stage\" in lower case");
  }
  declaration_.name = std::move(name);
  declaration_.summary = std::move(summary);
}

StageBuilderBase::~StageBuilderBase() = default;

void StageBuilderBase::name_ports(std::vector<Port>& ports, std::vector<std::string> names,
                                  char const* what) {
  if (names.size() != ports.size()) {
    mistakes_.push_back("it names " + std::to_string(names.size()) + " " + what +
                        "s, but its signature has " + std::to_string(ports.size()));
    for (Port& port : ports) port.name = "?" + std::to_string(&port - ports.data());
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i) ports[i].name = std::move(names[i]);
}

void StageBuilderBase::add_option(OptionDeclaration option) {
  if (std::ranges::find(kReserved, option.name) != std::end(kReserved)) {
    mistakes_.push_back("an option cannot be called \"" + option.name + "\"");
  }
  if (find_option(declaration_, option.name)) {
    mistakes_.push_back("option \"" + option.name + "\" is declared twice");
  }
  declaration_.options.push_back(std::move(option));
}

StageDeclaration StageBuilderBase::finish() const {
  std::vector<std::string> mistakes = mistakes_;
  for (auto const* ports : {&declaration_.inputs, &declaration_.outputs}) {
    std::set<std::string> seen;
    for (Port const& port : *ports) {
      if (port.name.empty()) mistakes.push_back("a port of type " + port.type + " has no name");
      if (!port.name.empty() && !seen.insert(port.name).second) {
        mistakes.push_back("two ports are called \"" + port.name + "\"");
      }
    }
  }
  if (declaration_.kind != StageKind::source && declaration_.inputs.empty()) {
    mistakes.push_back("it has neither next() nor inputs");
  }
  if (changes_itself_ && !declaration_.serial) {
    mistakes.push_back("its operator() is not const, so it must be declared serial()");
  }
  if (!mistakes.empty()) throw Error("stage " + declaration_.name + ": " + list(mistakes));
  return declaration_;
}

std::vector<StageDeclaration> Plugin::finish() const {
  std::vector<StageDeclaration> declarations;
  std::vector<std::string> mistakes;
  std::set<std::string> seen;
  for (auto const& builder : builders_) {
    try {
      declarations.push_back(builder->finish());
      if (!seen.insert(declarations.back().name).second) {
        mistakes.push_back("stage " + declarations.back().name + " is declared twice");
      }
    } catch (Error const& error) {
      mistakes.push_back(error.what());
    }
  }
  if (!mistakes.empty()) throw Error(list(mistakes));
  return declarations;
}

}  // namespace seplflow
