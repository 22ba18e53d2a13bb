#include "run/tables.hpp"

#include <utility>

#include "engine/parallel.hpp"
#include "run/file_writer.hpp"

namespace seplflow {

constexpr std::size_t kBytesInMemory = 1 << 20;

Tables::Tables(std::filesystem::path folder, std::size_t count)
    : folder_(std::move(folder)), waiting_(count) {}

void Tables::append(std::size_t table, std::string_view text) {
  waiting_[table] += text;
  bytes_ += text.size();
  if (bytes_ >= kBytesInMemory) flush();
}

void Tables::flush() {
  in_parallel(waiting_.size(), [this](std::size_t i) {
    if (!waiting_[i].empty()) flush(i);
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
