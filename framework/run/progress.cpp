#include "run/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <system_error>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "pipeline/current_work.hpp"
#include "run/log.hpp"

namespace seplflow {

std::string duration_text(double seconds) {
  auto const whole = static_cast<long>(std::llround(std::max(0.0, seconds)));
  char text[64];
  if (whole < 60) {
    std::snprintf(text, sizeof text, "%ld s", whole);
  } else if (whole < 3600) {
    std::snprintf(text, sizeof text, "%ld min %02ld s", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
  }
  return text;
}

std::string rate_text(double per_second) {
  char text[64];
  std::snprintf(text, sizeof text, per_second >= 10 ? "%.0f/s" : "%.2g/s", per_second);
  return text;
}

std::string progress_text(ProgressState const& state, double seconds, int bar_width) {
  std::string text;
  double const worked =
      static_cast<double>(state.finished - std::min(state.reused, state.finished));
  double const rate = seconds > 0 ? worked / seconds : 0;
  char number[64];
  if (state.total && *state.total > 0) {
    double const share =
        std::min(1.0, static_cast<double>(state.finished) / static_cast<double>(*state.total));
    if (bar_width > 0) {
      auto const filled = static_cast<std::size_t>(std::floor(share * bar_width));
      text += "[" + std::string(filled, '#') +
              std::string(static_cast<std::size_t>(bar_width) - filled, '.') + "] ";
    }
    text += std::to_string(state.finished) + " of " + std::to_string(*state.total) + " samples, ";
    std::snprintf(number, sizeof number, "%.0f %%, ", std::floor(share * 100));
    text += number;
  } else {
    text += std::to_string(state.finished) + " samples, ";
  }
  text += rate_text(rate);
  if (state.total && rate > 0 && state.finished < *state.total) {
    text +=
        ", " + duration_text(static_cast<double>(*state.total - state.finished) / rate) + " left";
  }
  if (state.reused > 0) text += ", " + std::to_string(state.reused) + " reused";
  if (state.failed > 0) text += ", " + std::to_string(state.failed) + " failed";
  if (!state.note.empty()) text += "; " + state.note;
  if (!state.slow.empty()) text += "; " + state.slow;
  return text;
}

std::string slow_work_text(double seconds) {
  auto const slow = work_longer_than(seconds);
  if (slow.empty()) return "";
  Work const& longest = slow.front();
  std::string text = "\"" + std::string(longest.stage) + "\" has worked ";
  if (*longest.sample != 0) {
    text += "on sample \"" + without_controls(longest.sample) + "\" ";
  }
  text += "for " + duration_text(longest.seconds());
  return text + (slow.size() > 1 ? ", and " + counted(slow.size() - 1, "other") : "");
}

Progress::Progress(ProgressMode mode, std::function<ProgressState()> state, Report report)
    : mode_(mode), state_(std::move(state)), report_(std::move(report)) {
  if (mode_ == ProgressMode::none && !report_) return;
  try {
    thread_ = std::thread([this] { loop(); });
  } catch (std::system_error const& error) {
    log_warning(std::string("the progress cannot be shown: no thread can be started: ") +
                error.code().message());
  }
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    std::scoped_lock const lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Progress::show(double seconds) const {
  ProgressState state = state_();
  if (report_) report_(state);
  if (mode_ == ProgressMode::none) return;
  bool const is_bar = mode_ == ProgressMode::bar;
  // In the width of a terminal the name of a slow stage is worth more than the bar.
  std::string const first = is_bar && !state.slow.empty() ? std::move(state.slow) + "; " : "";
  if (!first.empty()) state.slow.clear();
  std::string text = first + progress_text(state, seconds, is_bar && first.empty() ? 24 : 0);
  if (is_bar) {
    // Only the last row of a line that is broken could be drawn again.
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
      text.resize(std::min<std::size_t>(text.size(), size.ws_col - 1u));
    }
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    std::fflush(stderr);
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

void Progress::loop() {
  using Clock = std::chrono::steady_clock;
  auto const interval = mode_ == ProgressMode::plain ? std::chrono::milliseconds(5000)
                                                     : std::chrono::milliseconds(100);
  auto const begin = Clock::now();
  auto const seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, interval, [this] { return end_; })) show(seconds());
  // The summary follows and makes the bar superfluous.
  if (mode_ == ProgressMode::bar) {
    std::fprintf(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }
}

}  // namespace seplflow
