// Manual pages, from the same definitions as --help.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command_line.hpp"

namespace seplflow::cli {

// seplflow(1), and seplflow-COMMAND(1), in the language of man(7).
std::string program_page(std::vector<Command> const& commands);
std::string command_page(Command const& command);

// Writes what an install has in share/ for man, bash, zsh and fish. Throws Error when a file cannot
// be written.
void write_shared_files(std::vector<Command> const& commands, std::filesystem::path const& folder);

}  // namespace seplflow::cli
