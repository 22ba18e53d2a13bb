#include "cli/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <iostream>
#include <mutex>

#include "cli/screen.hpp"
#include "run/log.hpp"

namespace seplflow::cli {
namespace {

// "warning: MESSAGE", in the colours and the width of the terminal.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StderrSink(bool bar) : clear_line_(bar ? "\r\x1b[K" : "") {}

 private:
  void sink_it_(spdlog::details::log_msg const& message) override {
    auto const name = spdlog::level::to_string_view(message.level);
    std::string kind(name.data(), name.size());
    if (message.level == spdlog::level::warn) kind = screen_.paint(Colour::yellow, kind);
    if (message.level >= spdlog::level::err) kind = screen_.paint(Colour::red, kind);
    std::string const text(message.payload.data(), message.payload.size());
    std::cerr << clear_line_ << wrapped(kind + ": " + text, screen_.width, 4) << '\n';
  }
  void flush_() override { std::cerr.flush(); }

  std::string const clear_line_;
  Screen const screen_ = screen_of(STDERR_FILENO);
};

}  // namespace

void log_to_stderr(std::string const& level, bool bar) {
  auto sink = std::make_shared<StderrSink>(bar);
  sink->set_level(spdlog::level::from_str(level));
  logger().sinks().push_back(std::move(sink));
}

}  // namespace seplflow::cli
