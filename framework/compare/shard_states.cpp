#include "compare/shard_states.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>

#include "base/error_of.hpp"
#include "run/folder_lock.hpp"
#include "run/run_folder.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
using Status = ShardState::Status;

struct LedgerLines {
  std::uint64_t all = 0, failed = 0;
};

// Of a ledger that may be growing.
LedgerLines ledger_lines(fs::path const& ledger) {
  LedgerLines lines;
  std::ifstream stream(ledger, std::ios::binary);
  for (std::string line; std::getline(stream, line) && !stream.eof();) {
    ++lines.all;
    if (line.find("\"outcome\": \"failed\"") != std::string::npos) ++lines.failed;
  }
  return lines;
}

std::uint64_t count_of(Json const& json, char const* key) {
  Json const value = json.is_object() ? json.value(key, Json()) : Json();
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

// Seconds since a time of run.json, "2026-11-30T13:45:00Z"; 0 if it cannot be read.
double seconds_since(std::string const& time) {
  std::tm parts{};
  if (::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr) return 0;
  return std::difftime(std::time(nullptr), ::timegm(&parts));
}

Status status_of(RunRecord const& record, bool is_locked) {
  if (is_locked) return Status::running;
  if (record.is_complete()) return Status::done;
  if (record.status == "interrupted") return Status::interrupted;
  return record.status == "running" ? Status::stopped : Status::failed;
}

void add_record_of(ShardState& state, RunRecord const& record) {
  Json const& json = record.json;
  if (json.contains("expected")) state.expected = count_of(json, "expected");
  state.detail = text_in(json, "error");
  if (state.is_done()) {
    Json const samples = json.value("samples", Json::object());
    state.samples = count_of(samples, "retired");
    state.failed = count_of(samples, "failed");
    return;
  }
  LedgerLines const before = ledger_lines(state.folder / "ledger.jsonl");
  LedgerLines const now = ledger_lines(state.folder / "ledger.jsonl.next");
  state.samples = std::max(before.all, now.all);
  state.failed = now.all > 0 ? now.failed : before.failed;
  if (state.status != Status::running) return;
  // A resumed run has none of its own until it has passed what was there before.
  bool const is_resumed = fs::exists(state.folder / "ledger.jsonl.next");
  std::uint64_t const own = state.samples - (is_resumed ? before.all : 0);
  double const seconds = seconds_since(text_in(json, "started"));
  if (seconds > 0) state.rate = static_cast<double>(own) / seconds;
}

}  // namespace

fs::path shard_folder(fs::path const& out, Shard const& shard) {
  return out / kShardsFolder /
         (std::to_string(shard.index) + "-of-" + std::to_string(shard.count));
}

std::string_view to_string(Status status) {
  constexpr std::string_view kTexts[] = {"not begun",   "running", "killed",
                                         "interrupted", "failed",  "done"};
  return kTexts[static_cast<std::size_t>(status)];
}

ShardState shard_state(fs::path const& folder, Shard const& shard) {
  ShardState state;
  state.shard = shard;
  state.folder = folder;
  auto const unreadable = error_of([&] {
    std::string const owner = FolderLock::owner(folder);
    auto const record = run_record_in(folder);
    if (!record) {
      if (!owner.empty()) state.status = Status::running;
      state.detail = owner;
      return;
    }
    state.status = status_of(*record, !owner.empty());
    add_record_of(state, *record);
    if (!owner.empty()) state.detail = owner;
  });
  if (unreadable) {
    state.status = Status::failed;
    state.detail = *unreadable;
  }
  return state;
}

std::vector<ShardState> shard_states(fs::path const& out, std::int64_t count) {
  std::vector<ShardState> states;
  for (std::int64_t i = 0; i < count; ++i) {
    states.push_back(shard_state(shard_folder(out, {i, count}), {i, count}));
  }
  return states;
}

}  // namespace seplflow
