// Errors of files and values that options name, reported at the option.
#pragma once

#include <exception>
#include <string>

#include <seplflow/seplflow.hpp>

namespace seplflow {

// Calls f and refuses the option with the message of what f throws. Returns whether f returned.
template <class F>
bool refuse_errors(OptionCheck& check, std::string const& option, F const& f) {
  try {
    f();
    return true;
  } catch (std::exception const& error) {
    check.refuse(option, error.what());
    return false;
  }
}

}  // namespace seplflow
