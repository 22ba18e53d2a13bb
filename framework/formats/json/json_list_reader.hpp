// Reads the lists in a large JSON file element by element, without holding the file in memory.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/formats/input_file.hpp>

namespace seplflow {

// Reads a file whose top level is an object with lists in it, {"images": [...], ...}, in any order,
// from its beginning to its end. It only finds where elements begin and end, by their quotes and
// brackets; the elements themselves are left to simdjson. Holds a window of the file that the
// largest element fits in, usually 1 MiB. O(bytes).
class JsonListReader {
 public:
  // The text of an element (with the padding that simdjson needs; valid during the call), its index
  // in the list, from 0, and its position in the file.
  struct Element {
    simdjson::padded_string_view text;
    std::uint64_t index;
    std::uint64_t offset;
  };
  using OnElement = std::function<void(Element const&)>;

  // `name` stands for the file in messages.
  JsonListReader(InputFile& file, std::string name);

  // The character that the JSON begins with, after a byte-order mark and blanks: '{' for an object.
  // Call it before read(). Throws Error for a file without any.
  char first();

  // For each field, in the order of the file, asks `on_element_of` with its name; calls the
  // function that it returns for each element of the list, or skips the field when it returns none.
  // Throws Error, with the byte, for a file that is truncated or not a JSON object, a field to be
  // read that is not a list, a field that occurs twice, and an element of more than kMaxElement
  // bytes or 64 levels. Names are compared after unescaping. Skipped and nested values are not
  // checked further.
  void read(std::function<OnElement(std::string_view)> const& on_element_of);

  // The same for a file that is a list, or that holds values one after the other (JSON Lines).
  void read_elements(OnElement const& on_element);

  // Where the value of a field begins and ends in the file.
  struct Field {
    std::string name;
    std::uint64_t offset, length;
  };
  // Calls on_field for each field of the object that the file begins with. Values are not kept, so
  // they may be of any length. Returns whether more text follows.
  bool read_fields(std::function<void(Field const&)> const& on_field);

  static constexpr std::size_t kMaxElement = std::size_t{1} << 28;

 private:
  char peek();  // the next character that is not a space
  void expect(char character, char const* after);
  std::string read_key();
  std::string unescaped(std::string_view quoted) const;
  void read_list(std::string_view key, OnElement const& on_element);
  void read_element(std::uint64_t index, OnElement const& on_element);
  bool at_end();  // of the file, after blanks
  void require_end();
  void skip_value();
  void skip_string();
  void skip_nested();
  void skip_scalar();
  void keep();  // what is read from here on stays in the buffer until release()
  void release() { keeping_ = false; }
  bool fill();  // false at the end of the file
  void grow();
  std::uint64_t offset() const { return base_ + position_; }
  [[noreturn]] void fail(std::string const& problem) const;
  [[noreturn]] void fail_truncated() const;

  InputFile& file_;
  std::string name_;
  simdjson::padded_string buffer_;
  std::uint64_t base_ = 0;  // of the buffer in the file
  std::size_t kept_ = 0;    // while keeping_: what precedes it may be dropped
  bool keeping_ = false;
  std::size_t position_ = 0;  // of the next character
  std::size_t end_ = 0;       // of the bytes read; a sentinel follows
};

}  // namespace seplflow
