// A file of which only the parts in use are read, each of them once.
#pragma once

#include <seplflow/formats/input_file.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>

namespace seplflow {

// Reads from the beginning (`need`), leaves out long parts (`leave_out`), and reads these when they
// are needed: into memory of the caller, or into the memory reserved for them. So a large array is
// copied once, not twice.
//
// need, leave_out and isolate are for one thread, before the file is shared; load and copy are safe from
// several threads.
class LazyFile {
 public:
  // Throws Error as InputFile does. Reserves memory for the whole file; the system provides it when
  // it is used.
  explicit LazyFile(std::filesystem::path const& path, std::uint64_t most_bytes = kMaxFileBytes);

  // All bytes of the file. Only those that were read may be accessed.
  std::span<std::uint8_t const> bytes() const { return {memory_.get(), file_.size()}; }

  // Reads on until the first `end` <= bytes().size() bytes are read or left out. Throws Error when
  // the system cannot read, or the file became shorter, as all reading functions do.
  void need(std::size_t end) {
    if (end > done_) read_on(end);
  }
  // Leaves out the bytes up to `end` that are not yet read. Reading continues after them.
  void leave_out(std::size_t end);
  // Leaves out all that is not yet read, and separates `part` from it: load() reads it alone.
  void isolate(std::span<std::uint8_t const> part);

  // Whether `part` belongs to this file.
  bool holds(std::span<std::uint8_t const> part) const;
  // Makes sure that `part` is in memory.
  void load(std::span<std::uint8_t const> part) const;
  // Copies `part` to `to`, directly from the file if it was left out.
  void copy(std::span<std::uint8_t const> part, std::uint8_t* to) const;

 private:
  struct Gap {
    std::size_t end;
    std::atomic<bool> filled{false};
    explicit Gap(std::size_t to) : end(to) {}
  };
  using Gaps = std::map<std::size_t, Gap>;  // by their beginning

  void read_on(std::size_t end);
  void read(std::size_t begin, std::size_t end, std::uint8_t* to) const;
  void cut(std::size_t at);
  // The first gap that ends after `begin`.
  Gaps::iterator first_gap(std::size_t begin) const;
  std::size_t place_of(std::span<std::uint8_t const> part) const {
    return static_cast<std::size_t>(part.data() - memory_.get());
  }

  std::filesystem::path path_;
  InputFile file_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t done_ = 0;  // all bytes before it are read or left out
  std::size_t block_;     // how many bytes to read next
  mutable Gaps gaps_;
  mutable std::mutex filling_;
};

}  // namespace seplflow
