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

// Replaces ${NAME} by the variable, and ${NAME:-default} by the variable or, if it is unset or
// empty, by the default; $${ becomes a literal ${. Throws Error for a variable that is unset and
// has no default, and for a ${ that is not closed or does not contain a name.
std::string expand(std::string_view text, Environment const& environment);

// The text that expand() turns into `text`.
std::string escape_expansion(std::string_view text);

}  // namespace seplflow
