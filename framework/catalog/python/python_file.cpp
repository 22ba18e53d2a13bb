#include "catalog/python/python_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <seplflow/error.hpp>
#include <string_view>

#include "base/text_file.hpp"
#include "catalog/plugin_index.hpp"
#include "catalog/python/python_text.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// What an interpreter runs first. Any version can read it, so that an old one is named. The working
// folder is taken out of the path: what lies there is not meant to be imported.
constexpr char const* kBoot =
    "import os,sys\n"
    "sys.path[:]=[p for p in sys.path if p]\n"
    "if sys.version_info<(3,9):\n"
    "  os.write(int(sys.argv[-1]),('the interpreter '+sys.executable+' is Python '+"
    "sys.version.split()[0]+'; stages need 3.9 or later').encode());os._exit(1)\n"
    "import types\n"
    "n=int(sys.argv[1])\n"
    "t=os.pread(n,os.fstat(n).st_size,0).decode().split(chr(0))\n"
    "os.close(n)\n"
    "t=dict(zip(t[::2],t[1::2]))\n"
    "m=sys.modules['seplflow_worker.modules']=types.ModuleType('seplflow_worker.modules')\n"
    "exec(compile(t['modules'],'<seplflow_worker.modules>','exec'),m.__dict__)\n"
    "m.start(t,sys.argv[2:])\n";

// The lines of the text, without the white space before them.
template <class F>
bool any_line(std::string_view text, F const& f) {
  while (!text.empty()) {
    std::size_t const end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (f(line)) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

// "#!/opt/conda/envs/x/bin/python" names an interpreter; "#!/usr/bin/env python3" leaves it open.
std::string interpreter_in(std::string_view text) {
  if (!text.starts_with("#!")) return "";
  std::string_view line = text.substr(2, text.find_first_of("\r\n") - 2);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  std::string_view const program = line.substr(0, line.find(' '));
  bool const is_open = program.ends_with("/env") || program.find("python") == program.npos;
  return is_open ? "" : std::string(program);
}

}  // namespace

bool is_python(fs::path const& file) {
  return file.extension() == ".py";
}

PythonFile read_python_plugin(fs::path const& file) {
  PythonFile python{read_text_file(file), ""};
  python.interpreter = interpreter_in(python.text);
  char const* const chosen = std::getenv("SEPLFLOW_PYTHON");
  if (python.interpreter.empty() && chosen) python.interpreter = chosen;
  if (python.interpreter.empty()) python.interpreter = "python3";
  return python;
}

bool mentions_seplflow(PythonFile const& file) {
  return file.text.find("seplflow") != std::string::npos;
}

bool imports_plugin(PythonFile const& file) {
  return any_line(file.text, [](std::string_view line) {
    return line.starts_with("from seplflow.plugin import ") ||
           line.starts_with("import seplflow.plugin") ||
           line.starts_with("from seplflow import plugin");
  });
}

fs::path interpreter_program(std::string const& name) {
  std::string const not_found = "the Python interpreter \"" + name + "\" ";
  if (name.find('/') != std::string::npos) {
    if (!fs::path(name).is_absolute()) {
      throw UnusableInterpreter(not_found + "must be an absolute path, or a name on PATH");
    }
    if (::access(name.c_str(), F_OK) != 0) throw UnusableInterpreter(not_found + "does not exist");
    if (::access(name.c_str(), X_OK) != 0 || fs::is_directory(name)) {
      throw UnusableInterpreter(not_found + "cannot be run; is it a program?");
    }
    return name;
  }
  char const* const path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    std::size_t const end = std::min(rest.find(':'), rest.size());
    fs::path const program = fs::path(rest.substr(0, end)) / name;
    std::error_code unknown;
    bool const is_file = program.is_absolute() && fs::is_regular_file(program, unknown);
    if (is_file && ::access(program.c_str(), X_OK) == 0) return program;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  throw UnusableInterpreter(not_found + "is not on PATH");
}

std::string interpreter_stamp(std::string const& name) {
  fs::path const program = interpreter_program(name);
  return " " + program.string() + " " + PluginIndex::stamp_of(program) + " " +
         std::to_string(std::hash<std::string_view>()(python_text()));
}

std::vector<std::string> interpreter_arguments(std::string const& interpreter, int text,
                                               std::string const& mode,
                                               std::vector<std::string> const& more) {
  std::vector<std::string> arguments = {interpreter, "-c", kBoot, std::to_string(text), mode};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

int open_python_text() {
  int const file = ::memfd_create("seplflow", MFD_CLOEXEC);
  std::string_view rest = python_text();
  while (file >= 0 && !rest.empty()) {
    ssize_t const written = ::write(file, rest.data(), rest.size());
    if (written <= 0) {
      ::close(file);
      return -1;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

void become_describer(fs::path const& file, int pipe) {
  std::string const program = interpreter_program(read_python_plugin(file).interpreter);
  int const text = open_python_text();
  for (int const descriptor : {text, pipe}) ::fcntl(descriptor, F_SETFD, 0);
  auto arguments = interpreter_arguments(
      program, text, "describe",
      {std::to_string(pipe), fs::absolute(file), std::to_string(STDERR_FILENO)});
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  throw Error("the Python interpreter \"" + program + "\" cannot be started");
}

}  // namespace seplflow
