// What a stage meets at run time: its context, its warnings, and what an observer returns.
#pragma once

#include <seplflow/export.hpp>
#include <seplflow/metrics.hpp>
#include <seplflow/sample.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

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

// A text about the list of a sink, such as the names of the classes; see list_notes() in
// seplflow/plugin.hpp.
struct ListNote {
  std::filesystem::path file;  // relative, in the sink's folder; each file has one text
  std::string text;
};

// A file of a whole run, such as an archive, that an observer or a sink with fold() writes. It
// appears in the stage's folder, complete, when all samples have been folded and finish() has
// returned; a run that ends early leaves none. Use write() or path(), not both. Not thread-safe: only
// fold() and finish() get it.
class SEPLFLOW_API RunFile {
 public:
  virtual ~RunFile();

  // Appends to the file. Throws Error when the disk is full.
  virtual void write(std::span<std::uint8_t const> bytes) = 0;

  // Where a library that opens files itself may write until finish() returns.
  virtual std::filesystem::path path() = 0;

  // Another file of the run: `file` is a relative path in the same folder, and missing folders are
  // created. The same path returns the same file. Throws Error when the path leads outside the folder
  // or is that of the first file. Valid as long as this one; it has no files beside itself.
  virtual RunFile& beside(std::filesystem::path const& file) = 0;
};

// What a stage that folds gets before the first sample, if it has begin_fold().
struct FoldStart {
  // A folder of the stage's own. It outlives the run, also one that is killed. It is empty in a new
  // run; in a resumed one it holds what the stage wrote there, if its options and its inputs are the
  // same.
  std::filesystem::path folder;
  std::optional<std::uint64_t> samples;  // of the run, repetitions included, if that is known
  ClassesPtr classes;                    // of the first sample; null if it has none
};

// Something about a sample that the user should know although nothing failed.
struct Warning {
  std::string what;    // "the image-level labels exclude a class that the pseudo-label holds"
  std::string detail;  // of this sample: "sheep"; may be empty
  bool operator==(Warning const&) const = default;
};

// A number that a stage counts of a sample, such as its masks. The run adds it up over the samples.
struct Count {
  std::string what;  // "masks"; the same for all samples
  std::uint64_t number = 0;
  bool operator==(Count const&) const = default;
};

class Warnings;

// What a stage gets besides its inputs. Valid only during the call that it is passed to.
class SEPLFLOW_API SampleContext {
 public:
  SampleContext(Sample const& sample, OutputFolder* output, Warnings* warnings = nullptr)
      : sample_(sample), output_(output), warnings_(warnings) {}
  Sample const& sample() const { return sample_; }

  // The folder of a sink. Throws Error in other stages, which write no files.
  OutputFolder& output() const;

  // Warns the user. `what` must be the same for all samples that the warning is about: it is logged
  // for the first of them, and the others are only counted. What differs between samples goes into
  // `detail`. May be called from any thread.
  void warn(std::string what, std::string detail = "") const;

  // Counts something of the sample: `what` ("masks", "missing_files") is the same for all samples,
  // also for those of which the number is 0. The total, the number per sample and the samples
  // without any are in the summary, in run.json and in metrics.json. Of two steps, carry_out()
  // counts. May be called from any thread, once for each `what`.
  void count(std::string what, std::uint64_t number) const;

 private:
  Sample const& sample_;
  OutputFolder* output_;
  Warnings* warnings_;
};

// A cell of an observer's CSV: empty, text, a count, or a number (shortest decimal that reads back
// exactly; "nan" for not-a-number). Any integer or floating-point type converts to it.
struct SEPLFLOW_API Cell : std::variant<std::monostate, std::string, std::int64_t, double> {
  Cell() = default;
  Cell(std::string text);
  Cell(std::string_view text);
  Cell(char const* text);
  template <std::integral T>
  Cell(T count) : variant(static_cast<std::int64_t>(count)) {}
  template <std::floating_point T>
  Cell(T number) : variant(static_cast<double>(number)) {}
  template <class T>
  Cell(std::optional<T> const& value) {
    if (value) *this = Cell(*value);
  }
};
using Row = std::vector<Cell>;

// A table for the terminal, already formatted. The first column is aligned left, the others right.
struct SummaryTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

enum class Better { more, less };

// A number by which runs and the variants of a sweep are compared. It is one of the stage's metrics.
struct Score {
  std::string name;                           // for tables: "mIoU"
  double value;
  std::optional<double> baseline = {};        // of what it is compared with
  std::string metric = {};                    // its place in the metrics: "miou"
  std::string unit = {};                      // "pixels"; empty for a fraction, printed as percent
  Better better = Better::more;
  std::optional<double> minimum = {}, maximum = {};  // the values that it can have
};

// The results of an observer over the whole data set.
struct Findings {
  Metrics metrics = {};  // its entry in metrics.json
  std::vector<SummaryTable> summary = {};
  std::vector<Score> scores = {};  // the first is the one that "best" means by default
  // What scores must have in common to be comparable ("mean over classes: union"), and a remark
  // about them ("1.58 % of the pixels are 255"). Both are in metrics.json and in a sweep's summary.
  std::string conditions = {}, remark = {};
  std::vector<std::string> warnings = {};  // about the data set as a whole
};

// Passed to a stage's check(): what the pipeline sets, connects and uses, and where errors and
// warnings go.
class SEPLFLOW_API OptionCheck {
 public:
  struct Problem {
    std::string option;  // empty for the stage as a whole
    std::string message;
    bool is_missing_file = false;  // the stage is valid except for files that do not exist
  };

  OptionCheck(std::vector<std::string> given, std::vector<std::string> connected_inputs,
              std::vector<std::string> wanted_outputs);

  // Whether the pipeline sets the option itself, rather than leaving it at its default.
  bool given(std::string_view option) const;
  // Whether an input is connected.
  bool connected(std::string_view input) const;
  // Whether some stage uses the output.
  bool wanted(std::string_view output) const;

  // States that the result depends on an input that is connected by default, with these options.
  void relies_on(std::string input);
  std::vector<std::string> const& relied_on() const { return relied_on_; }

  // Reports an error, which is shown at the option's place in the file.
  void refuse(std::string option, std::string message);
  // Reports a file or folder that does not exist in a stage that is valid otherwise.
  void missing(std::string option, std::string message);
  std::vector<Problem> const& problems() const { return problems_; }

  // Reports a warning, which is shown at the option's place before the pipeline runs.
  void warn(std::string option, std::string message);
  std::vector<Problem> const& warnings() const { return warnings_; }

  // What the run says when a number that the stage counts (SampleContext::count) is 0 for every
  // sample.
  struct Expectation {
    std::string what;
    std::string message;
    bool is_error = true;  // the run fails; else it warns
  };
  void expect_some(Expectation expectation);
  std::vector<Expectation> const& expectations() const { return expectations_; }
  // States that check() is about to read a file. If files() of the stage names the file too, a
  // resumed run compares it with what it was now, so that no result of an older file is reused. A
  // file that changes before check() returns is an error. The files among the options, and those
  // that the readers in seplflow/formats open, need not be stated.
  void reads(std::filesystem::path const& file);

 private:
  std::vector<std::string> given_, connected_, wanted_, relied_on_;
  std::vector<Problem> problems_, warnings_;
  std::vector<Expectation> expectations_;
};

}  // namespace seplflow
