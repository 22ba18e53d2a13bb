#include "run/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <mutex>
#include <string>

#include "base/error_of.hpp"
#include "run/file_writer.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kMaxBytesWithoutFile = 1 << 20;

class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  FileSink()
      : base_sink(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l: %v",
                                                              spdlog::pattern_time_type::utc)) {}

  // An empty name for none.
  void write_to(std::filesystem::path file) {
    std::scoped_lock const lock(mutex_);
    file_ = std::move(file);
    write();
  }

 private:
  void sink_it_(spdlog::details::log_msg const& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (waiting_.size() < kMaxBytesWithoutFile) waiting_.append(line.data(), line.size());
    write();
  }
  void flush_() override {}
  // What a program sets for all sinks is meant for its terminal.
  void set_pattern_(std::string const&) override {}
  void set_formatter_(std::unique_ptr<spdlog::formatter>) override {}

  void write() {
    if (file_.empty()) return;
    if (auto const error = error_of([&] { append_to(file_, waiting_); })) {
      std::fprintf(stderr, "warning: %s; the run continues without its log\n", error->c_str());
      file_.clear();
    }
    waiting_.clear();
  }

  std::filesystem::path file_;
  std::string waiting_;  // lines that no file has yet
};

std::shared_ptr<FileSink> const& file_sink() {
  static auto const sink = std::make_shared<FileSink>();
  return sink;
}

void log(spdlog::level::level_enum level, std::string_view message) {
  logger().log(level, spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace

spdlog::logger& logger() {
  static std::shared_ptr<spdlog::logger> const only = [] {
    auto made = std::make_shared<spdlog::logger>("seplflow", file_sink());
    made->set_level(spdlog::level::debug);
    return made;
  }();
  return *only;
}

void log_debug(std::string_view message) {
  log(spdlog::level::debug, message);
}

void log_info(std::string_view message) {
  log(spdlog::level::info, message);
}

void log_warning(std::string_view message) {
  log(spdlog::level::warn, message);
}

void log_error(std::string_view message) {
  log(spdlog::level::err, message);
}

LogFile::LogFile(std::filesystem::path const& file) {
  file_sink()->write_to(file);
}

LogFile::~LogFile() {
  file_sink()->write_to({});
}

}  // namespace seplflow
