#include <seplflow/formats/coco_rle.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

constexpr unsigned kBase = 48;    // of the alphabet
constexpr unsigned kMore = 0x20;  // another character of the number follows
constexpr unsigned kSign = 0x10;  // in the last character: the number is negative
constexpr unsigned kDigitBits = 5;
constexpr unsigned kMaxShift = 30;  // the seventh character; runs have fewer than 32 bits
constexpr std::size_t kFirstDelta = 3;

[[noreturn]] void fail(std::string_view counts, std::size_t position, std::string const& problem) {
  throw Error("the RLE string of " + std::to_string(counts.size()) + " characters " + problem +
              " at character " + std::to_string(position) +
              " (from 0); expected the compressed counts of COCO");
}

std::string quoted_character(char character) {
  if (character > ' ' && character <= '~') return std::string("'") + character + "'";
  return "byte " + std::to_string(static_cast<unsigned char>(character));
}

struct Number {
  std::int64_t value;
  std::size_t end;  // the position after its last character
};

Number read_long_number(std::string_view counts, std::size_t position) {
  std::int64_t value = 0;
  for (unsigned shift = 0;; shift += kDigitBits) {
    if (position == counts.size()) fail(counts, position, "ends within a number,");
    unsigned const digit = static_cast<unsigned char>(counts[position]) - kBase;
    if (digit >= 2 * kMore) {
      fail(counts, position,
           "holds " + quoted_character(counts[position]) + ", not one of '0' to 'o',");
    }
    if (shift > kMaxShift) fail(counts, position, "holds a number too large for any run");
    ++position;
    value |= std::int64_t{digit & (kMore - 1)} << shift;
    if ((digit & kMore) != 0) continue;
    if ((digit & kSign) != 0) value -= std::int64_t{1} << (shift + kDigitBits);
    return {value, position};
  }
}

Number read_number(std::string_view counts, std::size_t position) {
  unsigned const digit = static_cast<unsigned char>(counts[position]) - kBase;
  if (digit >= kMore) return read_long_number(counts, position);
  // Most numbers take one character.
  return {static_cast<std::int64_t>(digit ^ kSign) - std::int64_t{kSign}, position + 1};
}

void append_number(std::string& text, std::int64_t value) {
  while (true) {
    auto const digit = static_cast<unsigned>(value) & (kMore - 1);
    value >>= kDigitBits;
    bool const last = value == ((digit & kSign) != 0 ? -1 : 0);
    text.push_back(static_cast<char>(kBase + digit + (last ? 0 : kMore)));
    if (last) return;
  }
}

}  // namespace

Mask decode_coco_rle(Size size, std::string_view counts) {
  std::vector<std::uint32_t> runs(counts.size());
  std::size_t known = 0;
  std::int64_t total = 0, last = 0, before_last = 0;
  auto const pixels = static_cast<std::int64_t>(size.pixels());
  for (std::size_t position = 0; position < counts.size();) {
    auto const [value, end] = read_number(counts, position);
    std::int64_t const run = known < kFirstDelta ? value : value + before_last;
    total += run;
    if (run < 0) fail(counts, position, "gives a run of negative length " + std::to_string(run));
    if (total > pixels) {
      fail(counts, position,
           "has runs of more than the " + std::to_string(pixels) + " pixels of " + to_string(size) +
               " (height x width)");
    }
    runs[known++] = static_cast<std::uint32_t>(run);
    before_last = last;
    last = run;
    position = end;
  }
  return Mask::from_counts(size, std::span(runs).first(known));
}

std::string encode_coco_rle(Mask const& mask) {
  std::vector<std::uint32_t> const runs = mask.counts();
  std::string text;
  text.reserve(2 * runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::int64_t value = runs[i];
    if (i >= kFirstDelta) value -= runs[i - 2];
    append_number(text, value);
  }
  return text;
}

}  // namespace seplflow
