#include "support/program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "support/temp_folder.hpp"

namespace {

[[noreturn]] void become(std::vector<std::string> const& command, ProgramOptions const& options,
                         std::string const& out, std::string const& err) {
  auto const redirect = [](std::string const& file, int to) {
    int const descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ::dup2(descriptor, to);
  };
  redirect(out, STDOUT_FILENO);
  redirect(err, STDERR_FILENO);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(126);
  for (auto const& [name, value] : options.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  if (options.before_exec) options.before_exec();
  std::vector<char*> arguments;
  for (std::string const& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

ProgramResult run_program(std::vector<std::string> const& command, ProgramOptions const& options) {
  TempFolder const folder;
  // Made here, so that they are there even if the child is killed before it does anything.
  std::string const out = folder.write("out", "").string(), err = folder.write("err", "").string();
  pid_t const child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become(command, options, out, err);
  if (options.while_running) options.while_running(child);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text(out),
          read_text(err)};
}

ProgramResult run_seplflow(std::vector<std::string> arguments, ProgramOptions const& options) {
  arguments.insert(arguments.begin(), SEPLFLOW_PROGRAM);
  return run_program(arguments, options);
}
