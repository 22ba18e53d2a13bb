// UTF-8, the encoding of pipeline files, sample names and terminals.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace seplflow {

// Whether a byte continues a character instead of beginning one.
constexpr bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The number of characters (code points), as editors count columns.
constexpr std::size_t character_count(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_character));
}

// The number of bytes of the character that begins with `lead`; 0 when none can.
constexpr std::size_t character_size(char lead) {
  auto const byte = static_cast<unsigned char>(lead);
  if (byte < 0x80) return 1;
  if (byte < 0xC2 || byte > 0xF4) return 0;
  return byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

constexpr bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::string_view const character = text.substr(0, character_size(text[0]));
    if (character.empty() || character.size() < character_size(text[0])) return false;
    if (!std::ranges::all_of(character.substr(1), continues_character)) return false;
    if (character.size() > 2) {
      auto const lead = static_cast<unsigned char>(character[0]);
      auto const second = static_cast<unsigned char>(character[1]);
      bool const is_overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
      bool const is_surrogate = lead == 0xED && second >= 0xA0;
      bool const is_beyond_unicode = lead == 0xF4 && second >= 0x90;
      if (is_overlong || is_surrogate || is_beyond_unicode) return false;
    }
    text.remove_prefix(character.size());
  }
  return true;
}

// Whether a terminal would interpret the character, or the stray byte: C0 and C1 controls but line
// ends and tabs, and those that change the direction of text.
constexpr bool is_control(std::string_view character) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) {
    return (byte(0) < 0x20 && byte(0) != '\n' && byte(0) != '\t') ||
           (byte(0) >= 0x7F && byte(0) < 0xA0);
  }
  if (character.size() == 2) {
    return (byte(0) == 0xC2 && byte(1) < 0xA0) || (byte(0) == 0xD8 && byte(1) == 0x9C);
  }
  if (character.size() != 3 || byte(0) != 0xE2) return false;
  // U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069
  if (byte(1) == 0x80) {
    return byte(2) == 0x8E || byte(2) == 0x8F || (byte(2) >= 0xA8 && byte(2) <= 0xAE);
  }
  return byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
}

}  // namespace seplflow
