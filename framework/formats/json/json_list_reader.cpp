#include "formats/json/json_list_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <span>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include "formats/json/checked_json.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kWindow = std::size_t{1} << 20;
constexpr std::size_t kMaxLevels = 64;

// Characters at which a scan stops. A quote follows the buffer, so that every scan ends there.
constexpr char kSentinel = '"';

using CharacterSet = std::array<bool, 256>;

constexpr CharacterSet set_of(std::string_view characters) {
  CharacterSet set{};
  for (char const c : characters) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr CharacterSet kStructure = set_of("\"{}[]");
constexpr CharacterSet kInString = set_of("\"\\");
constexpr CharacterSet kAfterScalar = set_of(", \t\r\n]}\"");

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string quoted(char c) {
  if (c > ' ' && c <= '~') return std::string("'") + c + "'";
  return "byte " + std::to_string(static_cast<unsigned char>(c));
}

}  // namespace

JsonListReader::JsonListReader(InputFile& file, std::string name)
    : file_(file), name_(std::move(name)), buffer_(padded(std::min(kWindow, file.size()))) {
  buffer_.data()[0] = kSentinel;
}

void JsonListReader::fail(std::string const& problem) const {
  throw Error(name_ + ": " + problem);
}

void JsonListReader::fail_truncated() const {
  fail("the JSON is incomplete: it ends at byte " + std::to_string(base_ + end_) +
       "; the file seems truncated: copy or download it again");
}

void JsonListReader::keep() {
  keeping_ = true;
  kept_ = position_;
}

// Moves what is kept to the front, enlarges the buffer if it is full, and reads on.
bool JsonListReader::fill() {
  if (!keeping_) kept_ = position_;
  char* const bytes = buffer_.data();
  std::memmove(bytes, bytes + kept_, end_ - kept_);
  base_ += kept_;
  position_ -= kept_;
  end_ -= kept_;
  kept_ = 0;
  if (end_ == buffer_.size()) grow();
  std::span const room(buffer_.data() + end_, buffer_.size() - end_);
  std::size_t const got = file_.read({reinterpret_cast<std::uint8_t*>(room.data()), room.size()});
  end_ += got;
  buffer_.data()[end_] = kSentinel;
  return got > 0;
}

void JsonListReader::grow() {
  if (buffer_.size() >= kMaxElement) {
    fail("the element at byte " + std::to_string(base_) + " has more than " +
         std::to_string(kMaxElement) + " bytes; expected short records");
  }
  simdjson::padded_string larger = padded(std::max(2 * buffer_.size(), std::size_t{64}));
  std::memcpy(larger.data(), buffer_.data(), end_);
  std::swap(buffer_, larger);
}

char JsonListReader::peek() {
  while (true) {
    char const* const bytes = buffer_.data();
    while (is_space(bytes[position_])) ++position_;
    if (position_ < end_) return bytes[position_];
    if (!fill()) fail_truncated();
  }
}

void JsonListReader::expect(char character, char const* after) {
  char const found = peek();
  if (found != character) {
    fail("is not valid JSON: byte " + std::to_string(offset()) + " is " + quoted(found) +
         "; expected " + quoted(character) + " " + after);
  }
  ++position_;
}

void JsonListReader::skip_string() {
  ++position_;
  while (true) {
    char const* const bytes = buffer_.data();
    while (!kInString[static_cast<unsigned char>(bytes[position_])]) ++position_;
    if (position_ >= end_) {
      if (!fill()) fail_truncated();
    } else if (bytes[position_++] == '"') {
      return;
    } else if (position_ < end_ || fill()) {
      ++position_;  // the escaped character
    } else {
      fail_truncated();
    }
  }
}

void JsonListReader::skip_nested() {
  std::array<char, kMaxLevels> open{};
  std::size_t level = 0;
  do {
    char const* const bytes = buffer_.data();
    while (!kStructure[static_cast<unsigned char>(bytes[position_])]) ++position_;
    if (position_ >= end_) {
      if (!fill()) fail_truncated();
      continue;
    }
    char const c = bytes[position_];
    if (c == '"') {
      skip_string();
      continue;
    }
    if (c == '{' || c == '[') {
      if (level == kMaxLevels) {
        fail("byte " + std::to_string(offset()) + " is nested more than " +
             std::to_string(kMaxLevels) + " levels deep");
      }
      open[level++] = c;
    } else if (open[--level] != (c == '}' ? '{' : '[')) {
      fail("is not valid JSON: byte " + std::to_string(offset()) + " is " + quoted(c) +
           ", which closes what " + quoted(open[level]) + " opened");
    }
    ++position_;
  } while (level > 0);
}

void JsonListReader::skip_scalar() {
  std::uint64_t const begin = offset();
  while (true) {
    char const* const bytes = buffer_.data();
    while (!kAfterScalar[static_cast<unsigned char>(bytes[position_])]) ++position_;
    if (position_ < end_) break;
    if (!fill()) fail_truncated();
  }
  if (offset() == begin) {
    fail("is not valid JSON: byte " + std::to_string(begin) + " is " +
         quoted(buffer_.data()[position_]) + "; expected a value");
  }
}

void JsonListReader::skip_value() {
  char const first = peek();
  if (first == '"') return skip_string();
  if (first == '{' || first == '[') return skip_nested();
  skip_scalar();
}

std::string JsonListReader::read_key() {
  if (peek() != '"') expect('"', "to begin the name of a field");
  keep();
  skip_string();
  release();
  std::string_view const quoted(buffer_.data() + kept_, position_ - kept_);
  if (quoted.find('\\') != std::string_view::npos) return unescaped(quoted);
  return std::string(quoted.substr(1, quoted.size() - 2));
}

std::string JsonListReader::unescaped(std::string_view quoted) const {
  simdjson::padded_string const text(quoted);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  JsonPlace const place{name_};
  std::string_view const expected = "the name of a field";
  place.check(parser.iterate(text).get(document), expected);
  return std::string(as<std::string_view>(document, place, expected));
}

void JsonListReader::read_list(std::string_view key, OnElement const& on_element) {
  if (char const first = peek(); first != '[') {
    fail("\"" + std::string(key) + "\" (byte " + std::to_string(offset()) + ") begins with " +
         quoted(first) + "; expected a list");
  }
  ++position_;
  for (std::uint64_t index = 0; peek() != ']'; ++index) {
    if (index > 0) expect(',', "or ']' after an element");
    read_element(index, on_element);
  }
  ++position_;
}

void JsonListReader::read_element(std::uint64_t index, OnElement const& on_element) {
  peek();
  keep();
  skip_value();
  std::size_t const readable = buffer_.size() + simdjson::SIMDJSON_PADDING - kept_;
  simdjson::padded_string_view const text(buffer_.data() + kept_, position_ - kept_, readable);
  on_element({text, index, base_ + kept_});
  release();
}

bool JsonListReader::at_end() {
  while (position_ < end_ || fill()) {
    if (!is_space(buffer_.data()[position_])) return false;
    ++position_;
  }
  return true;
}

void JsonListReader::require_end() {
  if (at_end()) return;
  fail("has more text after the end of its JSON, at byte " + std::to_string(offset()));
}

void JsonListReader::read_elements(OnElement const& on_element) {
  if (first() == '[') {
    read_list("the file", on_element);
    require_end();
    return;
  }
  for (std::uint64_t index = 0; !at_end(); ++index) read_element(index, on_element);
}

bool JsonListReader::read_fields(std::function<void(Field const&)> const& on_field) {
  first();
  expect('{', "to begin an object");
  for (std::uint64_t i = 0; peek() != '}'; ++i) {
    if (i > 0) expect(',', "or '}' after a value");
    Field field{read_key(), 0, 0};
    expect(':', "after the name of a field");
    peek();
    field.offset = offset();
    skip_value();
    field.length = offset() - field.offset;
    on_field(field);
  }
  ++position_;
  return !at_end();
}

char JsonListReader::first() {
  bool const begins = offset() == 0;
  if (begins && end_ == 0) {
    fill();
    require_kind({reinterpret_cast<std::uint8_t const*>(buffer_.data()), end_}, {FileKind::json},
                 name_, "JSON");
  }
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (begins && std::string_view(buffer_.data(), end_).starts_with(kByteOrderMark)) {
    position_ = kByteOrderMark.size();
  }
  return peek();
}

void JsonListReader::read(std::function<OnElement(std::string_view)> const& on_element_of) {
  first();
  expect('{', "to begin an object with lists in it");
  std::set<std::string, std::less<>> seen;
  while (peek() != '}') {
    if (!seen.empty()) expect(',', "or '}' after a value");
    std::string const key = read_key();
    if (!seen.insert(key).second) fail("has the field \"" + key + "\" twice");
    expect(':', "after the name of a field");
    if (OnElement const on_element = on_element_of(key)) {
      read_list(key, on_element);
    } else {
      skip_value();
    }
  }
  ++position_;
  require_end();
}

}  // namespace seplflow
