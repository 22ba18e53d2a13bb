// Turns any exception into a message.
#pragma once

#include <exception>
#include <new>
#include <optional>
#include <string>

#include <seplflow/error.hpp>

namespace seplflow {

// Calls f; returns a message for whatever it throws.
template <class F>
std::optional<std::string> error_of(F const& f) {
  try {
    f();
    return std::nullopt;
  } catch (std::bad_alloc const&) {
    return "out of memory";
  } catch (std::exception const& error) {
    std::string message = without_controls(error.what());
    return message.empty() ? "it threw an exception without a message" : message;
  } catch (...) {
    return "it threw an exception that is not a std::exception";
  }
}

}  // namespace seplflow
