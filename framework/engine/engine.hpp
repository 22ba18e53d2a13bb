// Runs a checked pipeline as a oneTBB flow graph.
//
// A sample is emitted for a credit and visits every stage exactly once. After its last stage it
// retires, in data set order, and its credit returns. So the credits bound the memory, no sample is
// lost, and what is folded or written in that order does not depend on the number of threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// How a sample leaves a stage, and the run; each outcome is worse than the one before.
enum class Outcome {
  done,
  skipped,    // a stage skipped it, without an error
  failed,     // a stage threw
  cancelled,  // the run ended before the stage began; not a result
};

std::string_view to_string(Outcome outcome);

// What a stage threw. `stage` is an index into Pipeline::stages.
struct Failure {
  std::size_t stage;
  std::string error;
};

// A warning of a stage about a sample. `stage` is an index into Pipeline::stages.
struct StageWarning {
  std::size_t stage;
  Warning warning;
};

// Bytes from which a later run restores a result: an observer's record, what the listener returned
// for a sink's files, or both. Equal results of a sample share them.
using SharedBytes = std::shared_ptr<std::string const>;

// Of a sink that folds: what the listener returned for its files, and its record.
struct KeptOfSink {
  std::string_view files, record;
};
std::string join_kept(KeptOfSink const& kept);
// Throws Error when the bytes are damaged.
KeptOfSink split_kept(std::string_view bytes);

// A part of the graph: a stage, or one output of the source.
struct Part {
  std::size_t stage;       // index into Pipeline::stages
  std::size_t output = 0;  // of a source; else 0
  auto operator<=>(Part const&) const = default;
};

// What one part of the graph leaves of a sample for later runs.
struct StageMemory {
  Part part;
  std::uint64_t stamp = 0;  // of the files that it read; 0 when it reads none
  // Skipped or failed if that happened here; else done, which means nothing without kept.
  Outcome outcome = Outcome::done;
  // Of an observer or a sink that is done; the error of a part that failed.
  SharedBytes kept = nullptr;
  std::vector<Warning> warnings = {};
  std::vector<Count> counts = {};

  bool empty() const {
    return stamp == 0 && outcome == Outcome::done && !kept && warnings.empty() && counts.empty();
  }
};

// A sample that has retired.
struct Retired {
  Sample const& sample;
  Outcome outcome;                // the worst of its stages
  std::vector<Failure> failures;  // in the order of the stages
  std::optional<std::size_t> skipped_by;
  std::vector<StageMemory> memories;   // of the parts that leave anything
  std::vector<StageWarning> warnings;  // also those recalled, in the order of the stages
  bool recalled = true;                // needed no work
};

// A file that a sink writes for a sample.
struct OutputFile {
  std::filesystem::path name;
  std::vector<std::uint8_t> bytes;
};

// Stores what a run produces. recall(), run_file(), row(), line() and retired() are called in data
// set order: recall() from one thread, the others from one thread at a time, first a sample's rows,
// then its retirement. What they throw fails the run. The others are called from many threads at once.
class RunListener {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~RunListener() = default;

  // The memories of an earlier run that still hold for a sample that is about to begin. The engine
  // does only the work that they leave.
  virtual std::vector<StageMemory> recall(Sample const&) { return {}; }

  // A number that changes when the files that a stage reads change; never 0.
  virtual std::uint64_t stamp(std::size_t /*stage*/, std::vector<std::filesystem::path> const&) {
    return 1;
  }

  // Writes a sink's files of a sample and returns the bytes to keep. What it throws fails the
  // sample.
  virtual std::string deliver(std::size_t stage, std::vector<OutputFile> const& files) = 0;

  // The folder in which a stage that keeps a state does so.
  virtual std::filesystem::path state_folder(std::size_t /*stage*/) { return {}; }

  // What a stage says of its result so far, after each sample that it folds.
  virtual void progress(std::size_t /*stage*/, std::string /*text*/) {}

  // The file of an observer; only stages that have one use it.
  virtual RunFile& run_file(std::size_t stage) = 0;

  virtual void row(std::size_t stage, Row const& row) = 0;
  // A line of the list of a sink that wrote the sample's files.
  virtual void line(std::size_t, std::string const&) {}
  // The texts about the list of a sink by their files, before its first line.
  virtual void notes(std::size_t, std::map<std::filesystem::path, std::string>) {}
  virtual void retired(Retired const& retired) = 0;
  virtual void worked(std::size_t stage, Sample const& sample, Clock::time_point begin,
                      Clock::time_point end) = 0;
};

// A number that a stage counted, added up over the samples that are done.
struct Tally {
  std::string what;  // as in Count
  std::uint64_t samples = 0, total = 0;
  std::uint64_t samples_without = 0;  // those of which it is 0

  double per_sample() const {
    return samples == 0 ? 0 : static_cast<double>(total) / static_cast<double>(samples);
  }
};

// How the samples left a stage: in == out + skipped + failed + cancelled. A sample that an earlier
// stage lost counts only there.
struct StageCounts {
  std::uint64_t in = 0, out = 0, skipped = 0, failed = 0, cancelled = 0;
  std::uint64_t recalled = 0;  // of those in: needed no work after an earlier run
  std::uint64_t held = 0;      // reached the stage and did not leave it; 0 unless the graph stalled
  double seconds = 0;          // inside the stage, summed over threads
  std::vector<Tally> tallies = {};  // in the order of their first sample
};

// The samples of one variant that are not done.
struct VariantCounts {
  std::uint64_t skipped = 0, failed = 0, cancelled = 0;
};

enum class RunEnd {
  complete,     // every sample of the source retired
  interrupted,  // drain() was called before the last sample
  stopped,      // a failed sample stopped it, or another error; see RunTotals::error
};

struct RunTotals {
  RunEnd end = RunEnd::complete;
  std::string error;  // why it stopped
  // Each sample counts with the outcome of its worst variant.
  std::uint64_t emitted = 0, done = 0, skipped = 0, failed = 0, cancelled = 0;
  bool cut_short = false;               // whether any stage of any sample was cancelled
  std::uint64_t recalled = 0;           // needed no work
  std::vector<std::string> left_out;    // the ids of [run] skip that the data set has
  std::vector<StageCounts> stages;      // as in Pipeline::stages
  std::vector<VariantCounts> variants;  // as in Pipeline::variants

  std::uint64_t retired() const { return done + skipped + failed + cancelled; }
};

struct EngineOptions {
  std::int64_t jobs = 0;       // 0 = all cores that the process may use
  std::int64_t in_flight = 0;  // 0 = four times jobs, at least 8
  std::vector<bool> ends;      // by stage: the observers and sinks that take part; empty for all
};

// One run of one pipeline. The pipeline and the listener must outlive it.
class Engine {
 public:
  // Takes no more jobs than most_useful_threads(), nor than threads can be started.
  Engine(Pipeline const& pipeline, EngineOptions options, RunListener& listener);
  ~Engine();

  // Runs to the end; call it once. It throws nothing that a stage throws: failures are in the
  // totals.
  RunTotals run();

  // Stops taking samples. Samples in flight finish, except those that were only loaded so far: they
  // are cancelled. May be called from any thread or a signal handler.
  void drain() noexcept;

  std::int64_t jobs() const;
  std::int64_t in_flight() const;

  // May be called from any thread while it runs.
  std::uint64_t emitted() const;
  std::uint64_t retired() const;
  std::uint64_t recalled() const;  // of the retired, those that needed no work

 private:
  class Graph;
  std::unique_ptr<Graph> graph_;
};

// Which stages hold the samples that did not retire: the error of a run in which emitted and
// retired differ.
std::string stall_report(Pipeline const& pipeline, RunTotals const& totals);

}  // namespace seplflow
