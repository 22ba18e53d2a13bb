// Wraps a plain class as a stage that the framework can call. Not for authors.
#pragma once

#include <seplflow/detail/hooks.hpp>
#include <seplflow/detail/stage_instance.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

// An option that lives in a member of the class T.
template <class T, class M, class Traits>
class MemberOption final : public OptionBinding {
 public:
  MemberOption(M T::*member, Traits traits) : member_(member), traits_(std::move(traits)) {}
  void set(void* stage, OptionValue const& value) const override {
    static_cast<T*>(stage)->*member_ = traits_.from(value);
  }
  std::optional<OptionValue> get(void const* stage) const override {
    M const& value = static_cast<T const*>(stage)->*member_;
    if constexpr (Unwrapped<M>::kOptional) {
      if (!value) return std::nullopt;
      return traits_.to(*value);
    } else {
      return traits_.to(value);
    }
  }

 private:
  M T::*member_;
  Traits traits_;
};

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

template <class T>
class Instance final : public StageInstance {
 public:
  explicit Instance(std::shared_ptr<Blueprint const> blueprint)
      : blueprint_(std::move(blueprint)) {}

  void set_option(std::size_t option, OptionValue const& value) override {
    blueprint_->options[option]->set(&stage_, value);
  }
  std::optional<OptionValue> option(std::size_t option) const override {
    return blueprint_->options[option]->get(&stage_);
  }
  void check(OptionCheck& check) override {
    if constexpr (Has_check<T>) stage_.check(check);
  }
  void check_sample(Sample const& sample) const override {
    if constexpr (Has_check_sample<T>) stage_.check_sample(sample);
  }

  std::optional<Sample> next() override {
    if constexpr (IsSource<T>) return stage_.next();
    return StageInstance::next();
  }
  std::optional<std::uint64_t> count() const override {
    if constexpr (Has_count<T>) return static_cast<std::uint64_t>(stage_.count());
    return std::nullopt;
  }
  bool offers(std::string_view output, OptionCheck const& check) const override {
    if constexpr (Has_offers<T>) return stage_.offers(output, check);
    return StageInstance::offers(output, check);
  }
  Value produce(std::size_t output, SampleContext const& context) const override {
    return blueprint_->producers[output]->produce(&stage_, context);
  }

  std::optional<std::vector<Value>> run(SampleContext const& context,
                                        std::span<void const* const> inputs) override {
    if constexpr (IsSource<T>) {
      return StageInstance::run(context, inputs);
    } else if constexpr (InTwoSteps<T>) {
      return carry_out(decide(context, inputs).get(), context, inputs);
    } else {
      using Call = CallOf<T>;
      if constexpr (std::is_void_v<typename Call::Result>) {
        Call::Parameters::call(stage_, context, inputs);
        return std::vector<Value>();
      } else if constexpr (IsObserver<T>) {
        auto record = Call::Parameters::call(stage_, context, inputs);
        std::vector<Value> values;
        values.push_back(std::make_shared<decltype(record) const>(std::move(record)));
        return values;
      } else {
        return returned<typename Call::Result>(Call::Parameters::call(stage_, context, inputs),
                                               context);
      }
    }
  }

  bool decides() const override { return InTwoSteps<T>; }
  Value decide(SampleContext const& context, std::span<void const* const> inputs) const override {
    if constexpr (InTwoSteps<T>) {
      using Call = CallOf<T>;
      auto const decide = [this](auto const&... each) { return stage_.decide(each...); };
      return std::make_shared<typename Call::Decision const>(
          Call::Parameters::call(decide, context, inputs));
    } else {
      return StageInstance::decide(context, inputs);
    }
  }
  bool same_decision(void const* a, void const* b) const override {
    if constexpr (InTwoSteps<T>) {
      using Decision = typename CallOf<T>::Decision;
      return *static_cast<Decision const*>(a) == *static_cast<Decision const*>(b);
    } else {
      return StageInstance::same_decision(a, b);
    }
  }
  std::optional<std::vector<Value>> carry_out(void const* decision, SampleContext const& context,
                                              std::span<void const* const> inputs) const override {
    if constexpr (InTwoSteps<T>) {
      using Call = CallOf<T>;
      auto const& decided = *static_cast<typename Call::Decision const*>(decision);
      auto const carry_out = [&](auto const&... each) { return T::carry_out(decided, each...); };
      return returned<typename Call::Result>(Call::Parameters::call(carry_out, context, inputs),
                                             context);
    } else {
      return StageInstance::carry_out(decision, context, inputs);
    }
  }
  bool carries_out_all() const override { return Has_carry_out_all<T>; }
  std::vector<std::optional<std::vector<Value>>> carry_out_all(
      std::span<void const* const> decisions, SampleContext const& context,
      std::span<void const* const> inputs) const override {
    if constexpr (Has_carry_out_all<T>) {
      using Call = CallOf<T>;
      std::vector<typename Call::Decision const*> decided;
      for (void const* const each : decisions) {
        decided.push_back(static_cast<typename Call::Decision const*>(each));
      }
      auto const carry_out = [&](auto const&... each) { return T::carry_out_all(decided, each...); };
      std::vector<std::optional<std::vector<Value>>> results;
      for (auto& result :
           InputsOf<typename Call::Parameters>::Type::call(carry_out, context, inputs)) {
        results.push_back(returned<typename Call::Result>(std::move(result), context));
      }
      return results;
    } else {
      return StageInstance::carry_out_all(decisions, context, inputs);
    }
  }

  std::vector<std::filesystem::path> files(std::size_t output,
                                           Sample const& sample) const override {
    if constexpr (IsSource<T>) {
      auto const& producer = blueprint_->producers[output];
      return producer ? producer->files(&stage_, sample) : Files();
    } else if constexpr (Has_files<T>) {
      return stage_.files(sample);
    }
    return {};
  }

  bool needs_files(std::size_t output) const override {
    if constexpr (Has_needs_files<T>) {
      if (!stage_.needs_files()) return false;
    }
    if constexpr (IsSource<T>) {
      auto const& producer = blueprint_->producers[output];
      return !producer || producer->needs_files(&stage_);
    }
    return true;
  }

  std::filesystem::path list_file() const override {
    if constexpr (Has_list_file<T>) return stage_.list_file();
    return {};
  }
  std::string list_line(Sample const& sample) const override {
    if constexpr (Has_list_file<T>) return stage_.list_line(sample);
    return StageInstance::list_line(sample);
  }
  std::vector<ListNote> list_notes(Sample const& sample) const override {
    if constexpr (Has_list_notes<T>) return stage_.list_notes(sample);
    return {};
  }

  std::optional<std::string> save(void const* record) const override {
    if constexpr (IsObserver<T>) {
      using Record = typename CallOf<T>::Result;
      if constexpr (Has_save<T>) return stage_.save(*static_cast<Record const*>(record));
    }
    return std::nullopt;
  }
  Value load(std::string_view bytes) const override {
    if constexpr (IsObserver<T>) {
      using Record = typename CallOf<T>::Result;
      if constexpr (Has_save<T>) return std::make_shared<Record const>(stage_.load(bytes));
    }
    return StageInstance::load(bytes);
  }

  Row fold(Sample const& sample, void const* record, RunFile& file) override {
    if constexpr (IsObserver<T>) {
      using Record = typename CallOf<T>::Result;
      auto const& typed = *static_cast<Record const*>(record);
      if constexpr (std::is_void_v<decltype(call_fold(stage_, sample, typed, file))>) {
        call_fold(stage_, sample, typed, file);
        return {};
      } else {
        return call_fold(stage_, sample, typed, file);
      }
    } else {
      return StageInstance::fold(sample, record, file);
    }
  }
  std::vector<std::string> columns() const override {
    if constexpr (Has_columns<T>) return stage_.columns();
    return {};
  }
  std::filesystem::path run_file() const override {
    if constexpr (Has_run_file<T>) return stage_.run_file();
    return {};
  }
  Findings finish(RunFile& file) override {
    if constexpr (IsObserver<T>) return call_finish(stage_, file);
    return StageInstance::finish(file);
  }

  void begin_fold(FoldStart const& start) override {
    if constexpr (Has_begin_fold<T>) stage_.begin_fold(start);
  }
  std::uint64_t wanted_samples() const override {
    if constexpr (Has_wanted_samples<T>) return stage_.wanted_samples();
    return 0;
  }
  std::string progress() const override {
    if constexpr (Has_progress<T>) return stage_.progress();
    return {};
  }

  bool explains() const override { return Has_explain<T>; }
  Explanation explain(SampleContext const& context,
                      std::span<void const* const> inputs) const override {
    if constexpr (Has_explain<T>) {
      auto const explain = [this](auto const&... each) { return stage_.explain(each...); };
      return Signature<decltype(&T::explain)>::Parameters::call(explain, context, inputs);
    } else {
      return StageInstance::explain(context, inputs);
    }
  }

 private:
  template <class R>
  std::optional<std::vector<Value>> returned(R&& result, SampleContext const& context) const {
    if (!blueprint_->any_size) {
      return Returned<R>::values(std::move(result), context.sample());
    }
    Sample of_any_size = context.sample();
    of_any_size.size.reset();
    return Returned<R>::values(std::move(result), of_any_size);
  }

  std::shared_ptr<Blueprint const> blueprint_;
  T stage_;
};

template <class T>
class Factory final : public StageFactory {
 public:
  explicit Factory(std::shared_ptr<Blueprint const> blueprint) : blueprint_(std::move(blueprint)) {}
  std::unique_ptr<StageInstance> make() const override {
    return std::make_unique<Instance<T>>(blueprint_);
  }

 private:
  std::shared_ptr<Blueprint const> blueprint_;
};

}  // namespace seplflow::detail
