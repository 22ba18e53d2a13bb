#include <seplflow/detail/files_read.hpp>
#include <seplflow/detail/stage_instance.hpp>
#include <seplflow/detail/warnings.hpp>
#include <seplflow/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace seplflow {
namespace {

template <class Range>
std::optional<std::size_t> find_named(Range const& range, std::string_view name) {
  auto const found = std::ranges::find(range, name, [](auto const& each) { return each.name; });
  if (found == range.end()) return std::nullopt;
  return static_cast<std::size_t>(found - range.begin());
}

}  // namespace

OutputFolder::~OutputFolder() = default;
RunFile::~RunFile() = default;
StageFactory::~StageFactory() = default;

Cell::Cell(std::string text) : variant(std::move(text)) {}
Cell::Cell(std::string_view text) : variant(std::string(text)) {}
Cell::Cell(char const* text) : variant(std::string(text)) {}

OutputFolder& SampleContext::output() const {
  if (!output_) throw Error("only a sink may write files, and this stage is not one");
  return *output_;
}

OptionCheck::OptionCheck(std::vector<std::string> given, std::vector<std::string> connected_inputs,
                         std::vector<std::string> wanted_outputs)
    : given_(std::move(given)),
      connected_(std::move(connected_inputs)),
      wanted_(std::move(wanted_outputs)) {}

bool OptionCheck::given(std::string_view option) const {
  return std::ranges::find(given_, option) != given_.end();
}
bool OptionCheck::connected(std::string_view input) const {
  return std::ranges::find(connected_, input) != connected_.end();
}
bool OptionCheck::wanted(std::string_view output) const {
  return std::ranges::find(wanted_, output) != wanted_.end();
}

void OptionCheck::relies_on(std::string input) {
  relied_on_.push_back(std::move(input));
}
void OptionCheck::refuse(std::string option, std::string message) {
  problems_.push_back({std::move(option), std::move(message)});
}
void OptionCheck::missing(std::string option, std::string message) {
  problems_.push_back({std::move(option), std::move(message), true});
}
void OptionCheck::warn(std::string option, std::string message) {
  warnings_.push_back({std::move(option), std::move(message)});
}
void OptionCheck::expect_some(Expectation expectation) {
  expectations_.push_back(std::move(expectation));
}
void OptionCheck::reads(std::filesystem::path const& file) {
  FilesRead::record(file, state_of(file));
}

void SampleContext::warn(std::string what, std::string detail) const {
  if (warnings_) warnings_->add({std::move(what), std::move(detail)});
}

void SampleContext::count(std::string what, std::uint64_t number) const {
  if (warnings_) warnings_->add(Count{std::move(what), number});
}

void Warnings::add(Warning warning) {
  warning = {without_controls(warning.what), without_controls(warning.detail)};
  std::scoped_lock const lock(mutex_);
  any_ = true;
  list_.push_back(std::move(warning));
}
std::vector<Warning> Warnings::take() {
  if (!any_) return {};
  std::scoped_lock const lock(mutex_);
  return std::exchange(list_, {});
}

void Warnings::add(Count count) {
  count.what = without_controls(count.what);
  std::scoped_lock const lock(mutex_);
  for (Count const& each : counts_) {
    if (each.what == count.what) {
      throw Error("it counted \"" + count.what +
                  "\" twice for one sample; add the numbers up first");
    }
  }
  any_ = true;
  counts_.push_back(std::move(count));
}
std::vector<Count> Warnings::take_counts() {
  if (!any_) return {};
  std::scoped_lock const lock(mutex_);
  return std::exchange(counts_, {});
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
