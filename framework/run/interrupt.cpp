#include "run/interrupt.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  // Under nohup the run must survive its terminal.
  struct sigaction hang_up {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

[[noreturn]] void fail(int error) {
  throw Error(std::string("cannot wait for Ctrl-C: ") + std::strerror(error) +
              "; the limits on threads, memory and open files are too low (ulimit -a)");
}

int checked(int descriptor) {
  if (descriptor < 0) fail(errno);
  return descriptor;
}

bool is_readable(int descriptor, int wait_milliseconds) {
  pollfd wanted = {descriptor, POLLIN, 0};
  return ::poll(&wanted, 1, wait_milliseconds) > 0;
}

}  // namespace

sigset_t block_interrupts() {
  sigset_t const set = interrupts();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &set, &before);
  return before;
}

InterruptWatcher::InterruptWatcher(std::function<void()> first, std::function<void()> again)
    : first_(std::move(first)), again_(std::move(again)), before_(block_interrupts()) {
  sigset_t const set = interrupts();
  signals_ = checked(signalfd(-1, &set, SFD_CLOEXEC));
  begin_ = checked(eventfd(0, EFD_CLOEXEC));
  end_ = checked(eventfd(0, EFD_CLOEXEC));
  try {
    first_caller_ = std::thread([this] { call_first(); });
    thread_ = std::thread([this] { watch(); });
  } catch (std::system_error const& error) {
    eventfd_write(end_, 1);
    eventfd_write(begin_, 1);
    if (first_caller_.joinable()) first_caller_.join();
    for (int const each : {signals_, begin_, end_}) ::close(each);
    fail(error.code().value());
  }
}

InterruptWatcher::~InterruptWatcher() {
  eventfd_write(end_, 1);
  eventfd_write(begin_, 1);
  thread_.join();
  first_caller_.join();
  for (int const each : {signals_, begin_, end_}) ::close(each);
  // A signal that came too late must not end the process when the mask is restored. If the signals
  // stay blocked, the next watcher takes it.
  sigset_t const set = interrupts();
  timespec const at_once{};
  while (sigismember(&before_, SIGINT) == 0 && sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

// In a thread of its own: whatever it waits for, a further signal must be taken.
void InterruptWatcher::call_first() {
  while (!is_readable(begin_, -1)) {
  }
  if (!is_readable(end_, 0)) first_();
}

void InterruptWatcher::watch() {
  for (bool is_first = true;;) {
    pollfd wanted[] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
    if (::poll(wanted, 2, -1) < 0) continue;
    if (wanted[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    if (is_first) {
      eventfd_write(begin_, 1);
    } else {
      again_();
    }
    is_first = false;
  }
}

}  // namespace seplflow
