// Values as bytes, for records that outlive a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace seplflow {

// Counts take a byte for each seven bits, numbers eight bytes, texts their length before them. The
// bytes are the same on every machine.
class ByteWriter {
 public:
  ByteWriter& count(std::uint64_t value);
  ByteWriter& number(double value);
  ByteWriter& text(std::string_view value);
  // Whether there is a value, and the value.
  ByteWriter& maybe(std::optional<double> value);

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads in the order of writing. Throws Error when the bytes end before a value does.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t count();
  double number();
  std::string_view text();
  std::optional<double> maybe();

  // A count of things of which each takes at least a byte, so that no damaged count makes anybody
  // reserve more memory than there are bytes.
  std::size_t length();

  // Throws Error when anything is left.
  void end() const;

 private:
  std::string_view take(std::size_t size);

  std::string_view bytes_;
};

}  // namespace seplflow
