// Recognises braces that the shell has expanded.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace seplflow::cli {

// An error message if the words of the command line are what bash makes of --sweep KEY={A,B} or
// --set KEY={A,B} without quotes: "--sweep", "KEY=A", "KEY=B".
std::optional<std::string> expanded_braces(std::vector<std::string> const& words);

}  // namespace seplflow::cli
