#include <seplflow/formats/lazy_file.hpp>

#include <algorithm>
#include <cstring>
#include <functional>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

// Bytes to read at a time: enough for the values between large arrays, and more and more where
// there are none.
constexpr std::size_t kFirstBlock = std::size_t{8} << 10, kLargestBlock = std::size_t{1} << 20;

}  // namespace

LazyFile::LazyFile(std::filesystem::path const& path)
    : path_(path),
      file_(path),
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
  gaps_.emplace_back(done_, end);
  done_ = end;
  block_ = kFirstBlock;
}

bool LazyFile::holds(std::span<std::uint8_t const> part) const {
  std::less_equal<> const before;
  return before(memory_.get(), part.data()) &&
         before(part.data() + part.size(), memory_.get() + file_.size());
}

void LazyFile::load(std::span<std::uint8_t const> part) const {
  auto const begin = static_cast<std::size_t>(part.data() - memory_.get());
  auto gap = std::partition_point(gaps_.begin(), gaps_.end(),
                                  [&](Gap const& each) { return each.end <= begin; });
  for (; gap != gaps_.end() && gap->begin < begin + part.size(); ++gap) {
    if (gap->filled.load(std::memory_order_acquire)) continue;
    std::lock_guard const lock(filling_);
    if (gap->filled.load(std::memory_order_relaxed)) continue;
    read(gap->begin, gap->end, memory_.get() + gap->begin);
    gap->filled.store(true, std::memory_order_release);
  }
}

void LazyFile::copy(std::span<std::uint8_t const> part, std::uint8_t* to) const {
  auto const begin = static_cast<std::size_t>(part.data() - memory_.get());
  std::size_t const end = begin + part.size();
  auto const gap = std::partition_point(gaps_.begin(), gaps_.end(),
                                        [&](Gap const& each) { return each.end <= begin; });
  bool const in_memory =
      gap == gaps_.end() || gap->begin >= end || gap->filled.load(std::memory_order_acquire);
  if (!in_memory) {
    read(begin, end, to);
  } else {
    load(part);
    std::memcpy(to, part.data(), part.size());
  }
}

}  // namespace seplflow
