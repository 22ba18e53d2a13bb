// The lists in a large JSON file, element by element, without the file in memory.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/file.hpp"

namespace seplflow {

// Walks a file whose top level is an object with lists in it, {"images": [...], ...}, whatever
// their order, from its beginning to its end. It only finds where elements begin and end, by their
// quotes and brackets; what is between is for simdjson. Holds a window of the file that the largest
// element fits in, 1 MiB mostly. O(bytes).
class JsonLists {
 public:
  // An element: its text (with the padding that simdjson needs; valid during the call), its place
  // in the list, from 0, and in the file.
  struct Element {
    simdjson::padded_string_view text;
    std::uint64_t index;
    std::uint64_t offset;
  };
  using OnElement = std::function<void(Element const&)>;

  // `name` stands for the file in messages.
  JsonLists(InputFile& file, std::string name);

  // The character that the JSON begins with, after a byte-order mark and blanks: '{' for an object.
  // To be asked before read(). Throws Error for a file without any.
  char first();

  // Calls on_element for each element of each list that is wanted, in the order of the file;
  // `wanted` says, by the name of a field, what to call for it (nothing: skip the field). Throws
  // Error, with the byte, for a file that ends in the middle, is no JSON object, has a wanted field
  // that is no list, the same field twice, an element of more than kMaxElement bytes or 64 levels.
  // Names of fields are compared as they read, not as they are escaped.
  // Skipped and nested values are not looked at further.
  void read(std::function<OnElement(std::string_view)> const& wanted);

  static constexpr std::size_t kMaxElement = std::size_t{1} << 28;

 private:
  char peek();  // the next character that is no space
  void expect(char character, char const* after);
  std::string read_key();
  std::string unescaped(std::string_view quoted) const;
  void read_list(std::string_view key, OnElement const& on_element);
  void skip_value();
  void skip_string();
  void skip_nested();
  void skip_scalar();
  void keep();  // from here on what is read stays in the buffer, until let_go()
  void let_go() { keeping_ = false; }
  bool fill();  // false at the end of the file
  void grow();
  std::uint64_t offset() const { return base_ + position_; }
  [[noreturn]] void fail(std::string const& problem) const;
  [[noreturn]] void fail_cut_off() const;

  InputFile& file_;
  std::string name_;
  simdjson::padded_string buffer_;
  std::uint64_t base_ = 0;  // of the buffer in the file
  std::size_t kept_ = 0;    // while keeping_: what comes before may be let go
  bool keeping_ = false;
  std::size_t position_ = 0;  // of the next character
  std::size_t end_ = 0;       // of what was read; a sentinel follows
};

}  // namespace seplflow
