#include "plugin/stage.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace seplflow {
namespace {

[[noreturn]] void not_of_this_kind() {
  throw std::logic_error("the stage was asked for something that its kind does not do");
}

template <class Range>
std::optional<std::size_t> find_named(Range const& range, std::string_view name) {
  auto const found = std::ranges::find(range, name, [](auto const& each) { return each.name; });
  if (found == range.end()) return std::nullopt;
  return static_cast<std::size_t>(found - range.begin());
}

}  // namespace

OutputFolder::~OutputFolder() = default;
StageInstance::~StageInstance() = default;

void Warnings::add(Warning warning) {
  std::scoped_lock const lock(mutex_);
  list_.push_back(std::move(warning));
}
std::vector<Warning> Warnings::take() {
  std::scoped_lock const lock(mutex_);
  return std::exchange(list_, {});
}

std::optional<Sample> StageInstance::next() {
  not_of_this_kind();
}
std::optional<std::uint64_t> StageInstance::count() const {
  return std::nullopt;
}
Value StageInstance::produce(std::size_t, Sample const&) const {
  not_of_this_kind();
}
std::optional<std::vector<Value>> StageInstance::run(SampleContext const&,
                                                     std::span<void const* const>) {
  not_of_this_kind();
}
bool StageInstance::decides() const {
  return false;
}
Value StageInstance::decide(SampleContext const&, std::span<void const* const>) const {
  not_of_this_kind();
}
bool StageInstance::same_decision(void const*, void const*) const {
  not_of_this_kind();
}
std::optional<std::vector<Value>> StageInstance::carry_out(void const*, SampleContext const&,
                                                           std::span<void const* const>) const {
  not_of_this_kind();
}
std::vector<std::filesystem::path> StageInstance::files(std::size_t, Sample const&) const {
  return {};
}
bool StageInstance::needs_files() const {
  return true;
}
std::filesystem::path StageInstance::list_file() const {
  return {};
}
std::string StageInstance::list_line(Sample const&) const {
  not_of_this_kind();
}
std::optional<std::string> StageInstance::save(void const*) const {
  return std::nullopt;
}
Value StageInstance::load(std::string_view) const {
  not_of_this_kind();
}
Row StageInstance::fold(Sample const&, void const*) {
  not_of_this_kind();
}
std::vector<std::string> StageInstance::columns() const {
  return {};
}
Findings StageInstance::finish() {
  not_of_this_kind();
}

std::string_view to_string(StageKind kind) {
  switch (kind) {
    case StageKind::source:
      return "source";
    case StageKind::transform:
      return "transform";
    case StageKind::observer:
      return "observer";
    case StageKind::sink:
      return "sink";
  }
  return "";
}

std::optional<std::size_t> find_port(std::vector<Port> const& ports, std::string_view name) {
  return find_named(ports, name);
}

std::optional<std::size_t> find_option(StageDeclaration const& stage, std::string_view name) {
  return find_named(stage.options, name);
}

}  // namespace seplflow
