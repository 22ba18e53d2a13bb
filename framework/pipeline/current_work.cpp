#include "pipeline/current_work.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>

#include "pipeline/pipeline.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kWords = kLongestWorkId / 8 + 1;
constexpr std::size_t kAlternateStack = 64 * 1024;

// Its resolution of some milliseconds is enough, and it costs a fifth of the precise one.
std::uint64_t coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// A stack for the signal handlers of this thread: they must also run when its own is used up.
class AlternateStack {
 public:
  AlternateStack() noexcept {
    stack_t used{};
    if (::sigaltstack(nullptr, &used) != 0 || (used.ss_flags & SS_DISABLE) == 0) return;
    void* const memory = ::mmap(nullptr, kAlternateStack, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return;
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = kAlternateStack;
    if (::sigaltstack(&stack, nullptr) == 0) {
      memory_ = memory;
    } else {
      ::munmap(memory, kAlternateStack);
    }
  }
  ~AlternateStack() {
    if (!memory_) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, kAlternateStack);
  }
  AlternateStack(AlternateStack const&) = delete;
  AlternateStack& operator=(AlternateStack const&) = delete;

 private:
  void* memory_ = nullptr;
};

}  // namespace

// Only its thread writes it. `since` is 0 while it is written, and differs from call to call, so
// that a reader sees whether it changed meanwhile.
struct CurrentWork::Slot {
  std::atomic<std::uint64_t> since{0};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<char const*> stage{nullptr}, library{nullptr};
  std::atomic<std::uint64_t> sample[kWords];  // ends with a 0 byte
};

// The slots of all threads, the first of them in the file of a WorkRecord while there is one.
struct WorkSlots {
  using Slot = CurrentWork::Slot;

  static Slot slots[kWatchedThreads];
  static std::atomic<bool> taken[kWatchedThreads];
  static std::atomic<Slot*> recorded;
  static std::atomic<std::size_t> recorded_count;

  static Slot* at(std::size_t thread) noexcept {
    Slot* const first = recorded.load(std::memory_order_acquire);
    return first && thread < recorded_count.load(std::memory_order_relaxed) ? first + thread
                                                                            : slots + thread;
  }
};
WorkSlots::Slot WorkSlots::slots[kWatchedThreads];
std::atomic<bool> WorkSlots::taken[kWatchedThreads];
std::atomic<WorkSlots::Slot*> WorkSlots::recorded{nullptr};
std::atomic<std::size_t> WorkSlots::recorded_count{0};

namespace {

// Read by signal handlers, so it is not an object with a constructor.
thread_local std::size_t this_thread = kWatchedThreads;

// Takes the first free slot for as long as the thread lives.
class WatchedThread {
 public:
  WatchedThread() noexcept {
    for (std::size_t i = 0; i < kWatchedThreads; ++i) {
      if (WorkSlots::taken[i].exchange(true, std::memory_order_acq_rel)) continue;
      this_thread = i;
      return;
    }
  }
  ~WatchedThread() {
    if (this_thread == kWatchedThreads) return;
    // The stage ended the thread, or called exit(), and is still to be named.
    if (WorkSlots::at(this_thread)->since.load(std::memory_order_relaxed) != 0) return;
    WorkSlots::taken[this_thread].store(false, std::memory_order_release);
    this_thread = kWatchedThreads;
  }

 private:
  AlternateStack stack_;
};

}  // namespace

CurrentWork::CurrentWork(PipelineStage const& stage, std::string_view sample) noexcept {
  thread_local WatchedThread const watched;
  slot_ = this_thread == kWatchedThreads ? nullptr : WorkSlots::at(this_thread);
  if (!slot_) return;
  slot_->stage.store(stage.name.c_str(), std::memory_order_release);
  slot_->library.store(stage.declaration->library.c_str(), std::memory_order_release);
  sample = sample.substr(0, kLongestWorkId);
  // The last word has at least one 0 byte.
  for (std::size_t word = 0; word <= sample.size() / 8; ++word) {
    std::uint64_t bytes = 0;
    std::string_view const part = sample.substr(8 * word, 8);
    std::memcpy(&bytes, part.data(), part.size());
    slot_->sample[word].store(bytes, std::memory_order_release);
  }
  std::uint64_t const calls = slot_->calls.load(std::memory_order_relaxed) + 1;
  slot_->calls.store(calls, std::memory_order_relaxed);
  constexpr std::uint64_t kCalls = 0xffff;
  slot_->since.store((coarse_now() & ~kCalls) | (calls & kCalls), std::memory_order_release);
}

CurrentWork::~CurrentWork() {
  if (slot_) slot_->since.store(0, std::memory_order_release);
}

double Work::seconds() const {
  std::uint64_t const now = coarse_now();
  return now < since ? 0 : static_cast<double>(now - since) * 1e-9;
}

bool read_work(std::size_t thread, Work& work) noexcept {
  auto const* const slot = WorkSlots::at(thread);
  work.since = slot->since.load(std::memory_order_acquire);
  if (work.since == 0) return false;
  work.stage = slot->stage.load(std::memory_order_acquire);
  work.library = slot->library.load(std::memory_order_acquire);
  for (std::size_t word = 0; word < kWords; ++word) {
    std::uint64_t const bytes = slot->sample[word].load(std::memory_order_acquire);
    std::size_t const place = 8 * word, size = std::min<std::size_t>(8, kLongestWorkId - place);
    std::memcpy(work.sample + place, &bytes, size);
    if (std::memchr(&bytes, 0, sizeof bytes) != nullptr) break;
  }
  work.sample[kLongestWorkId] = 0;
  return slot->since.load(std::memory_order_relaxed) == work.since;
}

std::size_t number_of_this_thread() noexcept {
  return this_thread;
}

std::vector<Work> work_longer_than(double seconds) {
  std::vector<Work> all;
  Work work;
  for (std::size_t thread = 0; thread < kWatchedThreads; ++thread) {
    if (read_work(thread, work) && work.seconds() >= seconds) all.push_back(work);
  }
  std::ranges::sort(all, {}, &Work::since);
  return all;
}

WorkRecord::WorkRecord(std::filesystem::path const& file, std::size_t threads) {
  std::size_t const count = std::min(threads, kWatchedThreads);
  std::size_t const bytes = count * sizeof(CurrentWork::Slot);
  int const descriptor =
      ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor < 0) return;
  // A file with holes would end the process when the disk is full.
  void* memory = MAP_FAILED;
  if (::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes)) == 0) {
    memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  }
  ::close(descriptor);
  if (memory == MAP_FAILED) {
    ::unlink(file.c_str());
    return;
  }
  memory_ = memory;
  bytes_ = bytes;
  auto* const slots = static_cast<CurrentWork::Slot*>(memory);
  for (std::size_t i = 0; i < count; ++i) new (slots + i) CurrentWork::Slot();
  WorkSlots::recorded_count.store(count, std::memory_order_relaxed);
  WorkSlots::recorded.store(slots, std::memory_order_release);
}

WorkRecord::~WorkRecord() {
  if (!memory_) return;
  WorkSlots::recorded.store(nullptr, std::memory_order_release);
  ::munmap(memory_, bytes_);
}

std::vector<std::string> WorkRecord::samples_in(std::filesystem::path const& file) {
  using Slot = CurrentWork::Slot;
  std::vector<std::string> ids;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(file))) return ids;
  std::ifstream stream(file, std::ios::binary);
  // As bytes, since nothing is known of the process that wrote them.
  std::string bytes(sizeof(Slot), '\0');
  while (stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    std::uint64_t since = 0;
    std::memcpy(&since, bytes.data(), sizeof since);
    char const* const id = bytes.data() + offsetof(Slot, sample);
    std::string text(id, ::strnlen(id, kLongestWorkId));
    if (since == 0 || why_unsafe_id(text) || std::ranges::count(ids, text) > 0) continue;
    ids.push_back(std::move(text));
  }
  return ids;
}

}  // namespace seplflow
