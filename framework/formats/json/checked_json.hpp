// Reads JSON with simdjson so that every error names its place and what was expected.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <seplflow/error.hpp>

namespace seplflow {

// The place that an error is about: a file, and a part of it.
struct JsonPlace {
  std::string_view file;
  std::string_view part = {};    // "record", "annotation"; empty for the file as a whole
  std::uint64_t number = 0;      // of the part
  std::string_view detail = {};  // more about the part: " of image 42"

  // "a.json: PROBLEM" or "a.json, record 3: PROBLEM"
  [[noreturn]] void fail(std::string const& problem) const;
  [[noreturn]] void fail_expecting(std::string_view expected) const;

  // Throws for an error of simdjson. The message says whether a value has another type than
  // `expected` (which begins with its name), or the file is truncated or not valid JSON.
  void check(simdjson::error_code error, std::string_view expected) const {
    if (error != simdjson::SUCCESS) fail_because(error, expected);
  }

 private:
  [[noreturn]] void fail_because(simdjson::error_code error, std::string_view expected) const;
};

// Whether the JSON is valid, but a value has another type than expected.
bool is_wrong_type(simdjson::error_code error);

// The value as a T; `expected` describes it, beginning with its name.
template <class T, class Value>
T as(Value&& value, JsonPlace const& place, std::string_view expected) {
  T result{};
  place.check(value.get(result), expected);
  return result;
}

// Calls f(key, value) for each field; values that f does not read are skipped.
template <class F>
void for_each_field(simdjson::ondemand::object object, JsonPlace const& place, F const& f) {
  for (auto field : object) {
    std::string_view key;
    place.check(field.unescaped_key().get(key), "a name");
    simdjson::ondemand::value value;
    place.check(field.value().get(value), "a value");
    f(key, value);
  }
}

template <class F>
void for_each_element(simdjson::ondemand::array array, JsonPlace const& place, F const& f) {
  for (auto element : array) {
    simdjson::ondemand::value value;
    place.check(element.get(value), "a value");
    f(value);
  }
}

std::vector<double> read_numbers(simdjson::ondemand::value value, JsonPlace const& place,
                                 std::string_view expected);

// Memory for `size` bytes and the padding that simdjson reads beyond them.
simdjson::padded_string padded(std::size_t size);

}  // namespace seplflow
