// Memory that this program and a worker see. Internal to the catalog.
#pragma once

#include <cstdint>
#include <span>

namespace seplflow {

// A file in memory that has no name, so that nothing is left of it when both processes have ended.
// It grows to the largest values that it has held.
class SharedBlock {
 public:
  // Throws Error when memory is exhausted.
  SharedBlock();
  ~SharedBlock();
  SharedBlock(SharedBlock const&) = delete;
  SharedBlock& operator=(SharedBlock const&) = delete;

  int descriptor() const { return descriptor_; }

  // At least so many bytes to write. Throws Error when memory is exhausted.
  std::span<std::uint8_t> grown_to(std::size_t size);

  // All bytes, of which the worker may have added some.
  std::span<std::uint8_t const> bytes();

 private:
  void map(std::size_t size);

  int descriptor_ = -1;
  std::span<std::uint8_t> mapped_;
};

}  // namespace seplflow
