#include "run/trace.hpp"

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "run/json.hpp"

namespace seplflow {

namespace {

namespace fs = std::filesystem;

fs::path new_file(fs::path const& file) {
  std::error_code unknown;
  auto const status = fs::symlink_status(file, unknown);
  if (fs::exists(status) && !fs::is_character_file(status)) {
    throw Error("cannot write the trace to " + file.string() +
                ": it exists, and is not overwritten; remove it, or choose another file");
  }
  return file;
}

}  // namespace

Trace::Trace(fs::path const& file) : file_(new_file(file)) {
  file_.append("{\"traceEvents\": [");
  file_.flush();
}

void Trace::event(std::string_view stage, std::string_view sample, Clock::time_point begin,
                  Clock::time_point end) {
  auto const microseconds = [](Clock::duration duration) {
    return shortest(std::chrono::duration<double, std::micro>(duration).count());
  };
  // Not as a Json, whose tree takes longer than some stages do.
  std::string const middle = R"({"name": )" + json_text(stage) + R"(, "ph": "X", "pid": 1, "ts": )" +
                             microseconds(begin - begin_) + R"(, "dur": )" +
                             microseconds(end - begin) + R"(, "args": {"sample": )" +
                             json_text(sample) + R"(}, "tid": )";
  std::scoped_lock const lock(mutex_);
  int const next_thread = static_cast<int>(threads_.size()) + 1;
  int const thread = threads_.try_emplace(std::this_thread::get_id(), next_thread).first->second;
  file_.append((first_ ? "\n" : ",\n") + middle + std::to_string(thread) + "}");
  first_ = false;
}

void Trace::close() {
  std::scoped_lock const lock(mutex_);
  file_.append("\n]}\n");
  file_.close();
}

}  // namespace seplflow
