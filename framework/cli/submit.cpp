#include <algorithm>
#include <iostream>

#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/pipeline_arguments.hpp"
#include "cli/shell_words.hpp"
#include "cli/submission.hpp"
#include "pipeline/option_text.hpp"
#include "run/file_writer.hpp"
#include "run/folder_lock.hpp"
#include "run/inputs_outside.hpp"
#include "run/resume/hints.hpp"
#include "run/run.hpp"
#include "run/run_place.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;
using Status = ShardState::Status;

struct SubmitArguments {
  PipelineArguments pipeline;
  std::optional<std::int64_t> shards, max_parallel;
  std::string out, slurm, files = "link";
  bool resume = false, dry_run = false;
  std::vector<std::string> command_line;
};

std::vector<std::string> slurm_words(std::string const& options) {
  if (options.find('\n') != std::string::npos) {
    throw UsageError("--slurm must be one line of options for sbatch");
  }
  std::vector<std::string> words = shell_words(options);
  std::erase(words, "");
  for (std::string const& word : words) {
    if (word == "-a" || word == "--array" || word.starts_with("--array=")) {
      throw UsageError("--slurm has the option " + word +
                       ", but the array is that of the shards; give their number with --shards N "
                       "and how many run at once with --max-parallel K");
    }
  }
  if (!words.empty() && !words.front().starts_with("-")) {
    throw UsageError("--slurm must be options for sbatch, such as \"--partition=gpu "
                     "--gres=gpu:1\"; got \"" + options + "\"");
  }
  return words;
}

void require_sbatch(bool dry_run) {
  if (dry_run || is_installed("sbatch")) return;
  throw UsageError("sbatch is not installed here (it is not in a folder of PATH); submit on a "
                   "machine that Slurm takes jobs from, or see the scripts with --dry-run; "
                   "docs/clusters.md explains other schedulers");
}

// Options of a run that the resolved pipeline leaves out, because they do not change results.
std::string options_of_run(RunSettings const& run) {
  RunSettings const defaults;
  std::string text;
  if (run.keep) text += " --keep " + keep_choices().text_of(*run.keep);
  if (run.jobs != defaults.jobs) text += " --jobs " + std::to_string(run.jobs);
  if (run.in_flight != defaults.in_flight) {
    text += " --set run.in_flight=" + std::to_string(run.in_flight);
  }
  if (run.slow_after != defaults.slow_after) {
    text += " --slow-after " + std::to_string(run.slow_after);
  }
  return text;
}

void require_shards(Pipeline const& pipeline, std::int64_t shards) {
  if (pipeline.run.shard.count > 1) {
    throw UsageError("the pipeline is shard " + text_of(pipeline.run.shard) +
                     " already; remove shard from [run], because --shards " +
                     std::to_string(shards) + " divides the data set");
  }
  if (shards == 1) return;
  for (PipelineStage const& stage : pipeline.stages) {
    if (!stage.declaration->ordered && !stage.declaration->keeps_state) {
      bool const takes_the_folder =
          stage.name == kShardsFolder && stage.declaration->kind == StageKind::sink;
      if (!takes_the_folder) continue;
      throw UsageError("the stage \"" + stage.name + "\" writes to OUT/" + stage.name +
                       ", where the shards run; give the stage another name");
    }
    throw UsageError("stage \"" + stage.name + "\" (" + stage.declaration->name +
                     ") needs all samples in order, so the data set cannot be divided into "
                     "shards; submit one job with --shards 1");
  }
  Pipeline last = pipeline;
  last.run.shard = {shards - 1, shards};
  expected_samples(last);
}

// Where the pipeline's shards can run: a new folder, or an empty one.
void require_new(fs::path const& out) {
  std::string const name = out.string();
  if (!fs::exists(out)) return;
  require_folder(out);
  if (submission_in(out)) {
    throw UsageError(name + " holds a run that was submitted already; see how far it is with "
                     "seplflow status " + quoted_word(name) + ", send again what is not done with "
                     "seplflow submit --resume " + quoted_word(name) + ", or choose another "
                     "folder with --out");
  }
  if (auto const record = run_record_in(out)) {
    throw UsageError(name + " already holds a run (status \"" + record->status +
                     "\"); choose another folder with --out");
  }
  if (fs::exists(out / kShardsFolder / "run.sbatch")) {
    throw UsageError("another process is submitting a run to " + name +
                     ", or was killed while it did; if none is, remove " +
                     (out / kShardsFolder).string() + " and cancel its jobs, if squeue shows any");
  }
  bool const is_empty = std::ranges::all_of(
      fs::directory_iterator(out), [](fs::directory_entry const& entry) {
        return entry.path().filename().string().starts_with(FolderLock::kFile);
      });
  if (!is_empty) throw UsageError(name + " holds files; choose another folder with --out");
}

std::vector<std::string> merge_words(std::vector<std::string> const& jobs, fs::path const& script) {
  std::string dependency = "--dependency=afterok";
  for (std::string const& job : jobs) dependency += ":" + job;
  std::vector<std::string> words;
  if (!jobs.empty()) words = {dependency, "--kill-on-invalid-dep=yes"};
  words.push_back(script.string());
  return words;
}

std::string command_of(std::vector<std::string> const& words) {
  std::string text = "sbatch";
  for (std::string const& word : words) text += " " + quoted_word(word);
  return text;
}

void print_what_to_do(fs::path const& out, Submission const& submission) {
  std::cout << "to see how far it is: seplflow status " << quoted_word(out.string()) << "\n";
  if (!submission.is_array()) return;
  std::cout << "job " << submission.merge << " merges the shards into " << out.string()
            << " when all are done\n";
}

// A submission of a pipeline to a new folder.
class NewSubmission {
 public:
  NewSubmission(SubmitArguments const& arguments, Pipeline const& pipeline)
      : arguments_(arguments),
        given_(arguments.out.empty() ? default_run_folder(pipeline) : fs::path(arguments.out)),
        resolved_(resolved_toml(pipeline)) {
    fs::path const out = fs::absolute(given_).lexically_normal();
    folder_ = out / kShardsFolder;
    std::error_code unknown;
    scripts_ = {pipeline.name,
                fs::read_symlink("/proc/self/exe", unknown),
                folder_ / "pipeline.toml",
                out,
                *arguments.shards,
                arguments.max_parallel.value_or(0),
                arguments.slurm,
                options_of_run(pipeline.run),
                arguments.files,
                command_text(arguments.command_line)};
    require_inputs_outside(pipeline, given_);
    require_new(given_);
  }

  void print() const {
    std::cout << "# " << (folder_ / "run.sbatch").string() << "\n" << scripts_.run_script();
    if (scripts_.shards > 1) {
      std::cout << "\n# " << (folder_ / "merge.sbatch").string() << "\n"
                << scripts_.merge_script();
    }
    std::cout << "\n# The commands:\n# " << command_of({run_script().string()}) << "\n";
    if (scripts_.shards > 1) {
      std::cout << "# " << command_of(merge_words({"JOB"}, merge_script())) << "\n";
    }
  }

  void send() {
    std::error_code error;
    fs::create_directories(given_, error);
    if (error) throw UsageError("cannot create " + given_.string() + ": " + error.message());
    FolderLock const lock(given_);
    require_new(given_);  // another process may have been faster
    auto const failed = error_of([&] {
      write_files();
      send_jobs();
    });
    if (!failed) return;
    fs::remove_all(folder_, error);
    throw Error(*failed + "\nnothing was submitted");
  }

 private:
  fs::path run_script() const { return folder_ / "run.sbatch"; }
  fs::path merge_script() const { return folder_ / "merge.sbatch"; }

  void write_files() const {
    fs::create_directories(folder_);
    AtomicWriter writer(folder_);
    writer.write(scripts_.pipeline, resolved_);
    writer.write(run_script(), scripts_.run_script());
    if (scripts_.shards > 1) writer.write(merge_script(), scripts_.merge_script());
  }

  void send_jobs() {
    Submission submission{scripts_.name, scripts_.shards, {}, {}};
    std::string const job = sbatch({run_script().string()});
    auto const failed = error_of([&] {
      for (std::int64_t i = 0; i < scripts_.shards; ++i) submission.jobs[i] = job;
      if (scripts_.shards > 1) submission.merge = sbatch(merge_words({job}, merge_script()));
      write_submission(given_, submission);
    });
    if (failed) {
      scancel(job);
      if (!submission.merge.empty()) scancel(submission.merge);
      throw Error(*failed);
    }
    std::cout << "submitted \"" << scripts_.name << "\" as job " << job;
    if (scripts_.shards > 1) std::cout << ", " << counted(scripts_.shards, "shard");
    std::cout << "\n";
    print_what_to_do(given_, submission);
  }

  SubmitArguments const& arguments_;
  fs::path const given_;
  fs::path folder_;
  std::string const resolved_;
  SlurmScripts scripts_;
};

int submit_new(SubmitArguments const& arguments) {
  if (!arguments.shards) {
    throw UsageError("--shards N is missing: the number of jobs that share the data set; 1 for one "
                     "job that runs the whole pipeline");
  }
  slurm_words(arguments.slurm);
  require_sbatch(arguments.dry_run);
  StageCatalog const catalog = catalog_with_warnings();
  PipelineRequest request = arguments.pipeline.request();
  request.look_for_files = true;
  Pipeline const pipeline = load_pipeline(request, catalog);
  for (Problem const& warning : pipeline.warnings) print_warning(warning);
  expected_samples(pipeline);
  require_shards(pipeline, *arguments.shards);
  NewSubmission submission(arguments, pipeline);
  if (arguments.dry_run) {
    submission.print();
  } else {
    submission.send();
  }
  return kDone;
}

void require_only_folder(SubmitArguments const& arguments) {
  PipelineArguments const& pipeline = arguments.pipeline;
  bool const has_more = !pipeline.overrides.empty() || !pipeline.sweeps.empty() ||
                        !pipeline.skip.empty() || arguments.shards || !arguments.out.empty();
  if (!has_more) return;
  throw UsageError("submit --resume sends the jobs of a folder again as they were; it takes "
                   "--slurm, --max-parallel and --dry-run, but no other options");
}

// Sends again what is not done and not in the queue.
class Resubmission {
 public:
  Resubmission(SubmitArguments const& arguments, Submission submission)
      : arguments_(arguments), out_(arguments.pipeline.file), submission_(std::move(submission)) {
    std::string problem;
    auto const queue = queue_of(submission_, problem);
    if (!queue) {
      throw UsageError("the queue of Slurm is not known, so shards could be sent twice: " + problem);
    }
    queue_ = *queue;
    is_merged_ = submission_.is_array() && shard_state(out_, {}).is_done();
    for (ShardState const& state : states_of(out_, submission_)) {
      if (state.is_done() || is_merged_) continue;  // those of a merged run may have been removed
      if (queue_.shards.contains(state.shard.index)) {
        waits_for_.push_back(task_of(state.shard.index));
      } else if (state.status == Status::running) {
        throw UsageError("shard " + text_of(state.shard) + " is being written by " + state.detail +
                         ", which is not in the queue of Slurm; wait for it to end");
      } else {
        to_send_.push_back(state.shard.index);
      }
    }
  }

  int send() {
    bool const merge_waits = queue_.merge.has_value();
    if (to_send_.empty() && (is_merged_ || merge_waits || !submission_.is_array())) {
      std::cout << (waits_for_.empty() && !merge_waits ? "everything is done; nothing was sent\n"
                                                       : "nothing is to be sent: what is not "
                                                         "done is in the queue\n");
      return kDone;
    }
    if (arguments_.dry_run) {
      if (!to_send_.empty()) std::cout << command_of(run_words()) << "\n";
      if (submission_.is_array()) std::cout << command_of(merge_words(waits_for_, merge_script())) << "\n";
      return kDone;
    }
    if (!to_send_.empty()) send_shards();
    if (submission_.is_array()) send_merge();
    write_submission(out_, submission_);
    print_what_to_do(out_, submission_);
    return kDone;
  }

 private:
  fs::path folder() const { return fs::absolute(out_).lexically_normal() / kShardsFolder; }
  fs::path merge_script() const { return folder() / "merge.sbatch"; }

  std::string task_of(std::int64_t shard) const {
    std::string const& job = submission_.jobs.at(shard);
    return submission_.is_array() ? job + "_" + std::to_string(shard) : job;
  }

  std::vector<std::string> run_words() const {
    std::vector<std::string> words = slurm_words(arguments_.slurm);
    if (submission_.is_array()) {
      std::string array = "--array=" + array_text(to_send_);
      if (arguments_.max_parallel) array += "%" + std::to_string(*arguments_.max_parallel);
      words.push_back(array);
    }
    words.push_back((folder() / "run.sbatch").string());
    return words;
  }

  void send_shards() {
    // They have a right to be killed three times again.
    std::error_code ignored;
    for (std::int64_t const shard : to_send_) {
      fs::path const killed = submission_.is_array()
                                  ? shard_folder(out_, {shard, submission_.shards}).string() + ".killed"
                                  : (folder() / "killed").string();
      fs::remove(killed, ignored);
    }
    std::string const job = sbatch(run_words());
    for (std::int64_t const shard : to_send_) submission_.jobs[shard] = job;
    waits_for_.push_back(job);
    std::cout << "submitted job " << job;
    if (submission_.is_array()) {
      std::cout << ": " << (to_send_.size() == 1 ? "shard " : "shards ") << array_text(to_send_);
    }
    std::cout << " of \"" << submission_.name << "\"\n";
  }

  void send_merge() {
    if (queue_.merge) scancel(submission_.merge);  // it waits for jobs that have failed
    submission_.merge = sbatch(merge_words(waits_for_, merge_script()));
  }

  SubmitArguments const& arguments_;
  fs::path const out_;
  Submission submission_;
  Queue queue_;
  bool is_merged_ = false;
  std::vector<std::int64_t> to_send_;
  std::vector<std::string> waits_for_;  // jobs and tasks
};

int submit_again(SubmitArguments const& arguments) {
  require_only_folder(arguments);
  slurm_words(arguments.slurm);
  fs::path const out = arguments.pipeline.file;
  require_folder(out);
  auto const submission = submission_in(out);
  if (!submission) {
    throw UsageError(out.string() + " was not submitted (it has no " + kShardsFolder +
                     "/submission.json); submit the pipeline with seplflow submit PIPELINE "
                     "--shards N --out FOLDER");
  }
  require_sbatch(false);
  // Two of these at a time would send shards twice. Not OUT itself, which a merge may be writing.
  FolderLock const lock(out / kShardsFolder);
  return Resubmission(arguments, *submission_in(out)).send();
}

int submit(SubmitArguments const& arguments) {
  log_to_stderr("warning", false);
  return arguments.resume ? submit_again(arguments) : submit_new(arguments);
}

}  // namespace

Command submit_command(std::vector<std::string> words) {
  auto const arguments = std::make_shared<SubmitArguments>();
  arguments->command_line = std::move(words);
  Command command{
      .name = "submit",
      .summary = "Send the shards of a pipeline to Slurm, and a job that merges them",
      .run = [arguments] { return submit(*arguments); },
      .examples =
          "  seplflow submit voc.toml --shards 8 --slurm \"--partition=gpu --gres=gpu:1\"\n"
          "  seplflow submit --resume runs/voc\n"};
  arguments->pipeline.add_to(command);
  command.optional_count("--shards", "jobs that share the data set; 1: one job, without a merge",
                         arguments->shards);
  command.option("--out", "FOLDER", "run folder (default runs/NAME)", arguments->out);
  command.option("--slurm", "OPTIONS", "options for sbatch, such as \"--partition=gpu --time=8:00:00\"",
                 arguments->slurm);
  command.optional_count("--max-parallel", "shards that run at once (default all)",
                         arguments->max_parallel);
  command.choice("--files", {"copy", "link", "move"},
                 "how the merge takes the files of the shards (default link)", arguments->files);
  command.flag("--resume", "PIPELINE is a run folder: send again what is not done",
               arguments->resume);
  command.flag("--dry-run", "print the scripts and commands, and do nothing", arguments->dry_run);
  for (char const* const option : {"jobs", "limit", "skip", "keep", "on_error", "slow_after"}) {
    arguments->pipeline.add_run_option(command, option);
  }
  return command;
}

}  // namespace seplflow::cli
