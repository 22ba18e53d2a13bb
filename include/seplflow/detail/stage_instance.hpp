// A stage as the framework sees it: a declaration, and instances created from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/metrics.hpp>
#include <seplflow/sample.hpp>
#include <seplflow/option.hpp>
#include <seplflow/port.hpp>

namespace seplflow {

// Where the files of a sink go.
class SEPLFLOW_API OutputFolder {
 public:
  virtual ~OutputFolder();

  // Adds a file of the sample. It is written when the stage has returned, so a sample that fails
  // leaves no files. `file` is a relative path inside the folder; missing folders are created.
  // Throws Error when the path leads outside. A full disk, or a file of another sample with the
  // same name, fails the sample as if the stage had thrown.
  virtual void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes) = 0;
};

// Something about a sample that the user should know although nothing failed.
struct Warning {
  std::string what;    // "the image-level labels exclude a class that the pseudo-label holds"
  std::string detail;  // of this sample: "sheep"; may be empty
  bool operator==(Warning const&) const = default;
};

// Collects the warnings of a stage about one sample. May be called from any thread.
class SEPLFLOW_API Warnings {
 public:
  void add(Warning warning);
  std::vector<Warning> take();

 private:
  std::mutex mutex_;
  std::vector<Warning> list_;
};

// What a stage gets besides its inputs. Valid only during the call that it is passed to.
class SampleContext {
 public:
  SampleContext(Sample const& sample, OutputFolder& output, Warnings* warnings = nullptr)
      : sample_(sample), output_(output), warnings_(warnings) {}
  Sample const& sample() const { return sample_; }
  OutputFolder& output() const { return output_; }

  // Warns the user. `what` must be the same for all samples that the warning is about: it is logged
  // for the first of them, and the others are only counted. What differs between samples goes into
  // `detail`. May be called from any thread.
  void warn(std::string what, std::string detail = "") const {
    if (warnings_) warnings_->add({std::move(what), std::move(detail)});
  }

 private:
  Sample const& sample_;
  OutputFolder& output_;
  Warnings* warnings_;
};

// A cell of an observer's CSV: empty, text, a count, or a number (shortest decimal that reads back
// exactly; "nan" for not-a-number).
using Cell = std::variant<std::monostate, std::string, std::int64_t, double>;
using Row = std::vector<Cell>;

// A table for the terminal, already formatted. The first column is aligned left, the others right.
struct SummaryTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

// The number by which the variants of a sweep are compared; more is better.
struct Score {
  std::string name;                // "mIoU"
  double value;                    // a fraction, 0..1
  std::optional<double> baseline;  // of what it is compared with
};

// The results of an observer over the whole data set.
struct Findings {
  Metrics metrics;  // its entry in metrics.json
  std::vector<SummaryTable> summary;
  std::optional<Score> score;
  // What scores must have in common to be comparable ("mean over classes: union"), and a remark
  // about them ("1.58 % of the pixels are 255"). Both are in metrics.json and in a sweep's summary.
  std::string conditions = {}, remark = {};
};

// Passed to a stage's check(): what the pipeline sets, connects and uses, and where errors and
// warnings go.
class OptionCheck {
 public:
  struct Problem {
    std::string option;  // empty for the stage as a whole
    std::string message;
    bool is_missing_file = false;  // the stage is valid except for files that do not exist
  };

  OptionCheck(std::vector<std::string> given, std::vector<std::string> connected_inputs,
              std::vector<std::string> wanted_outputs)
      : given_(std::move(given)),
        connected_(std::move(connected_inputs)),
        wanted_(std::move(wanted_outputs)) {}

  // Whether the pipeline sets the option itself, rather than leaving it at its default.
  bool given(std::string_view option) const { return holds(given_, option); }
  // Whether an input is connected.
  bool connected(std::string_view input) const { return holds(connected_, input); }
  // Whether some stage uses the output.
  bool wanted(std::string_view output) const { return holds(wanted_, output); }

  // Reports an error, which is shown at the option's place in the file.
  void refuse(std::string option, std::string message) {
    problems_.push_back({std::move(option), std::move(message)});
  }
  // Reports a file or folder that does not exist in a stage that is valid otherwise.
  void missing(std::string option, std::string message) {
    problems_.push_back({std::move(option), std::move(message), true});
  }
  std::vector<Problem> const& problems() const { return problems_; }

  // Reports a warning, which is shown at the option's place before the pipeline runs.
  void warn(std::string option, std::string message) {
    warnings_.push_back({std::move(option), std::move(message)});
  }
  std::vector<Problem> const& warnings() const { return warnings_; }

 private:
  static bool holds(std::vector<std::string> const& names, std::string_view name) {
    for (std::string const& each : names) {
      if (each == name) return true;
    }
    return false;
  }

  std::vector<std::string> given_, connected_, wanted_;
  std::vector<Problem> problems_, warnings_;
};

// A configured stage. The framework creates and calls it; authors write plain classes, which
// stage_builder.hpp wraps. Options are indexed as in the declaration.
class SEPLFLOW_API StageInstance {
 public:
  virtual ~StageInstance();

  virtual void set_option(std::size_t option, OptionValue const& value) = 0;
  virtual std::optional<OptionValue> option(std::size_t option) const = 0;
  virtual void check(OptionCheck& check) = 0;

  // Sources. next() is called from one thread at a time and decodes nothing. produce() returns the
  // value of one output and is called from many threads at once.
  virtual std::optional<Sample> next() { unsupported(); }
  virtual std::optional<std::uint64_t> count() const { return std::nullopt; }
  virtual Value produce(std::size_t, Sample const&) const { unsupported(); }

  // Transforms, observers and sinks. Returns a value for each output of a transform, the record of
  // an observer, no value for a sink; nothing when the stage skips the sample. An unconnected input
  // is null.
  virtual std::optional<std::vector<Value>> run(SampleContext const&,
                                                std::span<void const* const> /*inputs*/) {
    unsupported();
  }

  // Transforms in two steps: run() is decide() and then carry_out(). Only decide() reads the
  // options, so instances of one declaration that decide the same for the same inputs have the same
  // result. The engine computes it once.
  virtual bool decides() const { return false; }
  virtual Value decide(SampleContext const&, std::span<void const* const> /*inputs*/) const {
    unsupported();
  }
  virtual bool same_decision(void const*, void const*) const { unsupported(); }
  virtual std::optional<std::vector<Value>> carry_out(
      void const* /*decision*/, SampleContext const&,
      std::span<void const* const> /*inputs*/) const {
    unsupported();
  }

  // The files that an output of this sample is read from, whether they exist or not. A resumed run
  // compares their sizes and times instead of reading them.
  virtual std::vector<std::filesystem::path> files(std::size_t /*output*/, Sample const&) const {
    return {};
  }
  // Whether a sample fails when none of its files exists.
  virtual bool needs_files() const { return true; }

  // Sinks may list the samples that they wrote: the name of the list in the sink's folder (empty:
  // no list), and the line of a sample, without its end. Lines are requested one at a time and in
  // data set order.
  virtual std::filesystem::path list_file() const { return {}; }
  virtual std::string list_line(Sample const&) const { unsupported(); }

  // Observers, from many threads: a record as bytes that outlive the run, if the stage supports it,
  // and back. load() throws Error when the bytes are not a record.
  virtual std::optional<std::string> save(void const* /*record*/) const { return std::nullopt; }
  virtual Value load(std::string_view /*bytes*/) const { unsupported(); }

  // Observers, one thread at a time and in data set order: the CSV row of a record, the columns of
  // these rows (none: no CSV), and the result after the last sample.
  virtual Row fold(Sample const&, void const* /*record*/) { unsupported(); }
  virtual std::vector<std::string> columns() const { return {}; }
  virtual Findings finish() { unsupported(); }

 private:
  // Throws: the framework called a function that stages of this kind do not have.
  [[noreturn]] static void unsupported();
};

enum class StageKind { source, transform, observer, sink };

std::string_view to_string(StageKind kind);

// Everything that a pipeline, a manual page or an editor needs to know about a stage.
struct StageDeclaration {
  std::string name;     // "sepl.select"
  std::string summary;  // one sentence
  std::string details;  // paragraphs for its manual page; may be empty
  StageKind kind = StageKind::transform;
  std::vector<Port> inputs, outputs;
  std::vector<OptionDeclaration> options;
  bool serial = false;          // one sample at a time
  bool loads = false;           // takes nothing but the sample and its image-level labels
  std::string missing_library;  // which this build does not have and the stage needs; or empty
  std::function<std::unique_ptr<StageInstance>()> make;
};

// The index of the port or option with that name.
std::optional<std::size_t> find_port(std::vector<Port> const& ports, std::string_view name);
std::optional<std::size_t> find_option(StageDeclaration const& stage, std::string_view name);

}  // namespace seplflow
