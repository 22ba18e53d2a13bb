#include "run/interrupt.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

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

int checked(int descriptor) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "signals");
  return descriptor;
}

}  // namespace

InterruptWatcher::InterruptWatcher(std::function<void()> on_interrupt)
    : on_interrupt_(std::move(on_interrupt)) {
  sigset_t const set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = checked(signalfd(-1, &set, SFD_CLOEXEC));
  end_ = checked(eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] { watch(); });
}

InterruptWatcher::~InterruptWatcher() {
  eventfd_write(end_, 1);
  thread_.join();
  ::close(signals_);
  ::close(end_);
  // A signal that came too late must not end the process when the mask is restored.
  sigset_t const set = interrupts();
  timespec const at_once{};
  while (sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void InterruptWatcher::watch() {
  for (bool first = true;;) {
    pollfd wanted[] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
    if (::poll(wanted, 2, -1) < 0) continue;
    if (wanted[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    if (first) {
      first = false;
      on_interrupt_();
    } else {
      // The user does not want to wait: end as if the signal had not been caught.
      sigset_t const set = interrupts();
      std::signal(static_cast<int>(info.ssi_signo), SIG_DFL);
      pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
      std::raise(static_cast<int>(info.ssi_signo));
    }
  }
}

}  // namespace seplflow
