#include "run/growing_tables.hpp"

#include <algorithm>
#include <utility>

#include "engine/parallel.hpp"
#include "run/file_writer.hpp"

namespace seplflow {

constexpr std::size_t kBytesInMemory = 1 << 20;
constexpr std::size_t kRecent = 8;

GrowingTables::GrowingTables(std::filesystem::path folder, std::size_t count)
    : folder_(std::move(folder)), waiting_(count) {}

void GrowingTables::append(std::size_t table, std::string_view text) {
  if (text.size() >= kBytesInMemory) {
    flush();
    append_to(file(table), text);
    return;
  }
  waiting_[table].push_back(piece_of(text));
  ++pieces_;
  if (texts_.size() + pieces_ * sizeof(Piece) >= kBytesInMemory) flush();
}

GrowingTables::Piece GrowingTables::piece_of(std::string_view text) {
  auto const same =
      std::ranges::find_if(recent_, [&](Piece piece) { return text_of(piece) == text; });
  if (same != recent_.end()) return *same;
  Piece const piece{static_cast<std::uint32_t>(texts_.size()),
                    static_cast<std::uint32_t>(text.size())};
  texts_ += text;
  if (recent_.size() < kRecent) {
    recent_.push_back(piece);
  } else {
    recent_[next_recent_++ % kRecent] = piece;
  }
  return piece;
}

void GrowingTables::flush() {
  in_parallel(waiting_.size(), [this](std::size_t i) {
    if (!waiting_[i].empty()) flush(i);
  });
  texts_ = {};
  recent_.clear();
  pieces_ = 0;
}

void GrowingTables::flush(std::size_t table) {
  std::string text;
  for (Piece const piece : waiting_[table]) text += text_of(piece);
  append_to(file(table), text);
  waiting_[table] = {};
}

std::filesystem::path GrowingTables::file(std::size_t table) const {
  return folder_ / ("table-" + std::to_string(table));
}

}  // namespace seplflow
