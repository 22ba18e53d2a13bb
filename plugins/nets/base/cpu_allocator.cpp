// The allocator of torch's tensors on the CPU.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

#include "nets/base/torch_call.hpp"

namespace seplflow::nets {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Blocks of whole huge pages. Safe to use from any number of threads.
class Blocks {
 public:
  // Returns at least `size` bytes: a kept block that is not much larger, or a new one.
  void* take(std::size_t size) {
    size = (size + kHugePage - 1) / kHugePage * kHugePage;
    std::scoped_lock const lock(mutex_);
    auto const found = kept_.lower_bound(size);
    void* data = nullptr;
    if (found != kept_.end() && found->first <= size + size / 4) {
      size = found->first;
      data = found->second;
      kept_.erase(found);
      kept_bytes_ -= size;
    } else {
      data = map(size);
    }
    used_.emplace(data, size);
    used_bytes_ += size;
    most_used_bytes_ = std::max(most_used_bytes_, used_bytes_);
    release_surplus();
    return data;
  }

  // Returns false for memory that was not taken from here.
  bool give_back(void* data) {
    std::scoped_lock const lock(mutex_);
    auto const found = used_.find(data);
    if (found == used_.end()) return false;
    used_bytes_ -= found->second;
    kept_bytes_ += found->second;
    kept_.emplace(found->second, data);
    used_.erase(found);
    release_surplus();
    return true;
  }

 private:
  static void* map(std::size_t size) {
    // Larger than asked for, so that the block can begin at a huge page.
    void* const data = ::mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TORCH_CHECK(data != MAP_FAILED, "can't allocate memory: you tried to allocate ", size,
                " bytes");
    auto* const begin = static_cast<char*>(data);
    std::size_t const before =
        (kHugePage - reinterpret_cast<std::uintptr_t>(data) % kHugePage) % kHugePage;
    if (before > 0) ::munmap(begin, before);
    ::munmap(begin + before + size, kHugePage - before);
    ::madvise(begin + before, size, MADV_HUGEPAGE);
    return begin + before;
  }

  // Kept and used blocks together never exceed the most that was used at one time.
  void release_surplus() {
    while (!kept_.empty() && kept_bytes_ + used_bytes_ > most_used_bytes_) {
      auto const largest = std::prev(kept_.end());
      ::munmap(largest->second, largest->first);
      kept_bytes_ -= largest->first;
      kept_.erase(largest);
    }
  }

  std::mutex mutex_;
  std::multimap<std::size_t, void*> kept_;
  std::unordered_map<void*, std::size_t> used_;
  std::size_t kept_bytes_ = 0, used_bytes_ = 0, most_used_bytes_ = 0;
};

Blocks& blocks() {
  // Never destroyed, since tensors in other static objects may outlive it.
  static auto* const all = new Blocks;
  return *all;
}

// Some of torch's kernels free memory by its address alone.
void give_back(void* data) {
  if (data != nullptr && !blocks().give_back(data)) c10::free_cpu(data);
}

class KeepingAllocator final : public c10::Allocator {
 public:
  c10::DeleterFnPtr raw_deleter() const override { return give_back; }

  // Versions of torch differ in whether allocate is const and whether copy_data exists. These
  // functions override those that exist; nobody calls the others.
  c10::DataPtr allocate(std::size_t size) { return take(size); }
  c10::DataPtr allocate(std::size_t size) const { return take(size); }
  void copy_data(void* to, void const* from, std::size_t size) const {
    std::memcpy(to, from, size);
  }

 private:
  static c10::DataPtr take(std::size_t size) {
    void* const data = size < kHugePage ? c10::alloc_cpu(size) : blocks().take(size);
    return {data, data, give_back, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void keep_freed_memory() {
  static std::once_flag once;
  std::call_once(once, [] {
    constexpr std::uint8_t kBeforeDefault = 1;
    static KeepingAllocator allocator;
    c10::SetCPUAllocator(&allocator, kBeforeDefault);
  });
}

}  // namespace seplflow::nets
