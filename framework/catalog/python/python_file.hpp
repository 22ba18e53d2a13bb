// A Python file that defines stages, and the interpreter that runs it. Internal to the catalog.
#pragma once

#include <filesystem>
#include <seplflow/error.hpp>
#include <string>
#include <vector>

namespace seplflow {

// The interpreter cannot be used for stages at all.
class UnusableInterpreter : public Error {
 public:
  using Error::Error;
};

struct PythonFile {
  std::string text;
  // As the file or the user names it: a path, or a name on PATH.
  std::string interpreter;
};

// By its name alone.
bool is_python(std::filesystem::path const& file);

// Reads the file. Throws Error when that is not possible.
PythonFile read_python_plugin(std::filesystem::path const& file);

// Whether it has to do with seplflow at all, and whether it imports seplflow.plugin. Other files
// are never run: they may be anything.
bool mentions_seplflow(PythonFile const& file);
bool imports_plugin(PythonFile const& file);

// The program of an interpreter: an absolute path, or a name that is looked up on PATH. Throws
// UnusableInterpreter when it cannot be run.
std::filesystem::path interpreter_program(std::string const& name);

// Differs between interpreters and between versions of the code that describes files.
std::string interpreter_stamp(std::string const& name);

// The arguments with which an interpreter runs `mode` ("describe", "work"). The text of
// python_text() is read from the descriptor `text`; the last argument is the descriptor for its
// last words.
std::vector<std::string> interpreter_arguments(std::string const& interpreter, int text,
                                               std::string const& mode,
                                               std::vector<std::string> const& more);

// A file in memory with the text of python_text(); -1 if memory is exhausted.
int open_python_text();

// Becomes an interpreter that describes the stages of the file and writes a summary (to_text) to
// the pipe. For a child process; returns only if the interpreter cannot be started.
void become_describer(std::filesystem::path const& file, int pipe);

}  // namespace seplflow
