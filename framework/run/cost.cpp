#include "run/cost.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "base/number_text.hpp"
#include "run/progress.hpp"
#include "run/run_folder.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

double amount_in(Json const& json, char const* key) {
  Json const value = json.is_object() ? json.value(key, Json()) : Json();
  return value.is_number() ? value.get<double>() : 0;
}

std::uint64_t count_in(Json const& json, char const* key) {
  return static_cast<std::uint64_t>(std::max(0.0, amount_in(json, key)));
}

double seconds_in(timeval const& time) {
  constexpr double kMicroseconds = 1e6;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicroseconds;
}

double cpu_seconds_of(int whose) {
  rusage usage{};
  ::getrusage(whose, &usage);
  return seconds_in(usage.ru_utime) + seconds_in(usage.ru_stime);
}

// Of a process, with those that it has waited for; 0 if it does not exist.
double cpu_seconds_of(std::string const& process) {
  std::ifstream stat("/proc/" + process + "/stat");
  std::string const text(std::istreambuf_iterator<char>(stat), {});
  // The name of the program, in parentheses, may contain anything.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  constexpr int kFieldsBefore = 11, kTimes = 4;
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) fields >> skipped;
  double ticks = 0, time = 0;
  for (int i = 0; i < kTimes && fields >> time; ++i) ticks += time;
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Of the processes of this one that have not ended, such as those of stages in Python.
double cpu_seconds_of_children() {
  double seconds = 0;
  std::error_code error;
  for (fs::directory_entry const& thread : fs::directory_iterator("/proc/self/task", error)) {
    std::ifstream children(thread.path() / "children");
    for (std::string process; children >> process;) seconds += cpu_seconds_of(process);
  }
  return seconds;
}

// The devices that stages ask for by an option "device": "auto", "cuda:1".
std::set<std::string> devices_of(Pipeline const& pipeline) {
  std::set<std::string> devices;
  for (PipelineStage const& stage : pipeline.stages) {
    auto const& options = stage.declaration->options;
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (options[i].name != "device" || options[i].type != OptionType::text) continue;
      auto const value = stage.instance->option(i);
      if (value && std::get<std::string>(*value) != "cpu") {
        devices.insert(std::get<std::string>(*value));
      }
    }
  }
  return devices;
}

// Those that a scheduler gave to the process, or else those that the pipeline works on.
std::size_t gpus_of(Pipeline const& pipeline) {
  auto const devices = devices_of(pipeline);
  if (devices.empty()) return 0;
  if (char const* const given = std::getenv("SLURM_GPUS_ON_NODE")) {
    return static_cast<std::size_t>(std::max(0L, std::strtol(given, nullptr, 10)));
  }
  if (char const* const visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    std::string const list = visible;
    if (list.empty() || list == "-1" || list == "NoDevFiles") return 0;
    return 1 + static_cast<std::size_t>(std::ranges::count(list, ','));
  }
  return fs::exists("/dev/nvidia0") ? devices.size() : 0;
}

// By how much the largest is above the mean, as a fraction.
double imbalance(std::vector<double> const& values) {
  double sum = 0;
  for (double const value : values) sum += value;
  if (sum <= 0) return 0;
  return std::ranges::max(values) * static_cast<double>(values.size()) / sum - 1;
}

std::string hours_text(double seconds) {
  constexpr double kSecondsOfHour = 3600;
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", seconds / kSecondsOfHour);
  return text;
}

std::string percent_text(double fraction) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * fraction);
  return text;
}

}  // namespace

Cost& Cost::operator+=(Cost const& other) {
  seconds += other.seconds;
  cpu_seconds += other.cpu_seconds;
  gpu_seconds += other.gpu_seconds;
  runs += other.runs;
  unknown_runs += other.unknown_runs;
  return *this;
}

double cpu_seconds_so_far() {
  return cpu_seconds_of(RUSAGE_SELF) + cpu_seconds_of(RUSAGE_CHILDREN) + cpu_seconds_of_children();
}

Cost cost_of_process(Pipeline const& pipeline, double seconds, double cpu_seconds) {
  return {seconds, cpu_seconds, seconds * static_cast<double>(gpus_of(pipeline)), 1, 0};
}

Cost cost_in(Json const& record) {
  Json const cost = record.value("cost", Json::object());
  Cost sum{amount_in(cost, "seconds"), amount_in(cost, "cpu_seconds"),
           amount_in(cost, "gpu_seconds"), count_in(cost, "runs"), count_in(cost, "unknown_runs")};
  if (text_in(record, "status") == "running") ++sum.unknown_runs;
  return sum;
}

Json to_json(Cost const& cost) {
  Json json = {{"seconds", cost.seconds},
               {"cpu_seconds", cost.cpu_seconds},
               {"gpu_seconds", cost.gpu_seconds},
               {"runs", cost.runs}};
  if (cost.unknown_runs > 0) json["unknown_runs"] = cost.unknown_runs;
  return json;
}

Json cost_of_shards(std::vector<fs::path> const& shards) {
  Cost sum;
  Json list = Json::array();
  std::vector<double> seconds, samples;
  std::string slowest;
  for (fs::path const& shard : shards) {
    auto const record = run_record_in(shard);
    Cost const cost = record ? cost_in(record->json) : Cost();
    Json const place = record ? record->json.value("shard", Json::object()) : Json::object();
    Json const counts = record ? record->json.value("samples", Json::object()) : Json::object();
    Json each = {{"shard", text_of(Shard{static_cast<std::int64_t>(count_in(place, "index")),
                                         static_cast<std::int64_t>(count_in(place, "count"))})},
                 {"samples", count_in(counts, "emitted")}};
    each.update(to_json(cost));
    if (seconds.empty() || cost.seconds > std::ranges::max(seconds)) slowest = each["shard"];
    seconds.push_back(cost.seconds);
    samples.push_back(amount_in(counts, "emitted"));
    sum += cost;
    list.push_back(std::move(each));
  }
  Json json = to_json(sum);
  json["shards"] = std::move(list);
  json["slowest_shard"] = slowest;
  json["imbalance"] = {{"seconds", imbalance(seconds)}, {"samples", imbalance(samples)}};
  return json;
}

std::string cost_text(Json const& record) {
  Cost const cost = cost_in(record);
  if (cost.runs == 0) return "";
  std::string text = hours_text(cost.cpu_seconds) + " CPU hours";
  if (cost.gpu_seconds > 0) text += ", " + hours_text(cost.gpu_seconds) + " GPU hours";
  Json const& json = record["cost"];
  Json const shards = json.value("shards", Json::array());
  if (shards.is_array() && !shards.empty()) {
    text += " in " + counted(shards.size(), "shard");
    std::string const slowest = text_in(json, "slowest_shard");
    double longest = 0;
    for (Json const& shard : shards) longest = std::max(longest, amount_in(shard, "seconds"));
    Json const above_mean = json.value("imbalance", Json::object());
    text += "; the slowest is " + slowest + " (" + duration_text(longest) + "), " +
            percent_text(amount_in(above_mean, "seconds")) +
            " above the mean; in samples the largest is " +
            percent_text(amount_in(above_mean, "samples")) + " above the mean";
  }
  if (cost.unknown_runs > 0) {
    text += "; without " + counted(cost.unknown_runs, "run that was", "runs that were") + " killed";
  }
  return text;
}

}  // namespace seplflow
