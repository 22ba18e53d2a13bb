// Converts values to bytes and back, for results that outlive a run.
#pragma once

#include <seplflow/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace seplflow {

// Counts take one byte for each seven bits, numbers eight bytes; texts are preceded by their
// length. The bytes are the same on every machine.
class SEPLFLOW_API ByteWriter {
 public:
  ByteWriter& count(std::uint64_t value);
  ByteWriter& number(double value);
  ByteWriter& text(std::string_view value);
  // Writes whether there is a value, and then the value.
  ByteWriter& maybe(std::optional<double> value);

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads values in the order in which they were written. Throws Error when the bytes end too early.
class SEPLFLOW_API ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t count();
  double number();
  std::string_view text();
  std::optional<double> maybe();

  // A count of items that take at least one byte each. It is at most the number of bytes left, so
  // that a damaged count cannot make a reader reserve too much memory.
  std::size_t length();

  bool at_end() const { return bytes_.empty(); }
  // Throws Error when bytes are left.
  void end() const;

 private:
  std::string_view take(std::size_t size);

  std::string_view bytes_;
};

}  // namespace seplflow
