// Words of command lines, as shells write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seplflow::cli {

// The words of a line for a shell, up to its end, without quotes, and without assignments to
// variables before the program's name.
std::vector<std::string> shell_words(std::string_view line);

// A word of a command line for bash, in quotes where it needs them.
std::string quoted_word(std::string const& word);

}  // namespace seplflow::cli
