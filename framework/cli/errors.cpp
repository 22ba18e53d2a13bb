#include "cli/errors.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <mutex>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "run/log.hpp"

namespace seplflow::cli {
namespace {

// The quoted line and its caret stay as they are.
void print_problem(Colour colour, std::string const& kind, Problem const& problem) {
  Screen const screen = screen_of(STDERR_FILENO);
  std::string text = to_string(problem, screen.paint(colour, kind));
  text.pop_back();  // the caret
  std::size_t const end = text.find('\n');
  std::cerr << wrapped(text.substr(0, end), screen.width, 4) << text.substr(end)
            << screen.paint(colour, "^") << '\n';
}

void print_line(Colour colour, std::string const& kind, std::string const& message) {
  Screen const screen = screen_of(STDERR_FILENO);
  std::cerr << wrapped(screen.paint(colour, kind) + ": " + without_controls(message), screen.width,
                       4)
            << '\n';
}

void print_error(std::string const& message) {
  print_line(Colour::red, "error", message);
}

void print_total(std::size_t errors) {
  if (errors > kShownProblems) std::cerr << "... and " << errors - kShownProblems << " more\n";
  if (errors > 1) std::cerr << counted(errors, "error") << '\n';
}

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
    std::string const text = without_controls({message.payload.data(), message.payload.size()});
    std::cerr << clear_line_ << wrapped(kind + ": " + text, screen_.width, 4) << '\n';
  }
  void flush_() override { std::cerr.flush(); }

  std::string const clear_line_;
  Screen const screen_ = screen_of(STDERR_FILENO);
};

}  // namespace

void print_warning(Problem const& warning) {
  print_problem(Colour::yellow, "warning", warning);
}

void print_warning(std::string const& warning) {
  print_line(Colour::yellow, "warning", warning);
}

void print_errors(std::vector<Problem> const& problems) {
  std::size_t const shown = std::min(problems.size(), kShownProblems);
  for (std::size_t i = 0; i < shown; ++i) print_problem(Colour::red, "error", problems[i]);
  print_total(problems.size());
}

std::string waiting_for(std::filesystem::path const& plugin) {
  return "waiting for the plugin \"" + plugin.string() + "\" to declare its stages";
}

StageCatalog catalog_with_warnings() {
  StageCatalog catalog = default_catalog(
      [](std::filesystem::path const& plugin) { print_warning(waiting_for(plugin)); });
  for (std::string const& warning : catalog.warnings()) print_warning(warning);
  return catalog;
}

int report_error() {
  try {
    throw;
  } catch (PipelineError const& error) {
    print_errors(error.problems());
    return kUsage;
  } catch (CommandLineError const& error) {
    std::size_t const shown = std::min(error.errors().size(), kShownProblems);
    for (std::size_t i = 0; i < shown; ++i) print_error(error.errors()[i]);
    print_total(error.errors().size());
    return kUsage;
  } catch (UsageError const& error) {
    print_error(error.what());
    return kUsage;
  } catch (std::exception const& error) {
    print_error(error.what());
  } catch (...) {
    print_error("an exception was thrown that is not a std::exception");
  }
  return kFailed;
}

void log_to_stderr(std::string const& level, bool bar) {
  auto sink = std::make_shared<StderrSink>(bar);
  sink->set_level(spdlog::level::from_str(level));
  logger().sinks().push_back(std::move(sink));
}

}  // namespace seplflow::cli
