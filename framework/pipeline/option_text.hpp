// Options in words: for mistakes, manual pages and the command line.
#pragma once

#include <string>

#include "plugin/option.hpp"

namespace seplflow {

// A value as TOML writes it: 0.5, "last", ["a", "b"]. Numbers are the shortest decimals that read
// back exactly, and always have a point or an exponent, so that they stay numbers.
std::string toml_text(OptionValue const& value);
std::string toml_string(std::string_view text);

// What it takes: "number, 0..1", "\"last\" | \"support\"", "folder".
std::string takes(OptionDeclaration const& option);

// What it takes and its default: "number, 0..1, default 0.5", "folder, required".
std::string describe(OptionDeclaration const& option);

}  // namespace seplflow
