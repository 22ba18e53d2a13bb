// What a shell offers after the words of an unfinished command line.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.hpp"

namespace seplflow::cli {

struct Candidate {
  std::string text, help;
};

struct Completion {
  // words: the candidates. files, folders, pipelines: the shell offers them itself; they replace
  // what follows the first `keep` bytes of the last word.
  enum class Kind { words, files, folders, pipelines } kind = Kind::words;
  std::size_t keep = 0;
  // Whole words that begin with the last word. One that ends in "." "=" or "/" goes on.
  std::vector<Candidate> candidates = {};
};

// `words` follow the name of the program; the last one, which may be empty, is to be completed.
// Does not throw: what is wrong has no candidates.
Completion complete(std::vector<Command> const& commands, std::vector<std::string> const& words);

// `seplflow __complete`, which the scripts of the shells call: either "--" and the words, or
// "--line" and the line up to the cursor. Prints the kind, `keep` and the last word, separated by
// tabs, and then each candidate with its help.
void print_completion(std::vector<Command> const& commands, std::vector<std::string> const& words,
                      std::ostream& out);

// The script that makes the shell (bash, zsh or fish) complete seplflow.
std::string_view completion_script(std::string_view shell);

}  // namespace seplflow::cli
