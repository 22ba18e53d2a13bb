// Where exceptions of stages end.
#pragma once

#include <exception>
#include <optional>
#include <string>

namespace seplflow {

// Calls f; what it throws, whatever it is, becomes a message.
template <class F>
std::optional<std::string> error_of(F const& f) {
  try {
    f();
    return std::nullopt;
  } catch (std::exception const& error) {
    return error.what();
  } catch (...) {
    return "it threw something that is no std::exception";
  }
}

}  // namespace seplflow
