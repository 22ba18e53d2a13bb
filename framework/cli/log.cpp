#include "cli/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "run/log.hpp"

namespace seplflow::cli {

void log_to_stderr(std::string const& level, bool bar) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_pattern(bar ? "\r\x1b[K%l: %v" : "%l: %v");
  sink->set_level(spdlog::level::from_str(level));
  logger().sinks().push_back(std::move(sink));
}

}  // namespace seplflow::cli
