#include "pipeline/environment.hpp"

#include <cstdlib>
#include <map>
#include <random>

#include <seplflow/error.hpp>
#include "pipeline/scheduled_shard.hpp"
#include "support/catch.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

std::optional<std::string> variables(std::string const& name) {
  if (name == "ROOT") return "/data/voc";
  if (name == "EMPTY") return "";
  if (name == "TRICK") return "${ROOT}";
  if (name == "_x9") return "odd";
  return std::nullopt;
}

std::string expanded(std::string_view text) {
  return expand(text, variables);
}

std::string complaint(std::string_view text) {
  try {
    expanded(text);
  } catch (Error const& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a variable in braces is replaced wherever it is") {
  CHECK(expanded("${ROOT}") == "/data/voc");
  CHECK(expanded("a/${ROOT}/b/${ROOT}") == "a//data/voc/b//data/voc");
  CHECK(expanded("${_x9}") == "odd");
  CHECK(expanded("").empty());
}

TEST_CASE("a default replaces a variable that is unset or empty") {
  CHECK(expanded("${NONE:-here}") == "here");
  CHECK(expanded("${EMPTY:-here}") == "here");
  CHECK(expanded("${ROOT:-here}") == "/data/voc");
  CHECK(expanded("${NONE:-}").empty());
  CHECK(expanded("${NONE:-a:-b}") == "a:-b");
}

TEST_CASE("a variable that is set but empty is not unset") {
  CHECK(expanded("${EMPTY}").empty());
}

TEST_CASE("the value of a variable is not expanded again") {
  CHECK(expanded("${TRICK}") == "${ROOT}");
}

TEST_CASE("two dollars before a brace become one") {
  CHECK(expanded("$${ROOT}") == "${ROOT}");
  CHECK(expanded("a$${b") == "a${b");
  CHECK(expanded("$$${ROOT}") == "$${ROOT}");
}

TEST_CASE("a dollar without a brace is not special") {
  CHECK(expanded("$ROOT") == "$ROOT");
  CHECK(expanded("5$") == "5$");
  CHECK(expanded("$$") == "$$");
  CHECK(expanded("{ROOT}") == "{ROOT}");
}

TEST_CASE("an unset variable without a default is an error with a solution") {
  CHECK_THAT(complaint("${NONE}"), Contains("NONE is not set") && Contains("${NONE:-default}"));
}

TEST_CASE("a reference that is not closed or has no name is an error") {
  CHECK_THAT(complaint("a${ROOT"), Contains("not closed"));
  for (char const* const wrong : {"${}", "${:-x}", "${1A}", "${A B}", "${A-x}", "${Ä}"}) {
    CAPTURE(wrong);
    CHECK_THAT(complaint(wrong),
               Contains("does not name an environment variable") && Contains("$${"));
  }
}

TEST_CASE("an escaped text expands to the original text") {
  std::mt19937 random(11);
  std::string const letters = "$${{}}aN:-\\\"";
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (unsigned length = random() % 12; length > 0; --length) {
      text += letters[random() % letters.size()];
    }
    CAPTURE(text);
    CHECK(expanded(escape_expansion(text)) == text);
  }
}

TEST_CASE("the process environment distinguishes set from unset variables") {
  ::setenv("SEPLFLOW_TEST_SET", "value", 1);
  ::unsetenv("SEPLFLOW_TEST_UNSET");
  CHECK(process_environment()("SEPLFLOW_TEST_SET") == "value");
  CHECK(process_environment()("SEPLFLOW_TEST_UNSET") == std::nullopt);
}

namespace {

using Variables = std::map<std::string, std::string>;

// "3/8", or the message.
std::string automatic_shard(Variables const& variables, std::optional<std::int64_t> count = {}) {
  auto const environment = [&](std::string const& name) -> std::optional<std::string> {
    auto const found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  try {
    return text_of(scheduled_shard(count, environment).shard);
  } catch (Error const& error) {
    return error.what();
  }
}

Variables slurm_task(std::string const& id, std::string const& first, std::string const& last,
                     std::string const& count, std::string const& step = "1") {
  return {{"SLURM_ARRAY_TASK_ID", id},       {"SLURM_ARRAY_TASK_MIN", first},
          {"SLURM_ARRAY_TASK_MAX", last},    {"SLURM_ARRAY_TASK_COUNT", count},
          {"SLURM_ARRAY_TASK_STEP", step},   {"SLURM_PROCID", "0"}};
}

Variables with(Variables variables, Variables const& more) {
  for (auto const& [name, value] : more) variables[name] = value;
  return variables;
}

}  // namespace

TEST_CASE("the shard of a task is read from the variables of its scheduler") {
  Variables const procs = {{"SLURM_PROCID", "2"}, {"SLURM_NTASKS", "4"}};
  Variables const mpi = {{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "4"}};
  Variables const batch = {{"SLURM_JOB_ID", "7"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}};
  Variables const sge = {{"SGE_TASK_ID", "3"}, {"SGE_TASK_FIRST", "1"}, {"SGE_TASK_LAST", "8"}};
  CHECK(automatic_shard(slurm_task("3", "0", "7", "8")) == "3/8");
  CHECK(automatic_shard(slurm_task("3", "1", "8", "8")) == "2/8");
  CHECK(automatic_shard(slurm_task("3", "0", "7", "8"), 8) == "3/8");
  CHECK(automatic_shard(with(slurm_task("3", "0", "7", "8"), {{"SLURM_NTASKS", "1"}})) == "3/8");
  CHECK(automatic_shard({{"SLURM_ARRAY_TASK_ID", "3"}}, 8) == "3/8");
  CHECK(automatic_shard(procs) == "2/4");
  CHECK(automatic_shard(mpi) == "2/4");
  CHECK(automatic_shard(with(procs, mpi)) == "2/4");
  CHECK(automatic_shard(with(batch, mpi)) == "2/4");
  CHECK(automatic_shard(sge) == "2/8");
  CHECK(automatic_shard({{"LSB_JOBINDEX", "8"}, {"LSB_JOBINDEX_END", "8"}}) == "7/8");
  CHECK(automatic_shard(with(procs, {{"SGE_TASK_ID", "undefined"}, {"LSB_JOBINDEX", "0"}})) ==
        "2/4");
  CHECK(automatic_shard({{"JOB_COMPLETION_INDEX", "5"}}, 6) == "5/6");
  CHECK(automatic_shard({{"PBS_ARRAY_INDEX", "0"}}, 6) == "0/6");
}

TEST_CASE("variables that do not say which shard a task is are refused and named") {
  Variables const procs = {{"SLURM_PROCID", "2"}, {"SLURM_NTASKS", "4"}};
  struct Case {
    Variables variables;
    std::optional<std::int64_t> count;
    std::string message;
  };
  for (Case const& each : std::initializer_list<Case>{
           {{}, {}, "found no index of a scheduler in the environment"},
           {{}, 4, "found no index of a scheduler in the environment"},
           {{{"SLURM_PROCID", "0"}}, 4, "found no index of a scheduler"},
           {slurm_task("x", "0", "7", "8"), {}, "SLURM_ARRAY_TASK_ID, got \"x\""},
           {slurm_task("4", "0", "6", "4", "2"), {}, "gaps"},
           {slurm_task("5", "0", "5", "3"), {}, "SLURM_ARRAY_TASK_COUNT=3, SLURM_ARRAY_TASK_MAX=5"},
           {slurm_task("3", "3", "3", "1"), {}, "array of one task"},
           {slurm_task("9", "0", "7", "8"), {}, "the index 9 is not in the array of 8 tasks"},
           {slurm_task("3", "0", "7", "8"), 4, "auto/4 and SLURM_ARRAY_TASK_ID=3"},
           {with(slurm_task("3", "0", "7", "8"), procs), {}, "and SLURM_PROCID=2, SLURM_NTASKS=4"},
           {with(procs, {{"SLURM_JOB_ID", "7"}}), {}, "in a batch script"},
           {with(procs, {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}}),
            {},
            "SLURM_NTASKS=4 and OMPI_COMM_WORLD_RANK=1"},
           {{{"SGE_TASK_ID", "3"}, {"SGE_TASK_FIRST", "1"}, {"SGE_TASK_LAST", "9"},
             {"SGE_TASK_STEPSIZE", "2"}},
            {},
            "gaps"},
           {{{"JOB_COMPLETION_INDEX", "5"}}, {}, "give their number, --shard auto/N"},
           {{{"PBS_ARRAY_INDEX", "6"}}, 6, "the index 6 is not from 0 to 5"},
           {{{"PBS_ARRAY_INDEX", "-1"}}, 6, "the index -1 is not from 0 to 5"}}) {
    CAPTURE(each.message);
    CHECK_THAT(automatic_shard(each.variables, each.count), Contains(each.message));
  }
}

namespace {

// A source of images whose sizes are known, but for those of 0 pixels.
struct SizedSource {
  static inline std::vector<std::uint32_t> heights;
  std::size_t emitted = 0;

  std::optional<Sample> next() {
    if (emitted == heights.size()) return std::nullopt;
    Sample sample;
    sample.id = std::to_string(emitted);
    if (heights[emitted] > 0) sample.size = Size{heights[emitted], 10};
    ++emitted;
    return sample;
  }
  toy::Number number(Sample const&) const { return {}; }
};

// The ids that each of so many shards gets.
std::vector<std::string> dealt_to(std::int64_t shards, std::vector<std::uint32_t> heights) {
  SizedSource::heights = std::move(heights);
  Plugin plugin;
  plugin.stage<SizedSource>("test.sized", "Emit sizes").output("number", &SizedSource::number);
  auto const declared = plugin.finish().declared;
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < shards; ++i) {
    auto const source = declared.at(0).make();
    RunSettings run;
    run.shard = {i, shards};
    Dealt dealt;
    std::string ids;
    while (auto const sample = next_sample(*source, run, dealt)) ids += sample->id;
    all.push_back(ids);
  }
  return all;
}

}  // namespace

TEST_CASE("samples are dealt in turn where sizes are unknown or equal, else by size") {
  using Ids = std::vector<std::string>;
  CHECK(dealt_to(1, {1, 2, 3}) == Ids{"012"});
  CHECK(dealt_to(3, {0, 0, 0, 0, 0, 0, 0, 0}) == Ids{"036", "147", "25"});
  CHECK(dealt_to(3, {4, 4, 4, 4, 4, 4, 4, 4}) == Ids{"036", "147", "25"});
  CHECK(dealt_to(2, {1, 0, 9, 0, 5}) == Ids{"024", "13"});
  // The shard with the fewest pixels gets the largest image of a round.
  CHECK(dealt_to(2, {1, 9, 1, 9, 8, 2, 3}) == Ids{"1246", "035"});
  CHECK(dealt_to(4, {1, 2}) == Ids{"1", "0", "", ""});
}
