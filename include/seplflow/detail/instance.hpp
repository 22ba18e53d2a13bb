// Wraps a plain class as a stage that the framework can call. Not for authors.
#pragma once

#include <seplflow/detail/hooks.hpp>
#include <seplflow/detail/stage_instance.hpp>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace seplflow::detail {

// An option of a stage of any type.
class SEPLFLOW_API OptionBinding {
 public:
  virtual ~OptionBinding();
  virtual void set(void* stage, OptionValue const& value) const = 0;
  virtual std::optional<OptionValue> get(void const* stage) const = 0;
};

template <class M>
struct Unwrapped {
  using Type = M;
  static constexpr bool kOptional = false;
};
template <class M>
struct Unwrapped<std::optional<M>> {
  using Type = M;
  static constexpr bool kOptional = true;
};

// The value of an option. Plugins call these, so that each need not compile what they do.
SEPLFLOW_API std::optional<OptionValue> option_value(bool value);
SEPLFLOW_API std::optional<OptionValue> option_value(std::int64_t value);
SEPLFLOW_API std::optional<OptionValue> option_value(double value);
SEPLFLOW_API std::optional<OptionValue> option_value(std::string value);
SEPLFLOW_API std::optional<OptionValue> option_value(std::vector<double> value);
SEPLFLOW_API std::optional<OptionValue> option_value(std::vector<std::string> value);
SEPLFLOW_API std::optional<OptionValue> option_value(std::vector<std::int64_t> value);

// An option that lives in a member of the class T.
template <class T, class M, class Traits>
class MemberOption final : public OptionBinding {
 public:
  MemberOption(M T::*member, Traits const& traits) : member_(member), traits_(traits) {}
  void set(void* stage, OptionValue const& value) const override {
    static_cast<T*>(stage)->*member_ = traits_.from(value);
  }
  std::optional<OptionValue> get(void const* stage) const override {
    M const& value = static_cast<T const*>(stage)->*member_;
    if constexpr (Unwrapped<M>::kOptional) {
      if (!value) return std::nullopt;
      return option_value(traits_.to(*value));
    } else {
      return option_value(traits_.to(value));
    }
  }

 private:
  M T::*member_;
  Traits traits_;
};

// What the C++ type of an option determines.
struct OptionFacts {
  OptionType type;
  std::optional<double> minimum = {}, maximum = {};
};

template <class M, class Traits>
constexpr OptionFacts option_facts() {
  OptionFacts facts{Traits::type};
  if constexpr (Traits::type == OptionType::integer) {
    // Smaller types hold fewer numbers; doubles do not count to the end of the largest.
    if (std::is_unsigned_v<M>) facts.minimum = 0;
    if constexpr (sizeof(M) < sizeof(std::int64_t)) {
      facts.minimum = static_cast<double>(std::numeric_limits<M>::min());
      facts.maximum = static_cast<double>(std::numeric_limits<M>::max());
    }
  }
  return facts;
}

// An output of a source of any type, besides the sample itself.
class SEPLFLOW_API Producer {
 public:
  virtual ~Producer();
  virtual Value produce(void const* source, SampleContext const& context) const = 0;
  virtual bool needs_files(void const* source) const = 0;
  virtual std::vector<std::filesystem::path> files(void const* source,
                                                   Sample const& sample) const = 0;
};

using Files = std::vector<std::filesystem::path>;

// Input is Sample or SampleContext; an empty std::optional is a null value.
template <class T, class R, class Input>
class MemberProducer final : public Producer {
 public:
  using Produce = R (T::*)(Input const&) const;
  using ListFiles = Files (T::*)(Sample const&) const;
  using NeedsFiles = bool (T::*)() const;
  MemberProducer(Produce producer, ListFiles lister, NeedsFiles needs)
      : produce_(producer), files_(lister), needs_(needs) {}
  Value produce(void const* source, SampleContext const& context) const override {
    auto const& stage = *static_cast<T const*>(source);
    if constexpr (std::is_same_v<Input, Sample>) {
      return value_of((stage.*produce_)(context.sample()), context.sample());
    } else {
      return value_of((stage.*produce_)(context), context.sample());
    }
  }
  bool needs_files(void const* source) const override {
    return !needs_ || (static_cast<T const*>(source)->*needs_)();
  }
  Files files(void const* source, Sample const& sample) const override {
    return files_ ? (static_cast<T const*>(source)->*files_)(sample) : Files();
  }

 private:
  static Value value_of(R&& result, Sample const& sample) {
    if constexpr (Unwrapped<R>::kOptional) {
      if (!result) return nullptr;
      return outlet(std::move(*result), sample);
    } else {
      return outlet(std::move(result), sample);
    }
  }

  Produce produce_;
  ListFiles files_;
  NeedsFiles needs_;
};

// What all instances of a stage share.
struct Blueprint {
  std::vector<std::unique_ptr<OptionBinding const>> options;
  std::vector<std::unique_ptr<Producer const>> producers;  // by output; null for the sample itself
  bool any_size = false;  // of the values that it returns
};

// An instance, without what depends on the class of the stage.
class SEPLFLOW_API BoundInstance : public StageInstance {
 public:
  // `stage` is the object that the blueprint's options and outputs refer to.
  BoundInstance(std::shared_ptr<Blueprint const> const& blueprint, void* stage);
  ~BoundInstance() override;

  void set_option(std::size_t option, OptionValue const& value) override;
  std::optional<OptionValue> option(std::size_t option) const override;
  Value produce(std::size_t output, SampleContext const& context) const override;
  // Of the outputs of a source.
  Files files(std::size_t output, Sample const& sample) const override;
  bool needs_files(std::size_t output) const override;

 protected:
  bool any_size() const { return blueprint_->any_size; }

 private:
  Producer const* producer(std::size_t output) const;

  std::shared_ptr<Blueprint const> blueprint_;
  void* object_;
};

// A stage of any kind.
template <class T>
class InstanceOf : public BoundInstance {
 public:
  explicit InstanceOf(std::shared_ptr<Blueprint const> const& blueprint)
      : BoundInstance(blueprint, &stage_) {}

  void check(OptionCheck& check) override {
    if constexpr (Has_check<T>) stage_.check(check);
  }
  void check_sample(Sample const& sample) const override {
    if constexpr (Has_check_sample<T>) stage_.check_sample(sample);
  }
  Files files(std::size_t output, Sample const& sample) const override {
    if constexpr (IsSource<T>) return BoundInstance::files(output, sample);
    if constexpr (Has_files<T>) return stage_.files(sample);
    return {};
  }
  bool needs_files(std::size_t output) const override {
    if constexpr (Has_needs_files<T>) {
      if (!stage_.needs_files()) return false;
    }
    return !IsSource<T> || BoundInstance::needs_files(output);
  }

 protected:
  T stage_;
};

template <class T>
class SourceInstance final : public InstanceOf<T> {
 public:
  using InstanceOf<T>::InstanceOf;

  std::optional<Sample> next() override { return this->stage_.next(); }
  std::optional<std::uint64_t> count() const override {
    if constexpr (Has_count<T>) return static_cast<std::uint64_t>(this->stage_.count());
    return std::nullopt;
  }
  bool offers(std::string_view output, OptionCheck const& check) const override {
    if constexpr (Has_offers<T>) return this->stage_.offers(output, check);
    return StageInstance::offers(output, check);
  }
};

// A sample whose values may have any size.
SEPLFLOW_API Sample without_size(Sample const& sample);

// What both kinds of transforms have.
template <class T>
class ReturningInstance : public InstanceOf<T> {
 public:
  using InstanceOf<T>::InstanceOf;

  bool explains() const override { return Has_explain<T>; }
  Explanation explain(SampleContext const& context,
                      std::span<void const* const> inputs) const override {
    if constexpr (Has_explain<T>) {
      auto const explain = [this](auto const&... each) { return this->stage_.explain(each...); };
      return Signature<decltype(&T::explain)>::Parameters::call(explain, context, inputs);
    } else {
      return StageInstance::explain(context, inputs);
    }
  }

 protected:
  template <class R>
  std::optional<std::vector<Value>> returned(R&& result, SampleContext const& context) const {
    if (this->any_size()) {
      return Returned<R>::values(std::move(result), without_size(context.sample()));
    }
    return Returned<R>::values(std::move(result), context.sample());
  }
};

template <class T>
class TransformInstance final : public ReturningInstance<T> {
 public:
  using ReturningInstance<T>::ReturningInstance;

  std::optional<std::vector<Value>> run(SampleContext const& context,
                                        std::span<void const* const> inputs) override {
    return this->returned(CallOf<T>::Parameters::call(this->stage_, context, inputs), context);
  }
};

// A transform in two steps.
template <class T>
class DecidingInstance final : public ReturningInstance<T> {
 public:
  using ReturningInstance<T>::ReturningInstance;
  using Call = CallOf<T>;
  using Decision = typename Call::Decision;

  std::optional<std::vector<Value>> run(SampleContext const& context,
                                        std::span<void const* const> inputs) override {
    return carry_out(decide(context, inputs).get(), context, inputs);
  }
  bool decides() const override { return true; }
  Value decide(SampleContext const& context, std::span<void const* const> inputs) const override {
    auto const decide = [this](auto const&... each) { return this->stage_.decide(each...); };
    return std::make_shared<Decision const>(Call::Parameters::call(decide, context, inputs));
  }
  bool same_decision(void const* a, void const* b) const override {
    return *static_cast<Decision const*>(a) == *static_cast<Decision const*>(b);
  }
  std::optional<std::vector<Value>> carry_out(void const* decision, SampleContext const& context,
                                              std::span<void const* const> inputs) const override {
    auto const& decided = *static_cast<Decision const*>(decision);
    auto const carry_out = [&](auto const&... each) { return T::carry_out(decided, each...); };
    return this->returned(Call::Parameters::call(carry_out, context, inputs), context);
  }
  bool carries_out_all() const override { return Has_carry_out_all<T>; }
  std::vector<std::optional<std::vector<Value>>> carry_out_all(
      std::span<void const* const> decisions, SampleContext const& context,
      std::span<void const* const> inputs) const override {
    if constexpr (Has_carry_out_all<T>) {
      std::vector<Decision const*> decided;
      for (void const* const each : decisions) {
        decided.push_back(static_cast<Decision const*>(each));
      }
      auto const carry_out = [&](auto const&... each) { return T::carry_out_all(decided, each...); };
      std::vector<std::optional<std::vector<Value>>> results;
      for (auto& result :
           InputsOf<typename Call::Parameters>::Type::call(carry_out, context, inputs)) {
        results.push_back(this->returned(std::move(result), context));
      }
      return results;
    } else {
      return StageInstance::carry_out_all(decisions, context, inputs);
    }
  }
};

template <class T>
class SinkInstance final : public InstanceOf<T> {
 public:
  using InstanceOf<T>::InstanceOf;

  std::optional<std::vector<Value>> run(SampleContext const& context,
                                        std::span<void const* const> inputs) override {
    CallOf<T>::Parameters::call(this->stage_, context, inputs);
    return std::vector<Value>();
  }

  std::filesystem::path list_file() const override {
    if constexpr (Has_list_file<T>) return this->stage_.list_file();
    return StageInstance::list_file();
  }
  std::string list_line(Sample const& sample) const override {
    if constexpr (Has_list_file<T>) return this->stage_.list_line(sample);
    return StageInstance::list_line(sample);
  }
  std::vector<ListNote> list_notes(Sample const& sample) const override {
    if constexpr (Has_list_notes<T>) return this->stage_.list_notes(sample);
    return StageInstance::list_notes(sample);
  }
};

// A stage that folds.
template <class T>
class FoldingInstance final : public InstanceOf<T> {
 public:
  using InstanceOf<T>::InstanceOf;
  using Record = typename CallOf<T>::Result;

  std::optional<std::vector<Value>> run(SampleContext const& context,
                                        std::span<void const* const> inputs) override {
    return one_value(std::make_shared<Record const>(
        CallOf<T>::Parameters::call(this->stage_, context, inputs)));
  }

  std::optional<std::string> save(void const* record) const override {
    if constexpr (Has_save<T>) return this->stage_.save(*static_cast<Record const*>(record));
    return StageInstance::save(record);
  }
  Value load(std::string_view bytes) const override {
    if constexpr (Has_save<T>) return std::make_shared<Record const>(this->stage_.load(bytes));
    return StageInstance::load(bytes);
  }

  Row fold(Sample const& sample, void const* record, RunFile& file) override {
    auto const& typed = *static_cast<Record const*>(record);
    if constexpr (FoldsRows<T, Record>) {
      return call_fold(this->stage_, sample, typed, file);
    } else {
      call_fold(this->stage_, sample, typed, file);
      return {};
    }
  }
  std::vector<std::string> columns() const override {
    if constexpr (Has_columns<T>) return this->stage_.columns();
    return StageInstance::columns();
  }
  std::filesystem::path run_file() const override {
    if constexpr (Has_run_file<T>) return this->stage_.run_file();
    return StageInstance::run_file();
  }
  Findings finish(RunFile& file) override { return call_finish(this->stage_, file); }

  void begin_fold(FoldStart const& start) override {
    if constexpr (Has_begin_fold<T>) this->stage_.begin_fold(start);
  }
  std::uint64_t wanted_samples() const override {
    if constexpr (Has_wanted_samples<T>) return this->stage_.wanted_samples();
    return StageInstance::wanted_samples();
  }
  std::string progress() const override {
    if constexpr (Has_progress<T>) return this->stage_.progress();
    return StageInstance::progress();
  }
};

using MakeInstance =
    std::unique_ptr<StageInstance> (*)(std::shared_ptr<Blueprint const> const& blueprint);

template <class T>
std::unique_ptr<StageInstance> make_instance(std::shared_ptr<Blueprint const> const& blueprint) {
  using Made = std::unique_ptr<StageInstance>;
  if constexpr (IsSource<T>) {
    return Made(new SourceInstance<T>(blueprint));
  } else if constexpr (IsObserver<T>) {
    return Made(new FoldingInstance<T>(blueprint));
  } else if constexpr (InTwoSteps<T>) {
    return Made(new DecidingInstance<T>(blueprint));
  } else if constexpr (IsSink<T>) {
    return Made(new SinkInstance<T>(blueprint));
  } else {
    return Made(new TransformInstance<T>(blueprint));
  }
}

}  // namespace seplflow::detail
