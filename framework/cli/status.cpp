#include <algorithm>
#include <iostream>

#include <unistd.h>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/shell_words.hpp"
#include "cli/submission.hpp"
#include "cli/table.hpp"
#include "run/progress.hpp"
#include "run/run_place.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;
using Status = ShardState::Status;

std::string samples_of_text(std::uint64_t samples, std::optional<std::uint64_t> expected) {
  std::string text = std::to_string(samples);
  if (expected) text += " of " + std::to_string(*expected);
  return text;
}

// Seconds until the shard is done, as fast as it has been.
std::optional<double> time_left(ShardState const& state) {
  if (!state.expected || state.rate <= 0 || state.status != Status::running) return std::nullopt;
  std::uint64_t const left = *state.expected - std::min(*state.expected, state.samples);
  return static_cast<double>(left) / state.rate;
}

// "waiting" for a shard in the queue that does not run.
std::string state_text(ShardState const& state, QueuedTask const* queued) {
  if (queued != nullptr && state.status != Status::running && !state.is_done()) {
    return queued->state == "PENDING" ? "waiting" : "starting";
  }
  return std::string(to_string(state.status));
}

std::string detail_text(ShardState const& state, QueuedTask const* queued) {
  if (state.is_done()) return "";
  if (queued != nullptr && queued->state == "PENDING" && state.status != Status::running) {
    return queued->reason;
  }
  std::string text = state.detail.substr(0, state.detail.find('\n'));
  constexpr std::size_t kLongest = 100;
  return text.size() > kLongest ? text.substr(0, kLongest) + " ..." : text;
}

struct Sums {
  std::map<std::string, std::size_t> shards;  // by state
  std::uint64_t samples = 0, failed = 0, expected = 0;
  bool knows_expected = true;
  double rate = 0;
  std::size_t lost = 0;  // shards that nobody works on

  std::string shards_text() const {
    std::string text;
    for (auto const& [state, count] : shards) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + state;
    }
    return text;
  }
};

std::string time_text(Sums const& sums) {
  if (sums.rate <= 0) return "";
  std::string text = ", " + rate_text(sums.rate);
  if (sums.knows_expected) {
    auto const left = sums.expected - std::min(sums.expected, sums.samples);
    text += ", " + duration_text(static_cast<double>(left) / sums.rate) + " left";
  }
  return text;
}

// How the shards are, and what to do next.
class StatusPage {
 public:
  StatusPage(fs::path out, Submission submission)
      : out_(std::move(out)),
        submission_(std::move(submission)),
        states_(states_of(out_, submission_)) {
    if (!submission_.jobs.empty()) queue_ = queue_of(submission_, queue_problem_);
    for (ShardState const& state : states_) add(state);
  }

  int print() {
    Page page(screen_of(STDOUT_FILENO));
    SummaryTable table{"", {"shard", "state", "samples", "failed", "rate", "left", ""}, {}};
    for (ShardState const& state : states_) table.rows.push_back(row(state));
    page.add(table);
    page << "\n" << out_.string() << ": " << sums_.shards_text() << "; "
         << samples_of_text(sums_.samples, expected()) << " samples";
    if (sums_.failed > 0) page << ", " << sums_.failed << " failed";
    page << time_text(sums_) << "\n";
    if (!queue_problem_.empty()) page << "the queue of Slurm is not known: " << queue_problem_ << "\n";
    std::string const next = next_text();
    if (!next.empty()) page << next << "\n";
    page.print(std::cout);
    return sums_.lost > 0 && queue_problem_.empty() && !is_merged_ ? kFailed : kDone;
  }

 private:
  QueuedTask const* queued(ShardState const& state) const {
    if (!queue_) return nullptr;
    auto const found = queue_->shards.find(state.shard.index);
    return found == queue_->shards.end() ? nullptr : &found->second;
  }

  std::optional<std::uint64_t> expected() const {
    if (!sums_.knows_expected) return std::nullopt;
    return sums_.expected;
  }

  void add(ShardState const& state) {
    ++sums_.shards[state_text(state, queued(state))];
    sums_.samples += state.samples;
    sums_.failed += state.failed;
    sums_.rate += state.rate;
    if (state.expected) {
      sums_.expected += *state.expected;
    } else {
      sums_.knows_expected = false;
    }
    bool const is_cared_for =
        state.is_done() || state.status == Status::running || queued(state) != nullptr;
    if (!is_cared_for) ++sums_.lost;
  }

  std::vector<std::string> row(ShardState const& state) const {
    auto const left = time_left(state);
    return {text_of(state.shard),
            state_text(state, queued(state)),
            samples_of_text(state.samples, state.expected),
            state.failed > 0 ? std::to_string(state.failed) : "",
            state.rate > 0 ? rate_text(state.rate) : "",
            left ? duration_text(*left) : "",
            detail_text(state, queued(state))};
  }

  std::string next_text() const {
    // The shards may have been removed since.
    if (is_merged_) return "the shards are merged: seplflow show " + quoted_word(out_.string());
    if (sums_.lost > 0) {
      if (submission_.jobs.empty()) return "";
      return "to send again what is not done: seplflow submit --resume " +
             quoted_word(out_.string());
    }
    if (!submission_.is_array()) return "";
    ShardState const merged = shard_state(out_, {});
    bool const all_done = std::ranges::all_of(states_, &ShardState::is_done);
    if (merged.status == Status::running) return "the shards are being merged";
    if (queue_ && queue_->merge) {
      return "job " + submission_.merge + " merges the shards when all are done (" +
             queue_->merge->reason + ")";
    }
    if (!all_done) return "";
    return "the shards are not merged yet: seplflow merge " + quoted_word(out_.string()) + " " +
           quoted_word((out_ / kShardsFolder).string()) + "/*-of-" +
           std::to_string(submission_.shards);
  }

  fs::path const out_;
  Submission const submission_;
  std::vector<ShardState> const states_;
  bool const is_merged_ = submission_.is_array() && shard_state(out_, {}).is_done();
  std::optional<Queue> queue_;
  std::string queue_problem_;
  Sums sums_;
};

// The number of shards by the names of their folders; 0 without any.
std::int64_t shards_in(fs::path const& out) {
  std::int64_t count = 0;
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(out / kShardsFolder, error)) {
    std::string const name = entry.path().filename().string();
    std::size_t const of = name.find("-of-");
    if (!entry.is_directory() || of == std::string::npos) continue;
    std::string const number = name.substr(of + 4);
    if (number.empty() || number.size() > 9) continue;
    if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    std::int64_t const found = std::stoll(number);
    if (count > 0 && count != found) {
      throw UsageError((out / kShardsFolder).string() + " holds shards of different counts, " +
                       std::to_string(std::min(count, found)) + " and " +
                       std::to_string(std::max(count, found)) + "; move those of one count away");
    }
    count = found;
  }
  return count;
}

int status(fs::path const& out) {
  require_folder(out);
  auto submission = submission_in(out);
  if (!submission) {
    std::int64_t const count = shards_in(out);
    if (count == 0 && !run_record_in(out)) {
      throw UsageError(out.string() + " is not a run folder, and has no shards/I-of-N");
    }
    submission.emplace().shards = std::max<std::int64_t>(count, 1);
  }
  return StatusPage(out, *submission).print();
}

}  // namespace

Command status_command() {
  auto const out = std::make_shared<std::string>();
  Command command{.name = "status",
                  .summary = "Show how far a run is, or each of its shards",
                  .run = [out] { return status(*out); },
                  .examples = "  seplflow status runs/voc\n"
                              "  watch -n 10 seplflow status runs/voc\n"};
  command.positional("RUN", "folder of a run, or of its shards (RUN/shards/I-of-N)", *out)
      .required = true;
  return command;
}

}  // namespace seplflow::cli
