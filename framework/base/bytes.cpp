#include <seplflow/bytes.hpp>

#include <bit>

#include <seplflow/error.hpp>

namespace seplflow {

ByteWriter& ByteWriter::count(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
  return *this;
}

ByteWriter& ByteWriter::number(double value) {
  auto const bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(bits >> shift);
  return *this;
}

ByteWriter& ByteWriter::text(std::string_view value) {
  count(value.size());
  bytes_ += value;
  return *this;
}

ByteWriter& ByteWriter::maybe(std::optional<double> value) {
  count(value ? 1 : 0);
  return value ? number(*value) : *this;
}

std::string_view ByteReader::take(std::size_t size) {
  if (size > bytes_.size()) throw Error("the bytes end before the value does");
  std::string_view const taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

std::uint64_t ByteReader::count() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    auto const byte = static_cast<unsigned char>(take(1)[0]);
    if (shift == 63 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  throw Error("a count has more than 64 bits");
}

double ByteReader::number() {
  std::string_view const bytes = take(8);
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) {
    bits |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return std::bit_cast<double>(bits);
}

std::string_view ByteReader::text() {
  return take(length());
}

std::optional<double> ByteReader::maybe() {
  if (count() == 0) return std::nullopt;
  return number();
}

std::size_t ByteReader::length() {
  std::uint64_t const value = count();
  if (value > bytes_.size()) throw Error("the bytes end before the value does");
  return static_cast<std::size_t>(value);
}

void ByteReader::end() const {
  if (!bytes_.empty()) throw Error("bytes are left after the last value");
}

}  // namespace seplflow
