#include "catalog/python/shared_block.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <seplflow/error.hpp>
#include <string>

namespace seplflow {
namespace {

[[noreturn]] void fail_to_share() {
  throw Error(std::string("shared memory for a Python stage cannot be created: ") +
              std::strerror(errno));
}

}  // namespace

SharedBlock::SharedBlock()
    : descriptor_(::memfd_create("seplflow values", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  // A block that shrank would end this process when it reads on.
  if (descriptor_ < 0 || ::fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK) != 0) fail_to_share();
}

SharedBlock::~SharedBlock() {
  if (!mapped_.empty()) ::munmap(mapped_.data(), mapped_.size());
  ::close(descriptor_);
}

std::span<std::uint8_t> SharedBlock::grown_to(std::size_t size) {
  if (mapped_.size() < size) {
    // More than is needed, so that samples of many sizes do not remap it each time.
    std::size_t const ample = size + size / 4 + (1 << 16);
    if (::ftruncate(descriptor_, static_cast<off_t>(ample)) != 0) fail_to_share();
    map(ample);
  }
  return mapped_;
}

std::span<std::uint8_t const> SharedBlock::bytes() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail_to_share();
  auto const size = static_cast<std::size_t>(status.st_size);
  if (size > mapped_.size()) map(size);
  return mapped_;
}

void SharedBlock::map(std::size_t size) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (memory == MAP_FAILED) fail_to_share();
  if (!mapped_.empty()) ::munmap(mapped_.data(), mapped_.size());
  mapped_ = {static_cast<std::uint8_t*>(memory), size};
}

}  // namespace seplflow
