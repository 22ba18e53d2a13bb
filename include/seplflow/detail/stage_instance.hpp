// A stage as the framework sees it: a declaration, and instances created from it. Not for authors.
#pragma once

#include <seplflow/explanation.hpp>
#include <seplflow/option.hpp>
#include <seplflow/port.hpp>
#include <seplflow/stage.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// A configured stage. The framework creates and calls it; authors write plain classes, which
// detail/instance.hpp wraps. Options are indexed as in the declaration. What is not overridden
// throws std::logic_error if the framework calls it only for stages that have it, and otherwise
// returns nothing, false or 0, but needs_files() true.
class SEPLFLOW_API StageInstance {
 public:
  virtual ~StageInstance();

  virtual void set_option(std::size_t option, OptionValue const& value) = 0;
  virtual std::optional<OptionValue> option(std::size_t option) const = 0;
  virtual void check(OptionCheck& check) = 0;
  // Throws Error when the stage cannot work on a sample of this size and these classes. Not called
  // during a run.
  virtual void check_sample(Sample const&) const;

  // Sources. next() is called from one thread at a time and decodes nothing. produce() returns the
  // value of one output, null if the sample has none, and is called from many threads at once.
  virtual std::optional<Sample> next();
  virtual std::optional<std::uint64_t> count() const;
  // Whether an output exists for every sample at little cost, so that inputs may be connected to it
  // by default. Called after the options are set and before check().
  virtual bool offers(std::string_view /*output*/, OptionCheck const&) const;
  virtual Value produce(std::size_t /*output*/, SampleContext const&) const;

  // Transforms, observers and sinks. Returns a value for each output of a transform, the record of
  // an observer, no value for a sink; nothing when the stage skips the sample. An unconnected input
  // is null.
  virtual std::optional<std::vector<Value>> run(SampleContext const&,
                                                std::span<void const* const> /*inputs*/);

  // Transforms in two steps: run() is decide() and then carry_out(). Only decide() reads the
  // options, so instances of one declaration that decide the same for the same inputs have the same
  // result. The engine computes it once.
  virtual bool decides() const;
  virtual Value decide(SampleContext const&, std::span<void const* const> /*inputs*/) const;
  virtual bool same_decision(void const*, void const*) const;
  virtual std::optional<std::vector<Value>> carry_out(
      void const* /*decision*/, SampleContext const&,
      std::span<void const* const> /*inputs*/) const;
  // Of several decisions for the same inputs, each as carry_out() returns it. A stage that has this
  // shares work between them.
  virtual bool carries_out_all() const;
  virtual std::vector<std::optional<std::vector<Value>>> carry_out_all(
      std::span<void const* const> /*decisions*/, SampleContext const&,
      std::span<void const* const> /*inputs*/) const;

  // The files that an output of this sample is read from, whether they exist or not. A resumed run
  // compares their sizes and times instead of reading them.
  virtual std::vector<std::filesystem::path> files(std::size_t /*output*/, Sample const&) const;
  // Whether a sample fails when none of these files exists.
  virtual bool needs_files(std::size_t /*output*/ = 0) const;

  // Sinks may list the samples that they wrote: the name of the list in the sink's folder (empty:
  // no list), and the line of a sample, without its end. Lines are requested one at a time and in
  // data set order.
  virtual std::filesystem::path list_file() const;
  virtual std::string list_line(Sample const&) const;
  // Texts about the list, each in a file of its own. Requested once, with the first sample that is
  // listed.
  virtual std::vector<ListNote> list_notes(Sample const&) const;

  // Stages that fold, from many threads: a record as bytes that outlive the run, if the stage supports it,
  // and back. load() throws Error when the bytes are not a record.
  virtual std::optional<std::string> save(void const* /*record*/) const;
  virtual Value load(std::string_view /*bytes*/) const;

  // Stages that fold, one thread at a time and in data set order: the CSV row of a record, the
  // columns of these rows (none: no CSV), and the result after the last sample. They may write a file
  // of the whole run, whose name in the stage's folder is run_file() (empty: none).
  virtual Row fold(Sample const&, void const* /*record*/, RunFile&);
  virtual std::vector<std::string> columns() const;
  virtual std::filesystem::path run_file() const;
  virtual Findings finish(RunFile&);

  // Stages that fold, before the first sample; how many samples they want to fold, so that the run
  // repeats its data set (0: as many as there are); and a few words about the result so far, for the
  // progress of the run, requested between two calls of fold().
  virtual void begin_fold(FoldStart const&);
  virtual std::uint64_t wanted_samples() const;
  virtual std::string progress() const;

  // Transforms may explain what they make of a sample; of the same inputs as run(). Not during a run.
  virtual bool explains() const;
  virtual Explanation explain(SampleContext const&, std::span<void const* const> /*inputs*/) const;

 private:
  // Throws: the framework called a function that stages of this kind do not have.
  [[noreturn]] static void unsupported();
};

// Creates instances of a stage; called from any thread.
class SEPLFLOW_API StageFactory {
 public:
  virtual ~StageFactory();
  virtual std::unique_ptr<StageInstance> make() const = 0;
};

enum class StageKind { source, transform, observer, sink };

SEPLFLOW_API std::string_view to_string(StageKind kind);

// Everything that a pipeline, a manual page or an editor needs to know about a stage.
struct StageDeclaration {
  std::string name;     // "sepl.select"
  std::string summary;  // one sentence
  std::string details;  // paragraphs for its manual page; may be empty
  StageKind kind = StageKind::transform;
  std::vector<Port> inputs, outputs;
  std::vector<OptionDeclaration> options;
  bool serial = false;          // one sample at a time
  bool ordered = false;         // in data set order too, so that it may remember earlier samples
  bool folds = false;           // has fold() and finish(): an observer, or a sink that writes_files()
  bool keeps_state = false;     // has begin_fold(): its records are not folded again
  bool loads = false;           // takes nothing but the sample and its image-level labels
  bool works_in_check = false;  // works on some samples in a check, as one that loads does
  std::string library;          // the file of the plugin; empty for stages of the program
  std::string missing_library;  // which this build does not have and the stage needs; or empty
  std::shared_ptr<StageFactory const> factory;

  std::unique_ptr<StageInstance> make() const { return factory->make(); }
};

// The index of the port or option with that name.
SEPLFLOW_API std::optional<std::size_t> find_port(std::vector<Port> const& ports, std::string_view name);
SEPLFLOW_API std::optional<std::size_t> find_option(StageDeclaration const& stage, std::string_view name);

}  // namespace seplflow
