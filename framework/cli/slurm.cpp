#include "cli/slurm.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <seplflow/error.hpp>
#include "cli/shell_words.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct ToolAnswer {
  int status = -1;
  std::string out, err;
};

std::string printed_to(int descriptor) {
  std::string text;
  char buffer[4096];
  ::lseek(descriptor, 0, SEEK_SET);
  for (ssize_t size = 0; (size = ::read(descriptor, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// A file without a name, for what a program prints.
int temporary_file() {
  int const descriptor = ::memfd_create("seplflow", MFD_CLOEXEC);
  if (descriptor < 0) throw Error(std::string("cannot create a file: ") + std::strerror(errno));
  return descriptor;
}

// Runs a program of the PATH to its end.
ToolAnswer answer_of(std::vector<std::string> const& words) {
  std::vector<char*> arguments;
  for (std::string const& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int const out = temporary_file(), err = temporary_file();
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t process = 0;
  int const error = ::posix_spawnp(&process, arguments[0], &actions, &attributes,
                                   arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  ToolAnswer answer;
  if (error == 0) {
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    answer = {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), printed_to(out),
              printed_to(err)};
  }
  ::close(out);
  ::close(err);
  if (error != 0) throw Error("cannot start " + words[0] + ": " + std::strerror(error));
  return answer;
}

}  // namespace

bool is_installed(std::string const& program) {
  char const* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    fs::path const file = fs::path(folder) / program;
    std::error_code error;
    if (fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string sbatch(std::vector<std::string> const& arguments) {
  std::vector<std::string> words = {"sbatch", "--parsable"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  ToolAnswer const answer = answer_of(words);
  // "12", or "12;cluster"
  std::string const job = answer.out.substr(0, answer.out.find(';'));
  bool const is_number = !job.empty() && job.find_first_not_of("0123456789") == std::string::npos;
  if (answer.status == 0 && is_number) return job;
  std::string command;
  for (std::string const& word : words) command += (command.empty() ? "" : " ") + quoted_word(word);
  std::string const said = answer.err.empty() ? answer.out : answer.err;
  throw Error("sbatch refused the job (status " + std::to_string(answer.status) + "): " +
              (said.empty() ? "it printed nothing" : said) + "\nthe command was: " + command);
}

void scancel(std::string const& job) {
  answer_of({"scancel", job});
}

std::optional<std::map<std::int64_t, QueuedTask>> queued_tasks(std::string const& job,
                                                               std::string& problem) {
  if (!is_installed("squeue")) {
    problem = "squeue is not installed here";
    return std::nullopt;
  }
  ToolAnswer const answer =
      answer_of({"squeue", "--noheader", "--array", "--jobs=" + job, "--format=%K|%T|%r"});
  std::map<std::int64_t, QueuedTask> tasks;
  // Slurm forgets a job some minutes after its end.
  if (answer.err.find("Invalid job id") != std::string::npos) return tasks;
  if (answer.status != 0) {
    problem = answer.err.empty() ? "squeue failed" : answer.err;
    return std::nullopt;
  }
  std::istringstream lines(answer.out);
  for (std::string line; std::getline(lines, line);) {
    std::size_t const first = line.find('|'), second = line.find('|', first + 1);
    if (second == std::string::npos) continue;
    std::int64_t index = -1;
    std::from_chars(line.data(), line.data() + first, index);
    tasks[index] = {line.substr(first + 1, second - first - 1), line.substr(second + 1)};
  }
  return tasks;
}

std::string array_text(std::vector<std::int64_t> const& indices) {
  std::string text;
  for (std::size_t i = 0; i < indices.size();) {
    std::size_t last = i;
    while (last + 1 < indices.size() && indices[last + 1] == indices[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(indices[i]);
    if (last > i) text += "-" + std::to_string(indices[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace seplflow::cli
