// A file of which only the parts that somebody looks at are read, and those once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>

#include "formats/file.hpp"

namespace seplflow {

// Reads from the beginning (`need`), leaves long stretches out (`leave_out`), and reads those when
// they are asked for: into memory of the caller, or into the place that is kept for them. A large
// array is so copied once on its way, not twice. Not larger than kMaxFileBytes.
//
// need and leave_out are for one thread, before the file is shared; load and copy for any number.
class DelayedFile {
 public:
  // Throws Error as InputFile does.
  explicit DelayedFile(std::filesystem::path const& path);

  // All bytes of the file. Only those that were read may be looked at.
  std::span<std::uint8_t const> bytes() const { return {memory_.get(), file_.size()}; }

  // Reads on until the first `end` <= bytes().size() bytes are there or left out. Throws Error when
  // the system cannot read, or the file has become shorter; so do all that read.
  void need(std::size_t end) {
    if (end > done_) read_on(end);
  }
  // Leaves out what is not yet read of the bytes up to `end`. Reading goes on behind them.
  void leave_out(std::size_t end);

  // Whether `part` is of this file.
  bool holds(std::span<std::uint8_t const> part) const;
  // Makes sure that `part` is there.
  void load(std::span<std::uint8_t const> part) const;
  // Copies `part` to `to`, past the place for it if it was left out.
  void copy(std::span<std::uint8_t const> part, std::uint8_t* to) const;

 private:
  struct Gap {
    std::size_t begin, end;
    std::atomic<bool> filled{false};
    Gap(std::size_t from, std::size_t to) : begin(from), end(to) {}
  };

  void read_on(std::size_t end);
  void read(std::size_t begin, std::size_t end, std::uint8_t* to) const;

  std::filesystem::path path_;
  InputFile file_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t done_ = 0;          // up to here all is read or left out
  std::size_t block_;             // how much to read next
  mutable std::deque<Gap> gaps_;  // in order
  mutable std::mutex filling_;
};

}  // namespace seplflow
