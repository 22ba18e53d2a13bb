#include "pipeline/scheduled_shard.hpp"

#include <charconv>
#include <vector>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

constexpr char const* kByHand = "; or give the shard itself, --shard I/N";

// What one scheduler says of the process.
struct TaskPlace {
  std::int64_t index;
  std::optional<std::int64_t> count;
  std::string text;  // the variables with their values
};

// Reads variables and remembers them for messages.
class Variables {
 public:
  explicit Variables(Environment const& environment) : environment_(environment) {}

  std::optional<std::int64_t> number(std::string const& name) {
    auto const text = environment_(name);
    if (!text || text->empty()) return std::nullopt;
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) {
      throw Error("\"auto\" needs an integer in the environment variable " + name + ", got \"" +
                  *text + "\"" + kByHand);
    }
    text_ += (text_.empty() ? "" : ", ") + name + "=" + *text;
    return value;
  }

  bool has(std::string const& name) const { return environment_(name).has_value(); }
  std::string const& text() const { return text_; }

 private:
  Environment const& environment_;
  std::string text_;
};

// The place of task `id` in an array from `first` to `last`.
TaskPlace place_in_array(std::int64_t id, std::int64_t first, std::int64_t count,
                     std::string const& text) {
  if (id < first || id - first >= count) {
    throw Error("\"auto\" found " + text + ": the index " + std::to_string(id) +
                " is not in the array of " + std::to_string(count) + " tasks from " +
                std::to_string(first) + kByHand);
  }
  if (count == 1 && first > 1) {
    throw Error("\"auto\" found an array of one task, " + text +
                ", which may be one task of a larger array that was sent again; give the shard "
                "itself, --shard I/N");
  }
  return {id - first, count, text};
}

[[noreturn]] void refuse_gaps(std::string const& text) {
  throw Error("\"auto\" found an array with gaps, " + text +
              ": shards would be missing; number the tasks one by one, such as --array=0-7" +
              kByHand);
}

std::optional<TaskPlace> slurm_array(Environment const& environment) {
  Variables variables(environment);
  auto const id = variables.number("SLURM_ARRAY_TASK_ID");
  if (!id) return std::nullopt;
  auto const first = variables.number("SLURM_ARRAY_TASK_MIN");
  auto const count = variables.number("SLURM_ARRAY_TASK_COUNT");
  // These two only confirm the others.
  Variables more(environment);
  auto const last = more.number("SLURM_ARRAY_TASK_MAX");
  auto const step = more.number("SLURM_ARRAY_TASK_STEP");
  bool const has_gaps = first && last && count && *last - *first + 1 != *count;
  if ((step && *step != 1) || has_gaps) refuse_gaps(variables.text() + ", " + more.text());
  if (!first || !count) return TaskPlace{*id - first.value_or(0), std::nullopt, variables.text()};
  return place_in_array(*id, *first, *count, variables.text());
}

// The batch script itself is started once, whatever the number of tasks.
std::optional<TaskPlace> slurm_step(Environment const& environment) {
  Variables variables(environment);
  auto const id = variables.number("SLURM_PROCID");
  auto const count = variables.number("SLURM_NTASKS");
  if (!id || !count) return std::nullopt;
  return TaskPlace{*id, *count, variables.text()};
}

bool is_batch_script(Environment const& environment) {
  Variables const variables(environment);
  return variables.has("SLURM_JOB_ID") && !variables.has("SLURM_STEP_ID");
}

std::optional<TaskPlace> open_mpi(Environment const& environment) {
  Variables variables(environment);
  auto const id = variables.number("OMPI_COMM_WORLD_RANK");
  auto const count = variables.number("OMPI_COMM_WORLD_SIZE");
  if (!id) return std::nullopt;
  return TaskPlace{*id, count, variables.text()};
}

std::optional<TaskPlace> grid_engine(Environment const& environment) {
  Variables variables(environment);
  // Of a job that is not an array.
  if (environment("SGE_TASK_ID").value_or("undefined") == "undefined") return std::nullopt;
  auto const id = variables.number("SGE_TASK_ID");
  if (!id) return std::nullopt;
  auto const first = variables.number("SGE_TASK_FIRST");
  auto const last = variables.number("SGE_TASK_LAST");
  Variables more(environment);
  auto const step = more.number("SGE_TASK_STEPSIZE");
  if (step && *step != 1) refuse_gaps(variables.text() + ", " + more.text());
  if (!first || !last) return TaskPlace{*id - first.value_or(1), std::nullopt, variables.text()};
  return place_in_array(*id, *first, *last - *first + 1, variables.text());
}

std::optional<TaskPlace> lsf(Environment const& environment) {
  Variables variables(environment);
  auto const id = variables.number("LSB_JOBINDEX");
  if (id.value_or(0) == 0) return std::nullopt;  // not an array
  auto const last = variables.number("LSB_JOBINDEX_END");
  Variables more(environment);
  auto const step = more.number("LSB_JOBINDEX_STEP");
  if (step && *step != 1) refuse_gaps(variables.text() + ", " + more.text());
  if (!last) return TaskPlace{*id - 1, std::nullopt, variables.text()};
  return place_in_array(*id, 1, *last, variables.text());
}

std::optional<TaskPlace> without_count(Environment const& environment, char const* name) {
  Variables variables(environment);
  auto const id = variables.number(name);
  if (!id) return std::nullopt;
  return TaskPlace{*id, std::nullopt, variables.text()};
}

std::vector<TaskPlace> places_in(Environment const& environment) {
  std::vector<TaskPlace> places;
  for (auto const& place :
       {slurm_array(environment), slurm_step(environment), open_mpi(environment),
        grid_engine(environment), lsf(environment),
        without_count(environment, "JOB_COMPLETION_INDEX"),
        without_count(environment, "PBS_ARRAY_INDEX")}) {
    if (place) places.push_back(*place);
  }
  // A job of one process may be a task of an array, and a batch script may start others.
  auto const says_nothing = [&](TaskPlace const& place) {
    bool const is_step = place.text.starts_with("SLURM_PROCID");
    return place.count == 1 || (is_step && is_batch_script(environment));
  };
  if (places.size() > 1) {
    std::vector<TaskPlace> telling;
    for (TaskPlace const& place : places) {
      if (!says_nothing(place)) telling.push_back(place);
    }
    if (!telling.empty()) places = telling;
  }
  return places;
}

[[noreturn]] void contradict(std::string const& one, std::string const& other) {
  throw Error("\"auto\" found numbers that contradict each other: " + one + " and " + other +
              "; give the shard itself, --shard I/N");
}

void require_usable(TaskPlace const& place, bool is_batch) {
  std::string const& text = place.text;
  if (!place.count) {
    throw Error("\"auto\" found " + text + ", which does not say how many tasks there are; give "
                "their number, --shard auto/N");
  }
  if (is_batch && *place.count > 1 && text.starts_with("SLURM_PROCID")) {
    throw Error("\"auto\" found " + text + " in a batch script, which runs once and not " +
                std::to_string(*place.count) + " times; start seplflow with srun, or submit an array");
  }
  if (place.index < 0 || place.index >= *place.count) {
    throw Error("\"auto\" found " + text + ": the index " + std::to_string(place.index) +
                " is not from 0 to " + std::to_string(*place.count - 1) +
                "; number the tasks from 0 to N - 1" + kByHand);
  }
}

}  // namespace

ScheduledShard scheduled_shard(std::optional<std::int64_t> count, Environment const& environment) {
  std::vector<TaskPlace> const places = places_in(environment);
  if (places.empty()) {
    throw Error("\"auto\" found no index of a scheduler in the environment; it reads "
                "SLURM_ARRAY_TASK_ID, SLURM_PROCID with SLURM_NTASKS, OMPI_COMM_WORLD_RANK, "
                "SGE_TASK_ID, LSB_JOBINDEX, JOB_COMPLETION_INDEX and PBS_ARRAY_INDEX; outside of "
                "these, give --shard I/N");
  }
  TaskPlace whole = places.front();
  for (TaskPlace const& other : places) {
    bool const differ = other.count && whole.count && *other.count != *whole.count;
    if (other.index != whole.index || differ) contradict(whole.text, other.text);
    if (!whole.count && other.count) whole = other;
  }
  if (count) {
    if (whole.count && *whole.count != *count) {
      contradict("auto/" + std::to_string(*count), whole.text);
    }
    whole.count = count;
  }
  require_usable(whole, is_batch_script(environment));
  return {{whole.index, *whole.count}, whole.text};
}

}  // namespace seplflow
