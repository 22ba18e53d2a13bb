#include "catalog/python/worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/number_text.hpp"
#include "catalog/child_process.hpp"
#include "catalog/python/python_file.hpp"

namespace seplflow {
namespace {

using Clock = std::chrono::steady_clock;

// Importing numpy from a cold network disk takes a while; for ever is too long.
constexpr double kSecondsToStart = 120;
// How long a process that hangs has to say where.
constexpr int kMillisecondsForWords = 300;
// Python code says where it is upon this signal (worker/modules.py).
int signal_for_words() {
  return SIGRTMIN + 3;
}

std::array<int, 2> new_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw Error(std::string("no Python process can be started: ") + std::strerror(errno));
  }
  return ends;
}

// The environment of this program. Workers run side by side, so that each needs one thread.
std::vector<std::string> environment_of_workers() {
  std::vector<std::string> variables;
  for (char** each = environ; *each; ++each) variables.push_back(*each);
  for (std::string const name : {"OMP_NUM_THREADS=", "OPENBLAS_NUM_THREADS=", "MKL_NUM_THREADS="}) {
    auto const is_set = [&](std::string const& variable) { return variable.starts_with(name); };
    if (std::ranges::none_of(variables, is_set)) variables.push_back(name + "1");
  }
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs, prepared before it exists: other threads may hold locks then.
struct Launch {
  std::string program;
  std::vector<std::string> arguments, environment;
  std::array<int, 5> descriptors;  // text, socket, inputs, results, words: 3 and up in the child
  pid_t parent = ::getpid();
};

[[noreturn]] void become_interpreter(Launch const& launch, char* const* arguments,
                                     char* const* environment) {
  constexpr int kFirst = 3, kAbove = 32;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(1);
  // Ctrl-C in a terminal is for the program, which ends its workers when it has finished.
  ::setpgid(0, 0);
  for (int const signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::array<int, 5> moved{};
  for (std::size_t i = 0; i < moved.size(); ++i) {
    moved[i] = ::fcntl(launch.descriptors[i], F_DUPFD_CLOEXEC, kAbove);
  }
  for (std::size_t i = 0; i < moved.size(); ++i) ::dup2(moved[i], kFirst + static_cast<int>(i));
  ::close_range(kFirst + 5, ~0U, CLOSE_RANGE_CLOEXEC);
  // What a stage prints must not get between what the program prints.
  int const nowhere = ::open("/dev/null", O_RDONLY);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::execve(launch.program.c_str(), arguments, environment);
  char const* const reason = ::strerror(errno);
  ssize_t const ignored = ::write(kFirst + 4, reason, std::strlen(reason));
  ::_exit(ignored < 0 ? 1 : 127);
}

std::string quoted_seconds(double seconds) {
  return shortest(seconds) + (seconds == 1 ? " second" : " seconds");
}

// `vote.py:12 in vote <- ...` of what faulthandler writes; the author's frames only.
std::string frames_in(std::string const& words) {
  std::string frames;
  int count = 0;
  for (std::size_t at = words.find("File \""); at != std::string::npos && count < 8;
       at = words.find("File \"", at + 1)) {
    std::size_t const begin = at + 6, end = words.find('"', begin);
    std::size_t const line_end = std::min(words.find('\n', begin), words.size());
    constexpr std::string_view kLine = ", line ";
    if (end == std::string::npos || words.compare(end + 1, kLine.size(), kLine) != 0) continue;
    std::filesystem::path const file = words.substr(begin, end - begin);
    if (file.string().starts_with("<")) continue;
    std::size_t const number = end + 1 + kLine.size();
    frames += (count++ ? " <- " : "") + file.filename().string() + ":" +
              words.substr(number, line_end - number);
  }
  return frames.empty() ? "" : " [" + frames + "]";
}

}  // namespace

PythonWorker::PythonWorker(std::string const& interpreter)
    : inputs_(std::make_unique<SharedBlock>()) {
  Launch launch;
  launch.program = interpreter_program(interpreter).string();
  launch.arguments = interpreter_arguments(launch.program, 3, "work", {"4", "5", "6", "7"});
  launch.environment = environment_of_workers();
  auto const arguments = pointers_to(launch.arguments);
  auto const environment = pointers_to(launch.environment);
  auto const ends = new_sockets();
  socket_ = ends[0];
  words_ = ::memfd_create("seplflow words", MFD_CLOEXEC);
  int const text = open_python_text();
  launch.descriptors = {text, ends[1], inputs_->descriptor(), results_.descriptor(), words_};
  process_ = text < 0 || words_ < 0 ? -1 : ::fork();
  if (process_ == 0) become_interpreter(launch, arguments.data(), environment.data());
  std::string const reason = std::strerror(errno);
  ::close(text);
  ::close(ends[1]);
  if (process_ > 0) return;
  ::close(socket_);
  ::close(words_);
  throw Error("no Python process can be started: " + reason);
}

PythonWorker::~PythonWorker() {
  end(0);
  ::close(socket_);
  ::close(words_);
}

void PythonWorker::wait_until_ready(std::string const& interpreter) {
  try {
    receive(kSecondsToStart);
  } catch (WorkerLost const& lost) {
    std::string const what = lost.what();
    if (what.starts_with("the interpreter ")) throw UnusableInterpreter(what);
    throw UnusableInterpreter("the Python interpreter \"" + interpreter +
                              "\" cannot be used: " + what);
  }
}

bool PythonWorker::is_alive() const {
  pollfd end{socket_, POLLIN, 0};
  return process_ > 0 && ::poll(&end, 1, 0) == 0;
}

PythonJson PythonWorker::call(PythonJson const& request, std::optional<double> seconds) {
  std::string text;
  try {
    text = request.dump();
  } catch (PythonJson::exception const&) {
    throw Error(
        "a text that a Python stage needs is not UTF-8: the id of the sample, or the name of a "
        "class");
  }
  send(text);
  PythonJson answer = PythonJson::parse(receive(seconds), nullptr, false);
  if (!answer.is_object()) lose("it sent an answer that cannot be read");
  if (answer.contains("kept")) replace_inputs();
  if (auto const error = answer.find("error"); error != answer.end()) {
    throw Error(error->get<std::string>());
  }
  return answer;
}

void PythonWorker::send(std::string_view text) {
  auto const size = static_cast<std::uint32_t>(text.size());
  std::string message(reinterpret_cast<char const*>(&size), sizeof size);
  message += text;
  for (std::string_view rest = message; !rest.empty();) {
    ssize_t const sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) lose("");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string PythonWorker::receive(std::optional<double> seconds) {
  auto const deadline = Clock::now() + std::chrono::milliseconds(
                                           static_cast<std::int64_t>(1e3 * seconds.value_or(0)));
  std::string message;
  std::uint32_t size = 0;
  while (message.size() < sizeof size + size) {
    auto const left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd end{socket_, POLLIN, 0};
    int const ready = ::poll(
        &end, 1, seconds ? static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30)) : -1);
    if (ready == 0) lose("it did not finish within " + quoted_seconds(*seconds));
    std::array<char, 1 << 14> buffer;
    ssize_t const count = ready < 0 ? -1 : ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) lose("");
    message.append(buffer.data(), static_cast<std::size_t>(count));
    if (message.size() >= sizeof size) std::memcpy(&size, message.data(), sizeof size);
  }
  return message.substr(sizeof size);
}

// The stage has kept a view of its inputs, which must not change under it.
void PythonWorker::replace_inputs() {
  auto next = std::make_unique<SharedBlock>();
  send(R"({"do":"block"})");
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  int const descriptor = next->descriptor();
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  if (::sendmsg(socket_, &message, MSG_NOSIGNAL) != 1) lose("");
  receive(kSecondsToStart);
  inputs_ = std::move(next);
}

void PythonWorker::lose(std::string const& how) {
  std::string const before = last_words();
  if (!how.empty() && ::kill(process_, signal_for_words()) == 0) {
    auto const deadline = Clock::now() + std::chrono::milliseconds(kMillisecondsForWords);
    while (last_words().size() == before.size() && Clock::now() < deadline) ::usleep(2000);
    ::usleep(2000);
  }
  int const status = end(how.empty() ? 1000 : 0);
  std::string const words = last_words();
  std::string text = how.empty() ? "the Python process ended with " + end_of(status) : how;
  if (how.empty() && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    text += "; somebody killed it, or the kernel did because memory was exhausted";
  }
  std::string const frames = frames_in(words);
  bool const is_traceback = words.find("File \"") != std::string::npos;
  if (!is_traceback && !words.empty()) text = without_controls(words);
  throw WorkerLost(text + frames);
}

// Ends the process, and those that it has started, and returns its status. `patience` is how many
// milliseconds it has to end by itself, for a reason that is to be known.
int PythonWorker::end(int patience) {
  int status = kUnknownStatus;
  if (process_ <= 0) return status;
  siginfo_t ended{};
  for (int i = 0; i < patience && ended.si_pid == 0; ++i) {
    if (::waitid(P_PID, static_cast<id_t>(process_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0)
      break;
    if (ended.si_pid == 0) ::usleep(1000);
  }
  ::kill(-process_, SIGKILL);
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
  process_ = -1;
  return status;
}

std::string PythonWorker::last_words() const {
  std::string words(1 << 14, '\0');
  ssize_t const count = ::pread(words_, words.data(), words.size(), 0);
  words.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return words;
}

}  // namespace seplflow
