// What instances do unless the class of their stage says otherwise.
#include <seplflow/detail/stage_instance.hpp>

#include <stdexcept>

#include <seplflow/detail/instance.hpp>

namespace seplflow {

StageInstance::~StageInstance() = default;

void StageInstance::unsupported() {
  throw std::logic_error("the framework called a function that stages of this kind do not have");
}

void StageInstance::check_sample(Sample const&) const {}

std::optional<Sample> StageInstance::next() {
  unsupported();
}
std::optional<std::uint64_t> StageInstance::count() const {
  return std::nullopt;
}
bool StageInstance::offers(std::string_view, OptionCheck const&) const {
  return false;
}
Value StageInstance::produce(std::size_t, SampleContext const&) const {
  unsupported();
}

std::optional<std::vector<Value>> StageInstance::run(SampleContext const&,
                                                     std::span<void const* const>) {
  unsupported();
}

bool StageInstance::decides() const {
  return false;
}
Value StageInstance::decide(SampleContext const&, std::span<void const* const>) const {
  unsupported();
}
bool StageInstance::same_decision(void const*, void const*) const {
  unsupported();
}
std::optional<std::vector<Value>> StageInstance::carry_out(void const*, SampleContext const&,
                                                           std::span<void const* const>) const {
  unsupported();
}
bool StageInstance::carries_out_all() const {
  return false;
}
std::vector<std::optional<std::vector<Value>>> StageInstance::carry_out_all(
    std::span<void const* const>, SampleContext const&, std::span<void const* const>) const {
  unsupported();
}

std::vector<std::filesystem::path> StageInstance::files(std::size_t, Sample const&) const {
  return {};
}
bool StageInstance::needs_files(std::size_t) const {
  return true;
}

std::filesystem::path StageInstance::list_file() const {
  return {};
}
std::string StageInstance::list_line(Sample const&) const {
  unsupported();
}
std::vector<ListNote> StageInstance::list_notes(Sample const&) const {
  return {};
}

std::optional<std::string> StageInstance::save(void const*) const {
  return std::nullopt;
}
Value StageInstance::load(std::string_view) const {
  unsupported();
}

Row StageInstance::fold(Sample const&, void const*, RunFile&) {
  unsupported();
}
std::vector<std::string> StageInstance::columns() const {
  return {};
}
std::filesystem::path StageInstance::run_file() const {
  return {};
}
Findings StageInstance::finish(RunFile&) {
  unsupported();
}

void StageInstance::begin_fold(FoldStart const&) {}
std::uint64_t StageInstance::wanted_samples() const {
  return 0;
}
std::string StageInstance::progress() const {
  return {};
}

bool StageInstance::explains() const {
  return false;
}
Explanation StageInstance::explain(SampleContext const&, std::span<void const* const>) const {
  unsupported();
}

namespace detail {

OptionBinding::~OptionBinding() = default;
Producer::~Producer() = default;

std::optional<OptionValue> option_value(bool value) {
  return value;
}
std::optional<OptionValue> option_value(std::int64_t value) {
  return value;
}
std::optional<OptionValue> option_value(double value) {
  return value;
}
std::optional<OptionValue> option_value(std::string value) {
  return value;
}
std::optional<OptionValue> option_value(std::vector<double> value) {
  return value;
}
std::optional<OptionValue> option_value(std::vector<std::string> value) {
  return value;
}
std::optional<OptionValue> option_value(std::vector<std::int64_t> value) {
  return value;
}

Sample without_size(Sample const& sample) {
  Sample of_any_size = sample;
  of_any_size.size.reset();
  return of_any_size;
}

BoundInstance::BoundInstance(std::shared_ptr<Blueprint const> const& blueprint, void* stage)
    : blueprint_(blueprint), object_(stage) {}
BoundInstance::~BoundInstance() = default;

void BoundInstance::set_option(std::size_t option, OptionValue const& value) {
  blueprint_->options[option]->set(object_, value);
}
std::optional<OptionValue> BoundInstance::option(std::size_t option) const {
  return blueprint_->options[option]->get(object_);
}

// Null for the sample itself, and for the outputs of other stages than sources.
Producer const* BoundInstance::producer(std::size_t output) const {
  auto const& producers = blueprint_->producers;
  return output < producers.size() ? producers[output].get() : nullptr;
}

Value BoundInstance::produce(std::size_t output, SampleContext const& context) const {
  auto const* const found = producer(output);
  return found ? found->produce(object_, context) : StageInstance::produce(output, context);
}
Files BoundInstance::files(std::size_t output, Sample const& sample) const {
  auto const* const found = producer(output);
  return found ? found->files(object_, sample) : Files();
}
bool BoundInstance::needs_files(std::size_t output) const {
  auto const* const found = producer(output);
  return !found || found->needs_files(object_);
}

}  // namespace detail
}  // namespace seplflow
