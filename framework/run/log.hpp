// What the program says while it works, through spdlog: on stderr and, complete, in log.txt.
#pragma once

#include <filesystem>
#include <string_view>

namespace spdlog {
class logger;
}

namespace seplflow {

// The logger "seplflow". Whoever wants to see its messages adds a sink before any other thread
// logs, with a level and a pattern of its own.
spdlog::logger& logger();

// Debug messages are for log.txt; a terminal shows them only when asked to.
void log_debug(std::string_view message);
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

// While it exists, appends every message to a file, whatever its level, with the time in UTC;
// begins with the messages that came before any file. An error while writing ends the file, not the
// run: it is reported once on stderr.
class LogFile {
 public:
  explicit LogFile(std::filesystem::path const& file);
  ~LogFile();
  LogFile(LogFile const&) = delete;
  LogFile& operator=(LogFile const&) = delete;
};

}  // namespace seplflow
