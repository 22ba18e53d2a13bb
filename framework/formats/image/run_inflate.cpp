#include "formats/image/run_inflate.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "formats/image/deflate_format.hpp"

namespace seplflow {
namespace {

using namespace deflate_format;

// Bytes of data for each one of the stream, and for each run. With fewer, libdeflate is faster:
// measured on labels that PIL wrote, which take half as long again here at an expansion of 70.
constexpr std::size_t kLeastExpansion = 128, kLeastLength = 8;
constexpr std::size_t kHeaderBytes = 2, kChecksumBytes = 4;

// Bits of a stream, the lowest first. Behind its end are zeros, which is_past_end() tells.
class BitReader {
 public:
  explicit BitReader(std::span<std::uint8_t const> bytes) : bytes_(bytes) {}

  // Makes at least 56 bits available.
  void refill() {
    std::size_t const left = bytes_.size() - next_;
    if (std::endian::native == std::endian::little && left >= sizeof bits_) {
      std::uint64_t word;
      std::memcpy(&word, bytes_.data() + next_, sizeof word);
      bits_ |= word << count_;
      next_ += (63 - count_) / 8;
      count_ |= 56;
      return;
    }
    for (; count_ < 56; count_ += 8) {
      if (next_ == bytes_.size()) {
        ++beyond_;
      } else {
        bits_ |= std::uint64_t{bytes_[next_++]} << count_;
      }
    }
  }

  std::size_t peek(unsigned count) const { return bits_ & ((std::uint64_t{1} << count) - 1); }
  void skip(unsigned count) {
    bits_ >>= count;
    count_ -= count;
  }
  // Of at most 13 bits.
  std::size_t take(unsigned count) {
    std::size_t const value = peek(count);
    skip(count);
    return value;
  }

  unsigned count() const { return count_; }
  bool is_past_end() const { return beyond_ * 8 > count_; }
  // Of the first byte of which no bit was taken.
  std::size_t position() const { return next_ + beyond_ - count_ / 8; }

 private:
  std::span<std::uint8_t const> bytes_;
  std::size_t next_ = 0, beyond_ = 0;  // bytes that were read, and that are not there
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
};

// The symbol that any bits begin with.
class SymbolTable {
 public:
  // Returns false unless the code is complete.
  template <std::size_t N>
  bool build(PrefixCode<N> code) {
    if (!code.assign()) return false;
    longest_ = *std::max_element(code.lengths.begin(), code.lengths.end());
    entries_.resize(std::size_t{1} << longest_);
    for (std::size_t symbol = 0; symbol < N; ++symbol) {
      std::size_t const length = code.lengths[symbol];
      if (length == 0) continue;
      auto const entry = static_cast<std::uint16_t>(symbol << 4 | length);
      for (std::size_t at = code.bits[symbol]; at < entries_.size();
           at += std::size_t{1} << length) {
        entries_[at] = entry;
      }
    }
    return true;
  }

  std::size_t take(BitReader& bits) const {
    std::uint16_t const entry = entries_[bits.peek(longest_)];
    bits.skip(entry & 0xf);
    return entry >> 4;
  }

 private:
  unsigned longest_ = 0;
  std::vector<std::uint16_t> entries_;
};

class RunInflate {
 public:
  // `runs` is empty.
  RunInflate(std::span<std::uint8_t const> deflated, std::size_t size, std::vector<Run>& runs)
      : bits_(deflated), size_(size), runs_(runs) {}

  // Returns the length of the deflated data, or 0.
  std::size_t read() {
    for (bool is_last = false; !is_last;) {
      bits_.refill();
      is_last = bits_.take(1) == 1;
      auto const kind = bits_.take(2);
      if (kind == kFixedBlock ? !use_fixed_code() : kind != kDynamicBlock || !read_code()) return 0;
      if (!read_symbols()) return 0;
    }
    return position_ == size_ && !bits_.is_past_end() ? bits_.position() : 0;
  }

 private:
  bool use_fixed_code() {
    PrefixCode<1 << kFixedDistanceBits> distances;
    distances.lengths.fill(kFixedDistanceBits);
    return symbols_.build(fixed_code()) && distances_.build(distances);
  }

  bool read_code() {
    std::size_t const symbols = 257 + bits_.take(5), distances = 1 + bits_.take(5);
    std::size_t const lengths = 4 + bits_.take(4);
    if (symbols > kSymbols || distances > kDistanceSymbols) return false;
    PrefixCode<kLengthCodeSymbols> code;
    for (std::size_t i = 0; i < lengths; ++i) {
      bits_.refill();
      code.lengths[kLengthCodeOrder[i]] = static_cast<std::uint8_t>(bits_.take(3));
    }
    std::array<std::uint8_t, kSymbols + kDistanceSymbols> all{};
    if (!symbols_.build(code) || !read_lengths(std::span(all).first(symbols + distances))) {
      return false;
    }
    PrefixCode<kSymbols> of_symbols;
    PrefixCode<kDistanceSymbols> of_distances;
    std::copy_n(all.begin(), symbols, of_symbols.lengths.begin());
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(symbols), distances,
                of_distances.lengths.begin());
    return of_symbols.lengths[kEndOfBlock] > 0 && symbols_.build(of_symbols) &&
           distances_.build(of_distances);
  }

  bool read_lengths(std::span<std::uint8_t> lengths) {
    for (std::size_t at = 0; at < lengths.size();) {
      bits_.refill();
      std::size_t const symbol = symbols_.take(bits_);
      if (symbol < kRepeat) {
        lengths[at++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      std::size_t const count = symbol == kRepeat     ? 3 + bits_.take(2)
                                : symbol == kFewZeros ? 3 + bits_.take(3)
                                                      : 11 + bits_.take(7);
      bool const repeats = symbol == kRepeat;
      if (count > lengths.size() - at || (repeats && at == 0)) return false;
      std::uint8_t const length = repeats ? lengths[at - 1] : std::uint8_t{0};
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(at), count, length);
      at += count;
    }
    return true;
  }

  // Up to the end of the block. No symbol takes more than 48 bits.
  bool read_symbols() {
    while (!bits_.is_past_end()) {
      bits_.refill();
      BitReader const begin = bits_;
      std::size_t const symbol = symbols_.take(bits_);
      if (symbol == kEndOfBlock) return true;
      if (symbol < kEndOfBlock) {
        if (position_ == size_) return false;
        append(static_cast<std::uint8_t>(symbol), 1);
        continue;
      }
      if (symbol >= kSymbols) return false;
      auto const [first, extra] = kLengthSymbols[symbol - kEndOfBlock - 1];
      std::size_t const length = first + bits_.take(extra);
      std::size_t const distance = read_distance();
      if (distance == 0 || distance > position_ || length > size_ - position_) return false;
      if (runs_.size() > size_ / kLeastLength) return false;
      distance == 1 ? append_again(begin, length) : repeat(distance, length);
    }
    return false;
  }

  // A long run is the same match many times, which the bits show without being decoded.
  void append_again(BitReader const& begin, std::size_t length) {
    unsigned const taken = begin.count() - bits_.count();
    std::size_t const same = begin.peek(taken);
    std::size_t total = length;
    for (;
         bits_.count() >= taken && bits_.peek(taken) == same && size_ - position_ - total >= length;
         total += length) {
      bits_.skip(taken);
      if (bits_.count() < taken) bits_.refill();
    }
    append(runs_.back().value, total);
  }

  // 0 for symbols that have no meaning.
  std::size_t read_distance() {
    std::size_t const symbol = distances_.take(bits_);
    if (symbol >= kDistanceSymbols) return 0;
    if (symbol < 4) return symbol + 1;
    auto const extra = static_cast<unsigned>(symbol / 2 - 1);
    return ((2 + symbol % 2) << extra) + 1 + bits_.take(extra);
  }

  void append(std::uint8_t value, std::size_t count) {
    position_ += count;
    if (runs_.empty() || runs_.back().value != value) runs_.push_back({0, value});
    runs_.back().end = static_cast<std::uint32_t>(position_);
  }

  // The bytes may repeat those that are being appended.
  void repeat(std::size_t distance, std::size_t length) {
    std::size_t from = position_ - distance;
    auto const found =
        std::upper_bound(runs_.begin(), runs_.end(), from,
                         [](std::size_t at, Run const& run) { return at < run.end; });
    for (auto run = static_cast<std::size_t>(found - runs_.begin()); length > 0;) {
      std::size_t const part = std::min<std::size_t>(length, runs_[run].end - from);
      append(runs_[run].value, part);
      from += part;
      length -= part;
      if (from == runs_[run].end) ++run;
    }
  }

  BitReader bits_;
  std::size_t size_, position_ = 0;
  std::vector<Run>& runs_;
  SymbolTable symbols_, distances_;
};

// Without a dictionary, and with the largest window or one that holds all data.
bool is_plain_header(std::uint8_t first, std::uint8_t second, std::size_t size) {
  unsigned const method = first & 0xf, window = first >> 4;
  return method == 8 && window <= 7 && (first * 256U + second) % 31 == 0 && (second & 0x20) == 0 &&
         (window == 7 || size <= std::size_t{256} << window);
}

}  // namespace

bool inflate_runs(std::span<std::uint8_t const> stream, std::size_t size, std::vector<Run>& runs) {
  if (stream.size() <= kHeaderBytes + kChecksumBytes || size / kLeastExpansion < stream.size() ||
      !is_plain_header(stream[0], stream[1], size)) {
    return false;
  }
  runs.clear();
  auto const deflated = stream.subspan(kHeaderBytes, stream.size() - kHeaderBytes - kChecksumBytes);
  if (RunInflate(deflated, size, runs).read() != deflated.size()) return false;
  Adler32 checksum;
  std::uint32_t begin = 0;
  for (Run const& run : runs) {
    checksum.add(run.value, run.end - begin);
    begin = run.end;
  }
  std::uint32_t stored = 0;
  for (std::uint8_t const byte : stream.last(kChecksumBytes)) stored = stored << 8 | byte;
  return checksum.value() == stored;
}

}  // namespace seplflow
