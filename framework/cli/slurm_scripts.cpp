#include "cli/slurm.hpp"

#include "cli/shell_words.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

// What both scripts begin with. A name of a file may hold "%", which Slurm would replace.
std::string slurm_header(SlurmScripts const& scripts, std::string const& job, std::string log) {
  auto const line = [](std::string const& option, std::string const& value) {
    bool const is_plain = value.find(' ') == std::string::npos;
    return "#SBATCH --" + option + "=" + (is_plain ? value : "\"" + value + "\"") + "\n";
  };
  std::string folder = (scripts.out / "shards").string();
  for (std::size_t i = 0; (i = folder.find('%', i)) != std::string::npos; i += 2) {
    folder.insert(i, "%");
  }
  std::string text = line("job-name", job) + line("output", folder + "/" + log) +
                     "#SBATCH --open-mode=append\n#SBATCH --requeue\n";
  return text;
}

std::string options_line(SlurmScripts const& scripts) {
  return scripts.options.empty() ? "" : "#SBATCH " + scripts.options + "\n";
}

// Bash code. $run is the run folder, $job the job or task, $child the process of seplflow.
constexpr char const* kRunUntilDone = R"sh(
is_done() { grep -q '^  "status": "done' "$run/run.json" 2>/dev/null; }
finished() { sed -n 's/^    "done": \([0-9]*\).*/\1/p' "$run/run.json" 2>/dev/null; }
requeue() { echo "requeueing: $1"; scontrol requeue "$job"; exit "$status"; }

child='' limit=''
end_child() { [ -z "$child" ] || kill -TERM "$child" 2>/dev/null; }
trap 'limit=reached; end_child' USR1  # soon before the time limit
trap end_child TERM
before=$(finished)
)sh";

constexpr char const* kRequeue = R"sh(child=$!
[ -z "$limit" ] || end_child  # the warning came before it began
wait "$child"; status=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
after=$(finished)

is_done && exit 0
if [ -n "$limit" ]; then
  if )sh";

constexpr char const* kAfterProgress = R"sh(; then
    requeue "the time limit was reached"
  fi
  echo "error: no sample was finished within the time limit; allow more time, such as" \
    "seplflow submit --resume $out --slurm=--time=4:00:00" >&2
elif [ "$status" = 137 ]; then
  echo "seplflow was killed (status 137)" | tee -a "$killed"
  [ "$(wc -l <"$killed")" -gt 3 ] || requeue "seplflow was killed"
  echo "error: seplflow was killed more than three times; there may be too little memory" >&2
fi
exit "$status"
)sh";

std::string script_title(SlurmScripts const& scripts, std::string const& what,
                         std::string const& by_hand) {
  std::string text = what + " Written by:\n  " + scripts.command_line +
                     "\nTo send it by hand:\n  " + by_hand;
  // Every line of it is a comment, even if an argument had several.
  for (std::size_t i = 0; (i = text.find('\n', i)) != std::string::npos; i += 3) {
    text.insert(i + 1, "# ");
  }
  return "#!/usr/bin/env bash\n# " + text + "\n";
}

}  // namespace

std::string SlurmScripts::run_script() const {
  std::string const file = quoted_word((out / "shards/run.sbatch").string());
  bool const is_array = shards > 1;
  std::string const count = std::to_string(shards);
  std::string const tasks = "0-" + std::to_string(shards - 1) +
                            (max_parallel > 0 ? "%" + std::to_string(max_parallel) : "");
  std::string text =
      is_array
          ? script_title(*this, "Runs one shard of \"" + name + "\" in each task of an array.",
                         "sbatch " + file + "    (with --array=3 only shard 3)")
          : script_title(*this, "Runs \"" + name + "\" in one job.", "sbatch " + file);
  text += "# A job whose node fails is requeued by Slurm. One that reaches its time limit requeues\n"
          "# itself, and one whose seplflow is killed does so at most three times.\n";
  text += slurm_header(*this, name, is_array ? "%a-of-" + count + ".log" : "run.log");
  if (is_array) text += "#SBATCH --array=" + tasks + "\n";
  text += "#SBATCH --signal=B:USR1@60\n" + options_line(*this) + "\n";
  std::string const folder = quoted_word(out.string());
  text += "out=" + folder + "\n";
  // SLURM_JOB_ID of the last task is that of the whole array, all of which would be requeued.
  text += is_array ? "shard=$SLURM_ARRAY_TASK_ID\njob=${SLURM_ARRAY_JOB_ID}_$shard\n"
                     "run=$out/shards/$shard-of-" + count + "\n"
                   : "job=$SLURM_JOB_ID\nrun=$out\nbegun=$out/shards/begun\n: >\"$begun\"\n";
  text += is_array ? "killed=$run.killed" : "killed=$out/shards/killed";
  text += kRunUntilDone;
  text += quoted_word(program.string()) + " run " +
          quoted_word(pipeline.string()) + (is_array ? " --shard \"$shard/" + count + "\"" : "") +
          " --out \"$run\" --resume --wait \\\n  --progress plain" + run_options + " &\n";
  text += kRequeue;
  text += "[ \"${after:-0}\" -gt \"${before:-0}\" ]";
  // A training goes on from its state, which need not have all samples that were finished.
  if (!is_array) {
    text += " || [ -n \"$(find \"$run/.state\" -type f -newer \"$begun\" 2>/dev/null)\" ]";
  }
  return text + kAfterProgress;
}

std::string SlurmScripts::merge_script() const {
  std::string const file = quoted_word((out / "shards/merge.sbatch").string());
  std::string const folder = quoted_word(out.string());
  std::string text = script_title(
      *this, "Merges the shards of \"" + name + "\" into " + out.string() + ".", "sbatch " + file);
  text += slurm_header(*this, name + "-merge", "merge.log") + options_line(*this) + "\n";
  text += "run=" + folder + "\n";
  text += "is_done() { grep -q '^  \"status\": \"done' \"$run/run.json\" 2>/dev/null; }\n"
          "is_done && exit 0\n";
  text += quoted_word(program.string()) + " merge \"$run\" \"$run\"/shards/{0.." +
          std::to_string(shards - 1) + "}-of-" + std::to_string(shards) + " --files " + files +
          " --wait\nstatus=$?\nis_done && exit 0\nexit \"$status\"\n";
  return text;
}

}  // namespace seplflow::cli
