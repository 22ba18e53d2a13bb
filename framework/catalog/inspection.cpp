#include "catalog/inspection.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error_of.hpp"
#include "base/number_text.hpp"
#include "catalog/child_process.hpp"
#include "catalog/plugin_library.hpp"
#include "catalog/python/python_file.hpp"

namespace seplflow {
namespace {

using Clock = std::chrono::steady_clock;

// As many as there are in most folders: they mostly wait for the disk.
constexpr std::size_t kChildrenAtOnce = 16;

// Ends what a child sends: a library may interrupt it.
constexpr char kEnd = '\n';

struct Inspection {
  std::size_t file = 0;
  pid_t process = -1;
  int answer = -1;  // the end of a pipe
  int errors = -1;  // what it writes to stderr: a file in memory
  Clock::time_point report;  // when on_wait is called
  Clock::time_point deadline;
  std::string text = {};
};

// A plugin must find the process as an ordinary one, and must not show anything of itself.
void prepare_child(int errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int const signal :
       {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    std::signal(signal, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  rlimit const no_dump{0, 0}, no_flood{64 << 20, 64 << 20};  // of the file in memory
  ::setrlimit(RLIMIT_CORE, &no_dump);
  ::setrlimit(RLIMIT_FSIZE, &no_flood);
  std::signal(SIGXFSZ, SIG_IGN);
  int const nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int const stream : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(nowhere, stream);
  ::dup2(errors < 0 ? nowhere : errors, STDERR_FILENO);
}

PluginSummary summary_of(std::filesystem::path const& file) {
  PluginSummary summary;
  auto const error = error_of([&] {
    PluginLibrary const library = load_plugin_library(file);
    // Never unloaded: its destructors are not what is asked for, and may be faulty too.
    static std::shared_ptr<void> const kept = library.handle;
    for (StageDeclaration const& stage : library.stages.declared) {
      summary.stages.push_back({stage.name, stage.summary, stage.missing_library});
    }
    summary.version = library.version;
    summary.rejected = library.stages.rejected;
  });
  if (error) summary.refused = *error;
  return summary;
}

[[noreturn]] void be_child(std::filesystem::path const& file, int pipe, int errors) {
  prepare_child(errors);
  PluginSummary summary;
  if (is_python(file)) {
    // An interpreter writes the answer instead.
    if (auto const error = error_of([&] { become_describer(file, pipe); })) summary.refused = *error;
  } else {
    summary = summary_of(file);
  }
  std::string const answer = to_text(summary) + kEnd;
  for (std::string_view rest = answer; !rest.empty();) {
    ssize_t const written = ::write(pipe, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) break;
    rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  ::_exit(0);
}

// The last line that a process wrote to stderr, which often says why it ended; or nothing.
std::string last_words(int errors) {
  constexpr off_t kLongest = 300;
  off_t const size = ::lseek(errors, 0, SEEK_END);
  if (size <= 0) return "";
  std::string text(static_cast<std::size_t>(std::min(size, kLongest)), '\0');
  ssize_t const count =
      ::pread(errors, text.data(), text.size(), std::max<off_t>(0, size - kLongest));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  std::size_t const end = text.find_last_not_of(" \n");
  if (end == std::string::npos) return "";
  std::size_t const begin = text.find_first_not_of(' ', text.find_last_of('\n', end) + 1);
  return "; it printed: " + without_controls(text.substr(begin, end + 1 - begin));
}

std::string too_slow(std::chrono::milliseconds patience) {
  return "it did not finish declaring its stages within " +
         shortest(static_cast<double>(patience.count()) / 1000) +
         " seconds; it is tried again when the file changes";
}

class Inspector {
 public:
  using OnWait = std::function<void(std::filesystem::path const&)>;

  Inspector(std::vector<std::filesystem::path> const& files, std::chrono::milliseconds patience,
            OnWait const& on_wait)
      : files_(files), patience_(patience), on_wait_(on_wait), results_(files.size()) {}

  std::vector<Inspected> inspect() {
    for (std::size_t next = 0; next < files_.size() || !active_.empty();) {
      while (next < files_.size() && active_.size() < kChildrenAtOnce) start(next++);
      if (!active_.empty()) wait();
      std::erase_if(active_, [this](Inspection& each) { return is_over(each); });
    }
    return std::move(results_);
  }

 private:
  void start(std::size_t file) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return cannot_start(file);
    int const errors = ::memfd_create("stderr", MFD_CLOEXEC);
    pid_t const process = ::fork();
    if (process == 0) {
      ::close(ends[0]);
      be_child(files_[file], ends[1], errors);
    }
    ::close(ends[1]);
    if (process < 0) {
      cannot_start(file);
      ::close(ends[0]);
      ::close(errors);
      return;
    }
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    auto const now = Clock::now();
    active_.push_back({file, process, ends[0], errors, now + patience_ / 20, now + patience_});
  }

  void cannot_start(std::size_t file) {
    results_[file].summary.refused =
        "it cannot be examined: no process could be started: " + std::string(std::strerror(errno));
  }

  // Until one of them says something, or has had its time.
  void wait() {
    std::vector<pollfd> pipes;
    auto deadline = Clock::time_point::max();
    for (Inspection& each : active_) {
      if (Clock::now() >= each.report) {
        if (on_wait_) on_wait_(files_[each.file]);
        each.report = Clock::time_point::max();
      }
      pipes.push_back({each.answer, POLLIN, 0});
      deadline = std::min({deadline, each.report, each.deadline});
    }
    auto const left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count() + 1;
    ::poll(pipes.data(), pipes.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
  }

  // Reads the bytes that have arrived. At the end of the stream, or of the time, keeps the result.
  bool is_over(Inspection& inspection) {
    char buffer[4096];
    ssize_t count = 0;
    while ((count = ::read(inspection.answer, buffer, sizeof buffer)) > 0) {
      inspection.text.append(buffer, static_cast<std::size_t>(count));
    }
    if (count != 0 && Clock::now() < inspection.deadline) return false;
    ::close(inspection.answer);
    int status = kUnknownStatus;
    bool const is_late = !ends_in_time(inspection, status);
    results_[inspection.file] = result_of(inspection, is_late, status);
    ::close(inspection.errors);
    return true;
  }

  // A library may close the pipe and go on, so its end is not that of the process.
  static bool ends_in_time(Inspection const& inspection, int& status) {
    while (::waitpid(inspection.process, &status, WNOHANG) == 0) {
      if (Clock::now() >= inspection.deadline) {
        ::kill(inspection.process, SIGKILL);
        ::waitpid(inspection.process, &status, 0);
        return false;
      }
      ::usleep(500);
    }
    return true;
  }

  Inspected result_of(Inspection const& inspection, bool is_late, int status) const {
    Inspected result;
    if (inspection.text.ends_with(kEnd)) {
      if (auto summary = summary_of_text(inspection.text)) {
        bool const is_usable = summary->refused.empty();
        return {std::move(*summary), is_usable};
      }
    }
    result.is_lasting = is_late;
    result.summary.refused = is_late ? too_slow(patience_)
                                     : "it ended the process that loaded it, with " +
                                           end_of(status) + last_words(inspection.errors);
    return result;
  }

  std::vector<std::filesystem::path> const& files_;
  std::chrono::milliseconds const patience_;
  OnWait const& on_wait_;
  std::vector<Inspected> results_;
  std::vector<Inspection> active_;
};

}  // namespace

std::vector<Inspected> inspect(std::vector<std::filesystem::path> const& files,
                               std::chrono::milliseconds patience,
                               std::function<void(std::filesystem::path const&)> const& on_wait) {
  return Inspector(files, patience, on_wait).inspect();
}

}  // namespace seplflow
