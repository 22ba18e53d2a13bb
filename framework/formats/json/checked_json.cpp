#include "formats/json/checked_json.hpp"

#include <new>

namespace seplflow {

namespace ondemand = simdjson::ondemand;

bool is_wrong_type(simdjson::error_code error) {
  return error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR ||
         error == simdjson::NUMBER_OUT_OF_RANGE || error == simdjson::SCALAR_DOCUMENT_AS_VALUE;
}

void JsonPlace::fail(std::string const& problem) const {
  std::string text(file);
  if (!part.empty()) {
    text.append(", ").append(part).append(" ").append(std::to_string(number)).append(detail);
  }
  throw Error(text + ": " + problem);
}

void JsonPlace::fail_expecting(std::string_view expected) const {
  fail("expected " + std::string(expected));
}

void JsonPlace::fail_because(simdjson::error_code error, std::string_view expected) const {
  if (is_wrong_type(error)) fail_expecting(expected);
  if (error == simdjson::EMPTY) fail("holds no JSON; expected " + std::string(expected));
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error == simdjson::UNCLOSED_STRING || error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT) {
    fail("the JSON is incomplete; the file seems truncated: copy, download or create it again");
  }
  fail(std::string("is not valid JSON (") + simdjson::error_message(error) +
       "); the file may be truncated or edited: copy, download or create it again");
}

std::vector<double> read_numbers(ondemand::value value, JsonPlace const& place,
                                 std::string_view expected) {
  std::vector<double> numbers;
  for_each_element(as<ondemand::array>(value, place, expected), place, [&](ondemand::value number) {
    numbers.push_back(as<double>(number, place, expected));
  });
  return numbers;
}

simdjson::padded_string padded(std::size_t size) {
  simdjson::padded_string text(size);
  if (text.data() == nullptr) throw std::bad_alloc();
  return text;
}

}  // namespace seplflow
