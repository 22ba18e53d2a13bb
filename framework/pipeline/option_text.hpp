// Options and their values as text: for errors, manual pages and TOML.
#pragma once

#include <string>
#include <string_view>

#include <seplflow/detail/stage_instance.hpp>
#include <seplflow/option.hpp>

namespace seplflow {

// A value as TOML: 0.5, "last", ["a", "b"]. Numbers are the shortest decimals that read back
// exactly, and always have a point or an exponent, so that they stay numbers.
std::string toml_text(OptionValue const& value);
std::string toml_string(std::string_view text);

// The same for people, who read [240, 320] more easily than [240.0, 320.0].
std::string shown_text(OptionValue const& value);

// The same for a resolved pipeline: it reads back as the same value whatever the environment.
std::string resolved_text(OptionValue value);

// The options of a stage that are set, each in a line; only those that `wanted` takes, if given.
using WantedOption = bool (*)(StageDeclaration const&, OptionDeclaration const&);
std::string options_text(StageDeclaration const& stage, StageInstance const& instance,
                         WantedOption wanted = nullptr);

// For manuals: "number, 0..1", "\"last\" | \"support\"", "folder".
std::string accepted_values(OptionDeclaration const& option);

// For errors: "a number from 0 to 1", "one of \"last\", \"support\"", "a folder".
std::string expected_value(OptionDeclaration const& option);

// The accepted values and the default: "number, 0..1, default 0.5", "folder, required".
std::string describe_option(OptionDeclaration const& option);

}  // namespace seplflow
