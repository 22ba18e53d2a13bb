// Declares stages: plain classes or functions become parts of a pipeline.
//
// The kind of a stage follows from its class:
//   source     std::optional<Sample> next() returns the next sample, and nothing after the last. It
//              is called from one thread at a time; it enumerates samples and decodes nothing. Each
//              further output is a member function `T name(Sample const&) const`, which is called
//              from many threads, and only if a stage uses that output. count() const is optional
//              and returns the number of samples. bool offers(std::string_view output, OptionCheck
//              const&) const tells whether inputs may be connected to an output by default.
//   observer   operator() returns a record of a sample. fold(Sample const&, Record const&) takes
//              the records in data set order, one at a time, and returns the sample's CSV row
//              (columns() const names the columns) or void. finish() returns the Findings.
//   sink       operator() returns void and writes through SampleContext::output(). A sink that needs
//              all samples for some of its files is an observer that is declared .writes_files().
//              A sink without fold() may list the samples that it wrote: std::filesystem::path
//              list_file() const names a file in its folder, and std::string list_line(Sample
//              const&) const returns the line of a sample.
//              std::vector<ListNote> list_notes(Sample const&) const may return texts about the
//              list, such as the names of the classes. It is called with the first listed sample,
//              and depends on nothing that samples differ in.
//   transform  operator() returns a value, a std::tuple of values, or a std::optional of either,
//              which is empty to skip the sample.
// A transform whose options often make no difference to a sample may have two steps instead of
// operator(): decide() const takes the inputs, reads the options and returns something small that
// has an operator==; the static carry_out(Decision const&, inputs...) does the work. In a sweep,
// settings with equal decisions share the work, and everything that follows from it. A static
// carry_out_all(std::vector<Decision const*> const&, inputs...) may return a std::vector with the
// result of each of several decisions at once, so that they share work too. It gets no SampleContext.
// If it throws, each decision is carried out alone.
// operator() takes each input as `T const&`, or as `T const*` if it is optional, in the order of
// .inputs(...). A `SampleContext const&` may come first. If operator() is const it runs for many
// samples at once; otherwise the stage must be declared .serial().
// These members are optional:
//   void check(OptionCheck&) runs when the pipeline is checked, after the options are set. It may
//   refuse or complete them, and read what the stage needs to enumerate its samples.
//   void check_sample(Sample const&) const throws when the stage cannot work on a sample of this size
//   and these classes. `seplflow check` calls it for a few samples, a run does not.
//   std::vector<std::filesystem::path> files(Sample const&) const returns the files that operator()
//   reads for a sample, whether they exist or not, so that a resumed run can tell whether they
//   changed. For an output of a source the third argument of output() does the same. A sample fails
//   when none of its files exists, and `seplflow check` reports it, unless
//   bool needs_files() const returns false.
//   std::string save(Record const&) const and Record load(std::string_view) const let the records
//   of an observer outlive the run, so that it can resume (seplflow/bytes.hpp).
//   std::uint64_t wanted_samples() const of an observer makes the run repeat its data set until so
//   many samples have been emitted. std::string progress() const returns a few words about the
//   result so far, which the progress of the run shows.
//   void begin_fold(FoldStart const&) of an observer gives it a folder to keep its state in. save()
//   is then called after fold() has taken the record, and load() may throw to get the record anew.
//   Explanation explain(inputs...) const of a transform, with the parameters of operator() or
//   decide(), says for `seplflow explain` why the result for a sample is what it is
//   (seplflow/explanation.hpp). It is not called during a run.
// What operator() or an output throws fails the sample. What check() throws is an error of the
// pipeline. What next(), fold() or finish() throws ends the run, which has no result without them.
#pragma once

#include <seplflow/detail/descriptor.hpp>
#include <seplflow/detail/instance.hpp>
#include <seplflow/error.hpp>
#include <seplflow/option.hpp>
#include <seplflow/stage.hpp>

#include <concepts>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace seplflow {

// Completes a declaration; see Plugin::stage.
class SEPLFLOW_API StageBuilderBase {
 public:
  virtual ~StageBuilderBase();

  // The declaration. Throws Error with all errors in it, for example where it contradicts the
  // stage's signature, or where a default is not a value that the option can have.
  StageDeclaration finish() const;
  std::string const& name() const { return declaration_.name; }

 protected:
  StageBuilderBase(std::string_view name, std::string_view summary);
  using NameList = std::initializer_list<std::string_view>;
  using ConstraintList = std::initializer_list<OptionConstraint const*>;

  void made_by(detail::MakeInstance make);
  void declare_source();
  void declare_inputs(std::span<detail::PortFacts const> inputs);
  void declare_outputs(std::span<detail::PortFacts const> outputs);
  void name_inputs(NameList names);
  void name_outputs(NameList names);
  void add_output(std::string_view name, detail::PortFacts const& facts,
                  std::unique_ptr<detail::Producer const> producer);
  void connect_by_default(std::string_view input);
  void make_on_request(std::string_view output);
  void add_option(std::string_view name, std::string_view help, detail::OptionFacts const& facts,
                  std::unique_ptr<detail::OptionBinding const> binding,
                  ConstraintList constraints);
  void add_option(OptionDeclaration option, std::unique_ptr<detail::OptionBinding const> binding,
                  ConstraintList constraints);
  void set_missing_library(std::string_view library);
  void set_details(std::string_view text);

  StageDeclaration declaration_;
  std::shared_ptr<detail::Blueprint> blueprint_;
  std::vector<std::string> errors_;
  bool is_const_ = true;  // operator()

 private:
  void name_ports(std::vector<Port>& ports, NameList names, char const* what);
  void set_default(std::size_t option);
};

template <class T>
class StageBuilder final : public StageBuilderBase {
 public:
  StageBuilder(std::string_view name, std::string_view summary)
      : StageBuilderBase(name, summary) {
    if constexpr (detail::is_good_stage<T>()) {
      detail::warn_of_near_names<T>();
      made_by(&detail::make_instance<T>);
      describe();
    }
  }

  // Names of the inputs, in the order of operator()'s parameters.
  template <std::convertible_to<std::string_view>... Names>
  StageBuilder& inputs(Names const&... names) {
    name_inputs({std::string_view(names)...});
    return *this;
  }

  // Names of the outputs, in the order of the returned tuple; the first is the default.
  template <std::convertible_to<std::string_view>... Names>
  StageBuilder& outputs(Names const&... names) {
    name_outputs({std::string_view(names)...});
    return *this;
  }
  StageBuilder& output(std::string_view name) { return outputs(name); }

  // A further output of a source, produced on demand, and the files that it is read from. The
  // producer takes a Sample, or a SampleContext to warn about it. If it returns an empty
  // std::optional, the sample does not have this output: stages that need it skip the sample, and
  // stages with an optional input get null. A sample may have none of the files if `needs_files`
  // returns false.
  template <class R, class C, class Input>
    requires(std::is_same_v<Input, Sample> || std::is_same_v<Input, SampleContext>)
  StageBuilder& output(std::string_view name, R (C::*producer)(Input const&) const,
                       std::vector<std::filesystem::path> (T::*files)(Sample const&) const =
                           nullptr,
                       bool (T::*needs_files)() const = nullptr) {
    static_assert(detail::IsSource<T>, "only a source produces its outputs one by one");
    add_output(name, detail::port_facts<typename detail::Unwrapped<R>::Type>(),
               std::unique_ptr<detail::Producer const>(
                   new detail::MemberProducer<T, R, Input>(producer, files, needs_files)));
    return *this;
  }

  // An option that lives in a member of the class; its default is the member's. `help` is one
  // sentence. Constraints: in_range, at_least, choices, one_of, unit, required, existing_folder,
  // existing_file. A std::optional member has no default.
  template <class M, class C, class... Constraints>
  StageBuilder& option(std::string_view name, M C::*member, std::string_view help,
                       Constraints const&... constraints) {
    using Plain = typename detail::Unwrapped<M>::Type;
    auto const& traits = traits_of<Plain>(constraints...);
    using Traits = std::remove_cvref_t<decltype(traits)>;
    add_option(name, help, detail::option_facts<Plain, Traits>(),
               std::unique_ptr<detail::OptionBinding const>(
                   new detail::MemberOption<T, M, Traits>(member, traits)),
               // Choices become a temporary constraint.
               {&static_cast<OptionConstraint const&>(constraints)...});
    return *this;
  }

  // The optional input is connected to the output of the source that has its name, unless the
  // pipeline connects it to another one or sets it to false, and if the source offers() that output.
  // For inputs that only serve checks: a result does not depend on them, unless check() states it
  // with OptionCheck::relies_on().
  StageBuilder& by_default(std::string_view input) {
    connect_by_default(input);
    return *this;
  }

  // The stage, a transform, makes this output only if another stage uses it, which OptionCheck::wanted()
  // tells check(). Without a pipeline, a caller has to ask for it.
  StageBuilder& on_request(std::string_view output) {
    make_on_request(output);
    return *this;
  }

  // The stage processes one sample at a time, in any order. Its result for a sample must not depend
  // on the samples before.
  StageBuilder& serial() {
    declaration_.serial = true;
    return *this;
  }

  // The stage, a transform or a sink, processes one sample at a time in data set order and may
  // remember the samples before. Samples that earlier stages skipped or lost are left out. A
  // resumed run repeats the stage, and all stages that depend on it, for all samples; the data set
  // cannot be divided into shards.
  StageBuilder& ordered() {
    declaration_.serial = declaration_.ordered = true;
    return *this;
  }

  // A stage with fold() and finish() that also writes files for each sample, through
  // SampleContext::output(): it is a sink, and what finish() returns besides warnings is not used.
  // save() is called after fold() has taken the record, so it may save only what still matters.
  StageBuilder& writes_files() {
    if constexpr (detail::is_good_stage<T>()) {
      static_assert(detail::IsObserver<T> && detail::Has_save<T>,
                    "writes_files() is for a stage with fold(), finish(), save() and load(); a sink "
                    "without fold() needs no declaration");
      declaration_.kind = StageKind::sink;
    }
    return *this;
  }

  // The values that the stage returns may have another size than the image of the sample.
  StageBuilder& any_size() {
    blueprint_->any_size = true;
    return *this;
  }

  // The stage costs little: `seplflow check` lets it work on a few samples, if all that it takes
  // comes from the data set, from stages that only load files, or from stages like it.
  StageBuilder& works_in_check() {
    declaration_.works_in_check = true;
    return *this;
  }

  // The stage is known and documented but cannot run, because this build does not have a library
  // that it needs. Pipelines that use the stage are refused.
  StageBuilder& missing_library(std::string_view library) {
    set_missing_library(library);
    return *this;
  }

  // Paragraphs (Markdown) for the stage's manual page.
  StageBuilder& details(std::string_view text) {
    set_details(text);
    return *this;
  }

 private:
  // The kind and the ports, from the class.
  void describe() {
    if constexpr (detail::IsSource<T>) {
      declare_source();
    } else {
      using Call = detail::CallOf<T>;
      declare_inputs(Call::Parameters::ports());
      is_const_ = Call::kConst;
      if constexpr (detail::IsObserver<T>) {
        declaration_.kind = StageKind::observer;
        declaration_.folds = true;
        declaration_.keeps_state = detail::Has_begin_fold<T>;
      } else if constexpr (std::is_void_v<typename Call::Result>) {
        declaration_.kind = StageKind::sink;
      } else {
        declare_outputs(detail::Returned<typename Call::Result>::ports());
      }
    }
  }

  template <class M, class... Constraints>
  static decltype(auto) traits_of(Constraints const&... constraints) {
    if constexpr (std::is_enum_v<M>) {
      static_assert((std::is_same_v<Constraints, Choices<M>> || ...),
                    "an enumeration needs seplflow::choices<E>({{\"text\", value}, ...})");
      return std::get<Choices<M> const&>(std::tie(constraints...));
    } else {
      return OptionTraits<M>();
    }
  }
};

// Collects the stages of a plugin.
class SEPLFLOW_API Plugin {
 public:
  // Declares the class T as a stage. Names are "family.stage", lower case.
  template <class T>
  StageBuilder<T>& stage(std::string_view name, std::string_view summary) {
    auto* const builder = new StageBuilder<T>(name, summary);
    take(std::unique_ptr<StageBuilderBase>(builder));
    return *builder;
  }

  // Declares a plain function as a stage.
  template <auto Function>
  StageBuilder<detail::FunctionStage<Function>>& stage(std::string_view name,
                                                       std::string_view summary) {
    return stage<detail::FunctionStage<Function>>(name, summary);
  }

  // The version of the plugin itself, for `seplflow stages` and run.json: "1.2.0".
  void version(std::string_view text);
  std::string const& version() const { return version_; }

  // A stage that cannot be used, and why.
  struct Rejected {
    std::string stage, reason;
  };
  struct Stages {
    std::vector<StageDeclaration> declared;
    std::vector<Rejected> rejected;
  };
  // For the host. A stage with an error does not take the others along.
  Stages finish() const;

 private:
  void take(std::unique_ptr<StageBuilderBase> builder);

  std::vector<std::unique_ptr<StageBuilderBase>> builders_;
  std::string version_;
};

}  // namespace seplflow
