#include "binding/run_task.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "run/log.hpp"

namespace seplflow::python {
namespace {

constexpr std::size_t kKeptMessages = 1000;
std::atomic<bool> a_run_is_at_work{false};

}  // namespace

class RunTask::LogSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<LogMessage> take() {
    std::scoped_lock const lock(mutex_);
    return std::exchange(messages_, {});
  }

 private:
  void sink_it_(spdlog::details::log_msg const& message) override {
    if (messages_.size() >= kKeptMessages) return;  // log.txt has them all
    auto const level = spdlog::level::to_string_view(message.level);
    messages_.emplace_back(std::string(level.data(), level.size()),
                           std::string(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

  std::vector<LogMessage> messages_;
};

RunTask::OnlyOne::OnlyOne() {
  if (!a_run_is_at_work.exchange(true)) return;
  throw UsageError(
      "another run is at work in this process; wait for it, or start the run in a process of its own");
}

RunTask::OnlyOne::~OnlyOne() {
  a_run_is_at_work = false;
}

RunTask::RunTask(PipelineRequest const& pipeline, RunRequest request)
    : catalog_(default_catalog()),
      pipeline_(load_pipeline(pipeline, catalog_)),
      request_(std::move(request)),
      sink_(std::make_shared<LogSink>()) {
  if (request_.out.empty()) request_.out = default_run_folder(pipeline_);
  request_.guest = &guest_;
  guest_.on_progress = [this](ProgressState const& state) {
    std::scoped_lock const lock(mutex_);
    progress_ = state;
  };
  sink_->set_level(spdlog::level::info);
  logger().sinks().push_back(sink_);
  for (Problem const& warning : pipeline_.warnings) log_warning(warning.message);
  WithoutSignals const without_signals;
  thread_ = std::thread([this] { work(); });
}

RunTask::~RunTask() {
  thread_.join();
  std::erase(logger().sinks(), sink_);
}

void RunTask::work() {
  RunReport report;
  std::exception_ptr thrown;
  try {
    EngineUse const use;
    report = execute(pipeline_, catalog_, request_);
  } catch (...) {
    thrown = std::current_exception();
  }
  std::scoped_lock const lock(mutex_);
  report_ = std::move(report);
  error_ = thrown;
  ended_ = true;
  changed_.notify_all();
}

bool RunTask::wait(double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return ended_; });
}

void RunTask::interrupt() {
  log_warning("interrupted: finishing the samples in progress");
  guest_.interruption.interrupt();
}

ProgressState RunTask::progress() const {
  std::scoped_lock const lock(mutex_);
  return progress_;
}

std::vector<LogMessage> RunTask::messages() {
  return sink_->take();
}

RunReport const& RunTask::report() const {
  std::scoped_lock const lock(mutex_);
  if (error_) std::rethrow_exception(error_);
  return report_;
}

}  // namespace seplflow::python
