// Decodes PNGs of the usual forms of masks and labels, much faster than libpng.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <seplflow/runs.hpp>
#include <seplflow/size.hpp>

namespace seplflow {

// Deflate needs at least 2 bits for 258 bytes.
constexpr std::uint64_t kMaxExpansion = 1032;

// A PNG of gray or palette, of 1 to 8 bits and not interlaced, without a fault and without anything
// that would need libpng's judgement. What it decodes is what libpng decodes. Nothing is reported
// here: for a file that is not plain, or whose pixels turn out to be faulty, ask libpng.
class PlainPng {
 public:
  // `bytes` begin like a PNG and must outlive the result. Every chunk is checked; the pixels are
  // not decoded yet.
  static std::optional<PlainPng> parse(std::span<std::uint8_t const> bytes);

  Size size() const { return size_; }
  int colour_type() const { return colour_type_; }  // PNG_COLOR_TYPE_GRAY or _PALETTE
  int bit_depth() const { return bit_depth_; }
  std::vector<std::array<std::uint8_t, 3>> palette() const;

  // The samples of pixels, times `scale` if they have fewer than 8 bits, as column-major runs.
  // Nothing if the pixels are faulty.
  std::optional<std::vector<Run>> read_runs(unsigned scale) const;

  // The same, row by row, to `pixels`. Returns false if the pixels are faulty.
  bool read_all(unsigned scale, std::span<std::uint8_t> pixels) const;

 private:
  enum class Taken { yes, no, as_last };
  using Bytes = std::span<std::uint8_t const>;

  PlainPng() = default;
  bool read_header(Bytes chunk);
  Taken take(std::uint32_t type, Bytes data);
  std::size_t row_bytes() const;
  std::size_t data_bytes() const;
  Bytes stream(std::vector<std::uint8_t>& joined) const;
  std::optional<std::vector<Run>> read_long_runs() const;
  std::unique_ptr<std::uint8_t[]> inflate() const;
  template <class AddRow>
  bool decode_rows(std::span<std::uint8_t> row, AddRow const& add_row) const;
  void unpack(Bytes packed, std::span<std::uint8_t> pixels, unsigned scale) const;

  Size size_;
  int colour_type_ = 0, bit_depth_ = 0;
  Bytes palette_;
  std::vector<Bytes> deflated_;  // the contents of the IDAT chunks
  bool between_ = false;         // whether another chunk followed an IDAT chunk
};

}  // namespace seplflow
