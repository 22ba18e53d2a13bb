// Environment variables in the strings of a pipeline file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace seplflow {

using Environment = std::function<std::optional<std::string>(std::string const& name)>;

Environment process_environment();

// Replaces ${NAME} by the variable and ${NAME:-default} by the variable or, when it is unset or
// empty, the default; $${ stands for a plain ${. Throws Error, saying what to do, for a variable
// that is unset without a default, and for a ${ that is not closed or holds no name.
std::string expand(std::string_view text, Environment const& environment);

// The text that expand() turns into `text`.
std::string escape_expansion(std::string_view text);

}  // namespace seplflow
