#include "run/crash_report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <seplflow/error.hpp>
#include "base/utf8.hpp"
#include "pipeline/current_work.hpp"

namespace seplflow {
namespace {

struct Crash {
  int signal;
  char const* name;
  char const* meaning;
};
constexpr Crash kCrashes[] = {
    {SIGSEGV, "SIGSEGV", "segmentation fault"},
    {SIGBUS, "SIGBUS", "bus error, such as a mapped file that was truncated"},
    {SIGFPE, "SIGFPE", "arithmetic error, such as an integer division by zero"},
    {SIGABRT, "SIGABRT", "aborted, by abort() or an exception that nothing caught"},
    {SIGILL, "SIGILL", "illegal instruction, such as one that this processor does not have"},
    {SIGTRAP, "SIGTRAP", "trap"},
    {SIGSYS, "SIGSYS", "bad system call"},
};
constexpr std::size_t kCrashCount = std::size(kCrashes);

// Text in memory of its own: what runs in a signal handler must not allocate. What does not fit is
// left out.
template <std::size_t Capacity>
class FixedText {
 public:
  std::string_view view() const { return {bytes_, size_}; }
  bool is_full() const { return size_ == Capacity; }

  FixedText& operator<<(std::string_view text) {
    std::size_t const count = std::min(text.size(), Capacity - size_);
    std::copy_n(text.data(), count, bytes_ + size_);
    size_ += count;
    return *this;
  }
  FixedText& operator<<(std::uint64_t number) {
    char digits[20];
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return *this << std::string_view(digits + first, sizeof digits - first);
  }

 private:
  char bytes_[Capacity];
  std::size_t size_ = 0;
};
using Sentence = FixedText<1600>;
using Message = FixedText<12000>;

// Calls f with each character, and with "" for a byte that begins none.
template <class F>
void for_each_character(std::string_view text, F const& f) {
  while (!text.empty()) {
    std::size_t const size = std::min(character_size(text[0]), text.size());
    bool const is_sound = size > 0 && is_utf8(text.substr(0, size));
    f(is_sound ? text.substr(0, size) : std::string_view());
    text.remove_prefix(is_sound ? size : 1);
  }
}

// As in error messages, but with "?" for what a terminal would interpret.
void add_shown(Message& message, std::string_view text) {
  for_each_character(text, [&](std::string_view character) {
    message << (character.empty() || is_control(character) ? "?" : character);
  });
}

template <class Text>
void add_json(Text& json, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  for_each_character(text, [&](std::string_view character) {
    if (character.empty()) {
      json << "\xef\xbf\xbd";  // U+FFFD
    } else if (character == "\"" || character == "\\") {
      json << "\\" << character;
    } else if (static_cast<unsigned char>(character[0]) < ' ') {
      auto const byte = static_cast<unsigned char>(character[0]);
      char const escape[] = {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
      json << std::string_view(escape, sizeof escape);
    } else {
      json << character;
    }
  });
}

bool is_plain(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./=:,+@%").find(c) != std::string_view::npos;
  });
}

// The same as shell_word().
void add_word(Message& message, std::string_view word) {
  if (is_plain(word)) {
    message << word;
    return;
  }
  message << "'";
  for_each_character(word, [&](std::string_view character) {
    message << (character == "'" ? "'\\''" : character.empty() ? "?" : character);
  });
  message << "'";
}

void write_all_of(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t const written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void add_work(Sentence& sentence, Work const& work) {
  sentence << "stage \"" << work.stage << "\"";
  if (*work.library != 0) sentence << " of " << work.library;
}

// The work of threads, as a list for the end of a sentence; nothing when there is none.
void add_all_work(Sentence& sentence, std::string_view introduction) {
  constexpr std::size_t kNamed = 8;
  std::size_t count = 0;
  static Work work;  // only one thread comes here
  for (std::size_t thread = 0; thread < kWatchedThreads; ++thread) {
    if (!read_work(thread, work) || ++count > kNamed) continue;
    sentence << (count == 1 ? introduction : ", ");
    add_work(sentence, work);
    if (*work.sample != 0) sentence << " on sample \"" << work.sample << "\"";
  }
  if (count > kNamed) sentence << " and " << std::uint64_t{count - kNamed} << " more";
}

}  // namespace

struct CrashReport::State {
  pid_t process;
  int descriptor;                   // of run.json
  std::size_t size;                 // of run.json, which stays as it is
  std::string failed, interrupted;  // the text of run.json up to its last fields
  std::string command;
  bool can_skip;
  char const* line_begin;                      // on stderr, where a progress bar may stand
  struct sigaction actions[kCrashCount] = {};  // that were there before

  // Null if no report is due. The thread that exchanges it for null makes the report.
  static std::atomic<State*> current;
  static std::atomic<struct sigaction const*> before;
  static std::atomic<bool> reporting;

  static State* take() {
    State* const state = current.exchange(nullptr, std::memory_order_acq_rel);
    // A plugin may have forked; the run belongs to the parent.
    if (!state || state->process != ::getpid()) return nullptr;
    reporting.store(true, std::memory_order_release);
    return state;
  }

  static void on_signal(int signal, siginfo_t* info, void*) {
    int const error = errno;
    auto const* const crash = std::ranges::find(kCrashes, signal, &Crash::signal);
    if (State const* const state = take()) {
      state->report(crash);
    } else if (reporting.load(std::memory_order_acquire)) {
      // Another thread crashed first. It ends the process when it has reported that.
      timespec const some_time{5, 0};
      ::nanosleep(&some_time, nullptr);
    }
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    struct sigaction const* const actions_before = before.load(std::memory_order_acquire);
    ::sigaction(signal, actions_before ? actions_before + (crash - kCrashes) : &by_default,
                nullptr);
    // A fault happens again when the handler returns; a signal that was sent does not.
    if (info->si_code <= 0) std::raise(signal);
    errno = error;
  }

  static void on_exit() {
    State const* const state = take();
    if (!state) return;
    state->report(nullptr);
    ::_exit(1);
  }

  // Overwrites run.json; the room behind the text becomes spaces.
  void write_record(bool has_failed, std::string_view end) const {
    if (descriptor < 0) return;
    std::string_view begin = has_failed ? failed : interrupted;
    if (begin.size() + end.size() >= size) {  // the disk had no room
      begin = "{\"format\": 1, \"status\": \"";
      end = has_failed ? "failed\"}" : "interrupted\"}";
    }
    ::lseek(descriptor, 0, SEEK_SET);
    write_all_of(descriptor, begin);
    write_all_of(descriptor, end);
    static constexpr std::string_view kSpaces = "                                                ";
    for (std::size_t at = begin.size() + end.size(); at + 1 < size;) {
      std::size_t const count = std::min(kSpaces.size(), size - 1 - at);
      write_all_of(descriptor, kSpaces.substr(0, count));
      at += count;
    }
    write_all_of(descriptor, "\n");
  }

  // `cause` is a crash, or null for a call of exit().
  void report(Crash const* cause) const {
    static Sentence sentence;
    static Work work;
    bool const in_stage =
        number_of_this_thread() < kWatchedThreads && read_work(number_of_this_thread(), work);
    std::string_view const sample = in_stage ? work.sample : "";
    if (in_stage) {
      add_work(sentence, work);
      sentence << (cause ? " crashed" : " ended the process with exit()");
      if (!sample.empty()) sentence << " on sample \"" << sample << "\"";
    } else {
      sentence << (cause ? "the process crashed" : "the process ended with exit()")
               << " outside of the calls of stages";
      add_all_work(sentence, ", while at work: ");
    }
    if (cause) sentence << ": " << cause->meaning << " (" << cause->name << ")";

    static FixedText<kRoom - 100> end;
    end << ",\n  \"error\": \"";
    add_json(end, sentence.view());
    end << "\",\n  \"crash\": {\"signal\": \"" << (cause ? cause->name : "") << "\"";
    if (in_stage) {
      end << ", \"stage\": \"" << work.stage << "\", \"sample\": \"";
      add_json(end, sample);
      end << "\"";
    }
    end << "}\n}";
    constexpr std::string_view kShort = ",\n  \"error\": \"the process crashed\"\n}";
    write_record(true, end.is_full() ? kShort : end.view());

    static Message message;
    message << line_begin << "error: ";
    add_shown(message, sentence.view());
    bool const skips = can_skip && !sample.empty();
    if (!command.empty()) {
      message << "\n    to continue the run" << (skips ? " without this sample" : "") << ": ";
      add_shown(message, command);
    }
    if (skips) {
      message << " --skip ";
      add_word(message, sample);
    }
    message << "\n";
    write_all_of(STDERR_FILENO, message.view());
  }
};
std::atomic<CrashReport::State*> CrashReport::State::current{nullptr};
std::atomic<struct sigaction const*> CrashReport::State::before{nullptr};
std::atomic<bool> CrashReport::State::reporting{false};

CrashReport::CrashReport(std::filesystem::path const& file, Json const& record, std::string command,
                         bool can_skip)
    : state_(new State{::getpid(),
                       -1,
                       0,
                       {},
                       {},
                       std::move(command),
                       can_skip,
                       ::isatty(STDERR_FILENO) != 0 ? "\n" : ""}) {
  auto const text_with = [&](char const* status) {
    Json ended = record;
    ended["status"] = status;
    std::string text = json_text(ended, 2);
    return text.substr(0, text.rfind('\n'));  // without the last brace
  };
  state_->failed = text_with("failed");
  state_->interrupted = text_with("interrupted");
  struct stat status {};
  state_->descriptor = ::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (state_->descriptor < 0 || ::fstat(state_->descriptor, &status) != 0) {
    std::string const reason = std::strerror(errno);
    delete state_;
    throw Error("cannot write " + file.string() + ": " + reason);
  }
  state_->size = static_cast<std::size_t>(status.st_size);
  install();
}

CrashReport::CrashReport()
    : state_(new State{
          ::getpid(), -1, 0, {}, {}, "", false, ::isatty(STDERR_FILENO) != 0 ? "\n" : ""}) {
  install();
}

void CrashReport::install() {
  struct sigaction action {};
  action.sa_sigaction = State::on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kCrashCount; ++i) {
    ::sigaction(kCrashes[i].signal, &action, &state_->actions[i]);
  }
  State::before.store(state_->actions, std::memory_order_release);
  // Again for each report: what is registered last runs first, before the destructors of plugins
  // that were loaded meanwhile.
  std::atexit(State::on_exit);
  std::at_quick_exit(State::on_exit);
  State::current.store(state_, std::memory_order_release);
}

CrashReport::~CrashReport() {
  State::current.store(nullptr, std::memory_order_release);
  for (std::size_t i = 0; i < kCrashCount; ++i) {
    ::sigaction(kCrashes[i].signal, &state_->actions[i], nullptr);
  }
  State::before.store(nullptr, std::memory_order_release);
  if (state_->descriptor >= 0) ::close(state_->descriptor);
  delete state_;
}

void CrashReport::end_interrupted() noexcept {
  State const* const state = State::take();
  if (state && !state->command.empty()) {
    state->write_record(false, "\n}");
    static Sentence sentence;
    add_all_work(sentence, ", while at work: ");
    static Message message;
    message << state->line_begin << "interrupted again: ended at once";
    add_shown(message, sentence.view());
    message << "\n    to continue the run: ";
    add_shown(message, state->command);
    message << "\n";
    write_all_of(STDERR_FILENO, message.view());
  }
  ::_exit(130);
}

std::string shell_word(std::string const& word) {
  if (is_plain(word)) return word;
  std::string quoted = "'";
  for (char const c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace seplflow
