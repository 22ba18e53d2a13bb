#include "formats/numpy/pickle/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.hpp"
#include "formats/numpy/pickle/printable.hpp"

namespace seplflow::pickle {
namespace {

template <class T, class... Base>
std::optional<T> parsed(std::string_view text, Base... base) {
  T value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void append_utf8(std::string& text, std::uint32_t code) {
  auto const tail = [&](unsigned shift) {
    text += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
  };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0U | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0U | code >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

// The number of `digits` hexadecimal digits at the beginning of `rest`, which it takes away.
std::uint32_t take_hexadecimal(std::string_view& rest, std::size_t digits) {
  auto const code = parsed<std::uint32_t>(rest.substr(0, digits), 16);
  if (rest.size() < digits || !code || *code > 0x10FFFF) {
    throw Error("a text has an escape that is none: '" + printable(rest.substr(0, digits)) + "'");
  }
  rest.remove_prefix(digits);
  return *code;
}

char escaped(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '\'':
    case '"':
      return c;
    default:
      throw Error(std::string("a text has the escape \\") + printable({&c, 1}) +
                  ", which Python does not write");
  }
}

}  // namespace

Cell integer_of(std::string_view line) {
  if (line == "00") return Cell::of_boolean(false);
  if (line == "01") return Cell::of_boolean(true);
  std::string_view digits = line;
  if (digits.ends_with('L')) digits.remove_suffix(1);
  auto const value = parsed<std::int64_t>(digits);
  if (!value) throw Error("'" + printable(line) + "' is no integer of 64 bits");
  return Cell::of_integer(*value);
}

Cell number_of(std::string_view line) {
  auto const value = parsed<double>(line);
  if (!value) throw Error("'" + printable(line) + "' is no number");
  return Cell::of_number(*value);
}

std::string unquoted(std::string_view line) {
  if (line.size() < 2 || line.front() != line.back() ||
      (line.front() != '\'' && line.front() != '"')) {
    throw Error("a text is not between quotes: " + printable(line));
  }
  std::string_view rest = line.substr(1, line.size() - 2);
  std::string text;
  while (!rest.empty()) {
    char const c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\') {
      text += c;
      continue;
    }
    char const kind = rest.empty() ? '\0' : rest.front();
    if (!rest.empty()) rest.remove_prefix(1);
    text += kind == 'x' ? static_cast<char>(take_hexadecimal(rest, 2)) : escaped(kind);
  }
  return text;
}

std::string unescaped(std::string_view line) {
  std::string text;
  while (!line.empty()) {
    char const c = line.front();
    char const kind = line.size() > 1 ? line[1] : '\0';
    if (c == '\\' && (kind == 'u' || kind == 'U')) {
      line.remove_prefix(2);
      append_utf8(text, take_hexadecimal(line, kind == 'u' ? 4 : 8));
    } else {
      append_utf8(text, static_cast<unsigned char>(c));
      line.remove_prefix(1);
    }
  }
  return text;
}

std::size_t encode_latin1(Bytes utf8, std::uint8_t* to) {
  std::uint8_t* end = to;
  std::size_t i = 0;
  unsigned wrong = 0;
  // Numbers are as good as random, so every branch on a byte would be a wrong guess half the time.
  while (i + 1 < utf8.size()) {
    unsigned const lead = utf8[i], tail = utf8[i + 1];
    unsigned const two = lead >> 7;
    *end++ = static_cast<std::uint8_t>(two != 0 ? (lead << 6 | (tail & 0x3FU)) : lead);
    wrong |= two & static_cast<unsigned>((lead & 0xFEU) != 0xC2U || (tail & 0xC0U) != 0x80U);
    i += 1 + two;
  }
  if (i < utf8.size()) {
    wrong |= utf8[i] >> 7;
    *end++ = utf8[i];
  }
  if (wrong != 0) throw Error("a text stands for bytes, but has characters that are none");
  return static_cast<std::size_t>(end - to);
}

Cell python2_string(Bytes bytes) {
  bool const ascii = std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte < 0x80; });
  return Cell::of_bytes(ascii ? Type::text : Type::bytes, bytes);
}

}  // namespace seplflow::pickle
