// A stage as the framework sees it: a declaration, and instances made from it.
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

#include "base/error.hpp"
#include "data/metrics.hpp"
#include "data/sample.hpp"
#include "plugin/option.hpp"
#include "plugin/port.hpp"

namespace seplflow {

// Where the files of a sink go.
class SEPLFLOW_API OutputFolder {
 public:
  virtual ~OutputFolder();

  // Gives the sample a file: it is written, whole, when the stage has returned, so that a sample
  // that fails leaves none. `file` is relative and stays inside the folder; folders on the way are
  // made. Throws Error when it would not. What the disk says, or a file of that name from another
  // sample, fails the sample as if the stage had thrown it.
  virtual void write(std::filesystem::path const& file, std::span<std::uint8_t const> bytes) = 0;
};

// Something about a sample that the user should know though nothing failed.
struct Warning {
  std::string what;    // "the image-level labels deny a class that the pseudo-label holds"
  std::string detail;  // of this sample: "sheep"; may be empty
  bool operator==(Warning const&) const = default;
};

// What a stage warned of while it worked on one sample. From any thread.
class SEPLFLOW_API Warnings {
 public:
  void add(Warning warning);
  std::vector<Warning> take();

 private:
  std::mutex mutex_;
  std::vector<Warning> list_;
};

// What a stage may know besides its inputs. Valid during the call that it is passed to.
class SampleContext {
 public:
  SampleContext(Sample const& sample, OutputFolder& output, Warnings* warnings = nullptr)
      : sample_(sample), output_(output), warnings_(warnings) {}
  Sample const& sample() const { return sample_; }
  OutputFolder& output() const { return output_; }

  // Tells the user of something that is no error. `what` is the same for all samples that it is
  // said of: it is logged for the first of them, and the rest are counted. What is this sample's
  // own goes into `detail`. From any thread.
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

// A table for the terminal, already formatted; the first column is aligned left, the others right.
struct SummaryTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

// The number by which the variants of a sweep are compared; more is better.
struct Score {
  std::string name;                // "mIoU"
  double value;                    // a fraction, 0..1
  std::optional<double> baseline;  // the same of what it is compared with
};

// What an observer found over the whole data set.
struct Findings {
  Metrics metrics;  // its entry in metrics.json
  std::vector<SummaryTable> summary;
  std::optional<Score> score;
  // What scores must have in common to be compared ("mean over classes: union"), and what else
  // should be known of them ("1.58 % of the pixels are 255"): in metrics.json, and in the summary
  // of a sweep.
  std::string conditions = {}, remark = {};
};

// Passed to a stage's check(): what the pipeline gave and wants, and a place for complaints.
class OptionCheck {
 public:
  struct Problem {
    std::string option;  // empty for the stage as a whole
    std::string message;
    bool is_lack = false;  // the stage is in order but for files that are not there
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

  // The pipeline is refused, and the message shown at the option's place in the file.
  void refuse(std::string option, std::string message) {
    problems_.push_back({std::move(option), std::move(message)});
  }
  // The same of files that are not there, where the stage is in order otherwise.
  void lacks(std::string option, std::string message) {
    problems_.push_back({std::move(option), std::move(message), true});
  }
  std::vector<Problem> const& problems() const { return problems_; }

  // The pipeline is taken, and the message shown at the option's place before it runs.
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

// A configured stage. Made and driven by the framework; authors write plain classes, which
// stage_builder.hpp wraps. Options are indexed as in the declaration.
class SEPLFLOW_API StageInstance {
 public:
  virtual ~StageInstance();

  virtual void set_option(std::size_t option, OptionValue const& value) = 0;
  virtual std::optional<OptionValue> option(std::size_t option) const = 0;
  virtual void check(OptionCheck& check) = 0;

  // Sources. next() is called from one thread at a time and decodes nothing; produce() makes the
  // value of one output, from many threads at once.
  virtual std::optional<Sample> next();
  virtual std::optional<std::uint64_t> count() const;
  virtual Value produce(std::size_t output, Sample const& sample) const;

  // Transforms, observers and sinks. A value for each output, a sink's none, an observer's record;
  // nothing when the stage declines the sample. An unconnected input is null.
  virtual std::optional<std::vector<Value>> run(SampleContext const& context,
                                                std::span<void const* const> inputs);

  // Transforms in two steps: run() is what carry_out() makes of what decide() decides. The options
  // speak in decide() alone, so that instances of one declaration whose decisions on the same
  // inputs are the same have the same result. The engine makes it once.
  virtual bool decides() const;
  virtual Value decide(SampleContext const& context, std::span<void const* const> inputs) const;
  virtual bool same_decision(void const* a, void const* b) const;
  virtual std::optional<std::vector<Value>> carry_out(void const* decision,
                                                      SampleContext const& context,
                                                      std::span<void const* const> inputs) const;

  // The files that an output of this sample is read from, there or not: a run that resumes compares
  // their sizes and times instead of reading them.
  virtual std::vector<std::filesystem::path> files(std::size_t output, Sample const& sample) const;
  // Whether a sample fails when none of its files is there.
  virtual bool needs_files() const;

  // Sinks: a list of their samples, beside the files that they write: its name in the sink's folder
  // (empty: none), and the line of a sample whose files are there, without its end. Lines are asked
  // for one at a time and in data set order.
  virtual std::filesystem::path list_file() const;
  virtual std::string list_line(Sample const& sample) const;

  // Observers, from many threads: a record as bytes that outlive the run, where the stage can, and
  // back. load() throws Error when the bytes are no record.
  virtual std::optional<std::string> save(void const* record) const;
  virtual Value load(std::string_view bytes) const;

  // Observers, one thread at a time and in data set order: the CSV row of a record, the columns of
  // such rows (none: no CSV), and the result after the last.
  virtual Row fold(Sample const& sample, void const* record);
  virtual std::vector<std::string> columns() const;
  virtual Findings finish();
};

enum class StageKind { source, transform, observer, sink };

std::string_view to_string(StageKind kind);

// All that a pipeline, a manual page or an editor needs to know of a stage.
struct StageDeclaration {
  std::string name;     // "sepl.select"
  std::string summary;  // one sentence
  std::string details;  // paragraphs for its manual page; may be empty
  StageKind kind = StageKind::transform;
  std::vector<Port> inputs, outputs;
  std::vector<OptionDeclaration> options;
  bool serial = false;  // one sample at a time
  std::string lacks;    // the library that it was built without and cannot run without; or empty
  std::function<std::unique_ptr<StageInstance>()> make;
};

// Where a name is in a declaration's ports or options.
std::optional<std::size_t> find_port(std::vector<Port> const& ports, std::string_view name);
std::optional<std::size_t> find_option(StageDeclaration const& stage, std::string_view name);

}  // namespace seplflow
