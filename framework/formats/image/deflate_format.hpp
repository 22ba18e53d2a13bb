// What RFC 1951 (deflate) defines, for run_deflate.cpp and run_inflate.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace seplflow::deflate_format {

constexpr std::size_t kEndOfBlock = 256, kShortestMatch = 3, kLongestMatch = 258;
constexpr std::size_t kSymbols = 286, kFixedSymbols = 288, kDistanceSymbols = 30;
constexpr unsigned kFixedBlock = 1, kDynamicBlock = 2;
constexpr unsigned kLongestCode = 15;
constexpr unsigned kFixedDistanceBits = 5;

// The symbol 257 + i stands for lengths from `first` on, of which `extra` bits select one.
struct LengthSymbol {
  std::uint16_t first;
  std::uint8_t extra;
};
constexpr auto kLengthSymbols = [] {
  std::array<LengthSymbol, kSymbols - kEndOfBlock - 1> symbols{};
  unsigned first = kShortestMatch;
  for (unsigned i = 0; i < symbols.size(); ++i) {
    unsigned const extra = i < 8 ? 0 : (i - 4) / 4;
    symbols[i] = {static_cast<std::uint16_t>(first), static_cast<std::uint8_t>(extra)};
    first += 1U << extra;
  }
  symbols.back() = {kLongestMatch, 0};
  return symbols;
}();

// The lengths of the codes of a dynamic block are compressed by symbols of their own: lengths, and
// repetitions. Their lengths come in this order, so that unlikely ones can be left out at the end.
constexpr std::size_t kLengthCodeSymbols = 19;
constexpr std::uint8_t kRepeat = 16, kFewZeros = 17, kManyZeros = 18;
constexpr std::array<std::uint8_t, kLengthCodeSymbols> kLengthCodeOrder = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

// A code by the number of bits of each symbol; 0 for symbols that do not occur.
template <std::size_t N>
struct PrefixCode {
  std::array<std::uint8_t, N> lengths{};
  std::array<std::uint16_t, N> bits{};  // as written, the first one lowest

  // Sets the bits, which follow from the lengths. Returns whether any sequence of bits begins with
  // exactly one symbol.
  bool assign() {
    std::array<unsigned, kLongestCode + 2> next{};
    std::size_t taken = 0;
    for (std::uint8_t const length : lengths) {
      next[length + 1U] += length > 0 ? 1 : 0;
      taken += length > 0 ? std::size_t{1} << (kLongestCode - length) : 0;
    }
    for (std::size_t length = 1; length < next.size(); ++length) {
      next[length] = (next[length] + next[length - 1]) << 1;
    }
    for (std::size_t i = 0; i < N; ++i) {
      unsigned code = lengths[i] > 0 ? next[lengths[i]]++ : 0, reversed = 0;
      for (unsigned bit = 0; bit < lengths[i]; ++bit, code >>= 1) {
        reversed = reversed << 1 | (code & 1);
      }
      bits[i] = static_cast<std::uint16_t>(reversed);
    }
    return taken == std::size_t{1} << kLongestCode;
  }
};

// The code of a block without one of its own.
inline PrefixCode<kFixedSymbols> const& fixed_code() {
  static PrefixCode<kFixedSymbols> const code = [] {
    PrefixCode<kFixedSymbols> made;
    made.lengths.fill(8);
    for (std::size_t i = 144; i < 256; ++i) made.lengths[i] = 9;
    for (std::size_t i = 256; i < 280; ++i) made.lengths[i] = 7;
    made.assign();
    return made;
  }();
  return code;
}

// The checksum of zlib, of bytes that come in runs.
class Adler32 {
 public:
  void add(std::uint8_t value, std::uint64_t count) {
    for (std::uint64_t part = 0; count > 0; count -= part) {
      part = count < kMostAtOnce ? count : kMostAtOnce;
      sums_ = (sums_ + part * sum_ + part * (part + 1) / 2 * value) % kBase;
      sum_ = (sum_ + part * value) % kBase;
    }
  }

  std::uint32_t value() const { return static_cast<std::uint32_t>(sums_ << 16 | sum_); }

 private:
  static constexpr std::uint64_t kBase = 65521, kMostAtOnce = 1 << 20;
  std::uint64_t sum_ = 1, sums_ = 0;
};

}  // namespace seplflow::deflate_format
