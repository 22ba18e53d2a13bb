#include "run/tables.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <utility>

#include "run/file_writer.hpp"

namespace seplflow {

constexpr std::size_t kBytesInMemory = 1 << 20;

Tables::Tables(std::filesystem::path folder, std::size_t count)
    : folder_(std::move(folder)), waiting_(count), appended_(count) {}

void Tables::append(std::size_t table, std::string_view text) {
  waiting_[table] += text;
  appended_[table] = true;
  bytes_ += text.size();
  if (bytes_ >= kBytesInMemory) flush();
}

void Tables::flush() {
  // Isolated: who retires a sample must not take up the work of a stage meanwhile.
  tbb::this_task_arena::isolate([this] {
    tbb::parallel_for(std::size_t{0}, waiting_.size(), [this](std::size_t i) {
      if (!waiting_[i].empty()) flush(i);
    });
  });
  bytes_ = 0;
}

void Tables::flush(std::size_t table) {
  append_to(file(table), waiting_[table]);
  waiting_[table] = std::string();
}

std::filesystem::path Tables::file(std::size_t table) const {
  return folder_ / ("table-" + std::to_string(table));
}

}  // namespace seplflow
