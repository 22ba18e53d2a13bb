#include <seplflow/formats/lazy_file.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

// Bytes to read at a time: enough for the values between large arrays, and more and more where
// there are none.
constexpr std::size_t kFirstBlock = std::size_t{8} << 10, kLargestBlock = std::size_t{1} << 20;

}  // namespace

LazyFile::LazyFile(std::filesystem::path const& path, std::uint64_t most_bytes)
    : path_(path),
      file_(path, most_bytes),
      memory_(std::make_unique_for_overwrite<std::uint8_t[]>(file_.size())),
      block_(kFirstBlock) {}

void LazyFile::read(std::size_t begin, std::size_t end, std::uint8_t* to) const {
  if (file_.read_at(begin, {to, end - begin}) == end - begin) return;
  throw Error(path_.string() + " became shorter while it was read");
}

void LazyFile::read_on(std::size_t end) {
  std::size_t const until = std::min(std::max(end, done_ + block_), file_.size());
  read(done_, until, memory_.get() + done_);
  done_ = until;
  block_ = std::min(2 * block_, kLargestBlock);
}

void LazyFile::leave_out(std::size_t end) {
  if (end <= done_) return;
  gaps_.try_emplace(done_, end);
  done_ = end;
  block_ = kFirstBlock;
}

void LazyFile::isolate(std::span<std::uint8_t const> part) {
  leave_out(file_.size());
  cut(place_of(part));
  cut(place_of(part) + part.size());
}

// Makes two gaps of the one that contains bytes on both sides of `at`.
void LazyFile::cut(std::size_t at) {
  auto const gap = first_gap(at);
  if (gap == gaps_.end() || gap->first >= at) return;
  bool const filled = gap->second.filled.load(std::memory_order_relaxed);
  gaps_.try_emplace(at, gap->second.end).first->second.filled = filled;
  gap->second.end = at;
}

LazyFile::Gaps::iterator LazyFile::first_gap(std::size_t begin) const {
  auto const next = gaps_.upper_bound(begin);
  if (next == gaps_.begin()) return next;
  auto const before = std::prev(next);
  return before->second.end > begin ? before : next;
}

bool LazyFile::holds(std::span<std::uint8_t const> part) const {
  std::less_equal<> const before;
  return before(memory_.get(), part.data()) &&
         before(part.data() + part.size(), memory_.get() + file_.size());
}

void LazyFile::load(std::span<std::uint8_t const> part) const {
  std::size_t const begin = place_of(part), end = begin + part.size();
  for (auto gap = first_gap(begin); gap != gaps_.end() && gap->first < end; ++gap) {
    auto& [from, rest] = *gap;
    if (rest.filled.load(std::memory_order_acquire)) continue;
    std::lock_guard const lock(filling_);
    if (rest.filled.load(std::memory_order_relaxed)) continue;
    read(from, rest.end, memory_.get() + from);
    rest.filled.store(true, std::memory_order_release);
  }
}

void LazyFile::copy(std::span<std::uint8_t const> part, std::uint8_t* to) const {
  std::size_t const begin = place_of(part), end = begin + part.size();
  auto const gap = first_gap(begin);
  bool const in_memory = gap == gaps_.end() || gap->first >= end ||
                         gap->second.filled.load(std::memory_order_acquire);
  if (!in_memory) {
    read(begin, end, to);
  } else {
    load(part);
    std::memcpy(to, part.data(), part.size());
  }
}

}  // namespace seplflow
