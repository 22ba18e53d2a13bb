// What pickles write as text: numbers and escaped strings of protocol 0, bytes of protocols 0 to 2.
#pragma once

#include <string>
#include <string_view>

#include "formats/numpy/pickle/store.hpp"

namespace seplflow::pickle {

// "5", "-3", "5L", "00" (False), "01" (True). Throws Error for what is no integer of 64 bits.
Cell integer_of(std::string_view line);
// A floating-point number. Throws Error for anything else.
Cell number_of(std::string_view line);

// The text between quotes, as Python's repr writes it. Throws Error.
std::string unquoted(std::string_view line);
// Text with \u1234 and \U00012345 in it, otherwise latin1, as UTF-8. Throws Error.
std::string unescaped(std::string_view line);

// The bytes whose characters are `utf8`: what Python's _codecs.encode(text, "latin1") gives. Writes
// them to `to`, which has room for utf8.size() of them, and returns how many there are. Throws
// Error for characters above 255 and what is no UTF-8.
std::size_t encode_latin1(Bytes utf8, std::uint8_t* to);

// A str of Python 2: a text when it is ASCII, bytes otherwise.
Cell python2_string(Bytes bytes);

}  // namespace seplflow::pickle
