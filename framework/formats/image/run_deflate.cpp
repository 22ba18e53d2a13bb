#include "formats/image/run_deflate.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace seplflow {
namespace {

using namespace deflate_format;

constexpr std::size_t kTokensOfBlock = (1 << 14) - 1;
constexpr unsigned kLongestLengthCode = 7;
// All distances are 1: their code has one symbol that is used, and zlib adds another one.
constexpr std::array<std::uint8_t, 2> kDistanceLengths = {1, 1};
constexpr unsigned kDistanceBits = 1;

// How a length is written: by a symbol, and by `extra` bits behind it.
struct MatchLength {
  std::uint16_t symbol;
  std::uint8_t extra, bits;
};

constexpr auto kMatchLengths = [] {
  std::array<MatchLength, kLongestMatch + 1> lengths{};
  for (std::uint16_t i = 0; i < kLengthSymbols.size(); ++i) {
    auto const [first, extra] = kLengthSymbols[i];
    for (unsigned bits = 0; bits < 1U << extra && first + bits < lengths.size(); ++bits) {
      lengths[first + bits] = {static_cast<std::uint16_t>(kEndOfBlock + 1 + i), extra,
                               static_cast<std::uint8_t>(bits)};
    }
  }
  return lengths;
}();

// Finds the lengths of a Huffman code. Codes of the same cost differ in ties; this settles them as
// zlib does, by its heap.
class HuffmanTree {
 public:
  // `counts` has the frequency of each symbol, and `lengths` gets the bits of those that occur.
  HuffmanTree(std::span<std::uint32_t const> counts, unsigned longest,
              std::span<std::uint8_t> lengths)
      : leaves_(counts.size()), nodes_(2 * leaves_) {
    for (std::size_t i = 0; i < leaves_; ++i) {
      nodes_[i].count = counts[i];
      if (counts[i] > 0) heap_.push_back(i);
    }
    while (heap_.size() < 2) add_unused();
    for (std::size_t i = heap_.size() / 2; i-- > 0;) sift_down(i);
    join();
    find_lengths(longest, lengths);
  }

 private:
  struct Node {
    std::uint32_t count = 0;
    unsigned depth = 0, length = 0;
    std::size_t parent = 0;
  };

  // A code has at least two symbols.
  void add_unused() {
    std::size_t const next = heap_.empty() ? 0 : heap_.back() + 1;
    std::size_t const symbol = next <= 2 ? next : 0;
    nodes_[symbol].count = 1;
    heap_.push_back(symbol);
  }

  bool precedes(std::size_t a, std::size_t b) const {
    Node const &left = nodes_[a], &right = nodes_[b];
    return left.count < right.count || (left.count == right.count && left.depth <= right.depth);
  }

  void sift_down(std::size_t place) {
    std::size_t const node = heap_[place];
    for (std::size_t child; (child = 2 * place + 1) < heap_.size(); place = child) {
      if (child + 1 < heap_.size() && precedes(heap_[child + 1], heap_[child])) ++child;
      if (precedes(node, heap_[child])) break;
      heap_[place] = heap_[child];
    }
    heap_[place] = node;
  }

  // Joins the two rarest nodes until one is left.
  void join() {
    for (std::size_t parent = leaves_; heap_.size() > 1; ++parent) {
      std::size_t const first = heap_.front();
      heap_.front() = heap_.back();
      heap_.pop_back();
      sift_down(0);
      std::size_t const second = heap_.front();
      nodes_[parent].count = nodes_[first].count + nodes_[second].count;
      nodes_[parent].depth = std::max(nodes_[first].depth, nodes_[second].depth) + 1;
      nodes_[first].parent = nodes_[second].parent = parent;
      joined_.insert(joined_.end(), {first, second});
      heap_.front() = parent;
      sift_down(0);
    }
  }

  void find_lengths(unsigned longest, std::span<std::uint8_t> lengths) {
    std::array<std::size_t, kLongestCode + 1> with_length{};
    std::size_t too_long = 0;
    std::for_each(joined_.rbegin(), joined_.rend(), [&](std::size_t each) {
      Node& node = nodes_[each];
      node.length = nodes_[node.parent].length + 1;
      if (node.length > longest) {
        node.length = longest;
        ++too_long;
      }
      if (each < leaves_) ++with_length[node.length];
    });
    if (too_long > 0) shorten(longest, too_long, with_length);
    for (std::size_t i = 0; i < leaves_; ++i) {
      lengths[i] = static_cast<std::uint8_t>(nodes_[i].length);
    }
  }

  // Moves leaves down beside those that are too deep, and gives the rarest the longest codes.
  void shorten(unsigned longest, std::size_t too_long,
               std::array<std::size_t, kLongestCode + 1>& with_length) {
    for (std::size_t left = (too_long + 1) / 2; left > 0; --left) {
      unsigned length = longest - 1;
      while (with_length[length] == 0) --length;
      --with_length[length];
      with_length[length + 1] += 2;
      --with_length[longest];
    }
    auto next = joined_.begin();
    for (unsigned length = longest; length > 0; --length) {
      for (std::size_t left = with_length[length]; left > 0; ++next) {
        if (*next >= leaves_) continue;
        nodes_[*next].length = length;
        --left;
      }
    }
  }

  std::size_t leaves_;
  std::vector<Node> nodes_;  // the leaves first
  std::vector<std::size_t> heap_, joined_;
};

// The bits that symbols take that occur so many times.
std::uint64_t cost_of(std::span<std::uint32_t const> counts,
                      std::span<std::uint8_t const> lengths) {
  return std::inner_product(counts.begin(), counts.end(), lengths.begin(), std::uint64_t{0});
}

// The lengths of codes as a block has them: lengths, and symbols for repetitions.
struct WrittenLengths {
  struct Token {
    std::uint8_t symbol, extra, bits;
  };
  std::vector<Token> tokens;
  PrefixCode<kLengthCodeSymbols> code;
  std::size_t in_order = kLengthCodeSymbols;  // how many of kLengthCodeOrder are written
  std::uint64_t cost = 0;

  void add(std::span<std::uint8_t const> lengths) {
    for (std::size_t begin = 0, end = 0; begin < lengths.size(); begin = end) {
      while (end < lengths.size() && lengths[end] == lengths[begin]) ++end;
      lengths[begin] == 0 ? add_zeros(end - begin) : add_equal(lengths[begin], end - begin);
    }
  }

  void find_code() {
    std::array<std::uint32_t, kLengthCodeSymbols> counts{};
    for (Token const& token : tokens) {
      ++counts[token.symbol];
      cost += token.extra;
    }
    HuffmanTree(counts, kLongestLengthCode, code.lengths);
    code.assign();
    while (in_order > 4 && code.lengths[kLengthCodeOrder[in_order - 1]] == 0) --in_order;
    cost += cost_of(counts, code.lengths) + 3 * in_order + 5 + 5 + 4;
  }

 private:
  void add_token(std::uint8_t symbol, unsigned extra, std::size_t bits) {
    tokens.push_back({symbol, static_cast<std::uint8_t>(extra), static_cast<std::uint8_t>(bits)});
  }

  void add_zeros(std::size_t count) {
    while (count > 0) {
      std::size_t const part = std::min<std::size_t>(count, 138);
      for (std::size_t i = 0; part < 3 && i < part; ++i) add_token(0, 0, 0);
      if (part >= 3 && part <= 10) add_token(kFewZeros, 3, part - 3);
      if (part > 10) add_token(kManyZeros, 7, part - 11);
      count -= part;
    }
  }

  void add_equal(std::uint8_t length, std::size_t count) {
    add_token(length, 0, 0);
    --count;
    while (count > 0) {
      std::size_t const part = std::min<std::size_t>(count, 6);
      for (std::size_t i = 0; part < 3 && i < part; ++i) add_token(length, 0, 0);
      if (part >= 3) add_token(kRepeat, 2, part - 3);
      count -= part;
    }
  }
};

}  // namespace

void RunDeflate::add(std::uint8_t value, std::size_t count) {
  if (count == 0) return;
  if (value != value_) end_run();
  value_ = value;
  count_ += count;
}

// zlib compares each byte with the one before, so the first byte of a run is not a match.
void RunDeflate::end_run() {
  checksum_.add(value_, count_);
  bytes_ += count_;
  if (count_ > 0) {
    add_token(value_, value_, 1);
    --count_;
  }
  for (; count_ >= kShortestMatch; count_ -= std::min(count_, kLongestMatch)) {
    std::size_t const length = std::min(count_, kLongestMatch);
    add_token(static_cast<std::uint16_t>(256 + length), kMatchLengths[length].symbol, length);
  }
  for (; count_ > 0; --count_) add_token(value_, value_, 1);
}

void RunDeflate::add_token(std::uint16_t token, unsigned symbol, std::size_t bytes) {
  tokens_.push_back(token);
  ++counts_[symbol];
  block_bytes_ += bytes;
  if (tokens_.size() == kTokensOfBlock) end_block(false);
}

void RunDeflate::put(std::uint64_t bits, unsigned count) {
  bits_ |= bits << bit_count_;
  for (bit_count_ += count; bit_count_ >= 8; bit_count_ -= 8, bits_ >>= 8) {
    stream_.push_back(static_cast<std::uint8_t>(bits_));
  }
}

template <class Code>
void RunDeflate::put_tokens(Code const& code, unsigned distance_bits) {
  for (std::uint16_t const token : tokens_) {
    if (token < 256) {
      put(code.bits[token], code.lengths[token]);
      continue;
    }
    auto const [symbol, extra, bits] = kMatchLengths[token - 256U];
    unsigned const length = code.lengths[symbol];
    put(std::uint64_t{bits} << length | code.bits[symbol], length + extra + distance_bits);
  }
  put(code.bits[kEndOfBlock], code.lengths[kEndOfBlock]);
}

// As zlib, compares how many bytes the kinds of blocks take.
void RunDeflate::end_block(bool is_last) {
  ++counts_[kEndOfBlock];
  PrefixCode<kSymbols> code;
  HuffmanTree(counts_, kLongestCode, code.lengths);
  code.assign();
  std::size_t symbols = kSymbols;
  while (code.lengths[symbols - 1] == 0) --symbols;
  WrittenLengths lengths;
  lengths.add(std::span(code.lengths).first(symbols));
  lengths.add(kDistanceLengths);
  lengths.find_code();

  std::uint64_t matches = 0, extra = 0;
  for (std::uint16_t const token : tokens_) {
    matches += token < 256 ? 0 : 1;
    extra += token < 256 ? 0 : kMatchLengths[token - 256U].extra;
  }
  auto const bytes_for = [](std::uint64_t bits) { return (bits + 3 + 7) / 8; };
  std::uint64_t const fixed =
      bytes_for(cost_of(counts_, fixed_code().lengths) + extra + kFixedDistanceBits * matches);
  std::uint64_t const dynamic =
      bytes_for(cost_of(counts_, code.lengths) + extra + kDistanceBits * matches + lengths.cost);
  is_stored_ |= block_bytes_ + 4 <= std::min(fixed, dynamic);

  put((is_last ? 1U : 0U) | (fixed <= dynamic ? kFixedBlock : kDynamicBlock) << 1, 3);
  if (fixed <= dynamic) {
    put_tokens(fixed_code(), kFixedDistanceBits);
  } else {
    put(symbols - 257, 5);
    put(kDistanceLengths.size() - 1, 5);
    put(lengths.in_order - 4, 4);
    for (std::size_t i = 0; i < lengths.in_order; ++i) {
      put(lengths.code.lengths[kLengthCodeOrder[i]], 3);
    }
    for (auto const& [symbol, more, bits] : lengths.tokens) {
      unsigned const length = lengths.code.lengths[symbol];
      put(std::uint64_t{bits} << length | lengths.code.bits[symbol], length + more);
    }
    put_tokens(code, kDistanceBits);
  }
  tokens_.clear();
  counts_.fill(0);
  block_bytes_ = 0;
}

std::optional<std::vector<std::uint8_t>> RunDeflate::finish() {
  end_run();
  end_block(true);
  if (is_stored_) return std::nullopt;
  if (bit_count_ > 0) put(0, 8 - bit_count_);
  for (int shift = 24; shift >= 0; shift -= 8) {
    stream_.push_back(static_cast<std::uint8_t>(checksum_.value() >> shift));
  }
  // The header has the window, which libpng makes as small as the data if these are few.
  unsigned window = 7;
  while (bytes_ <= 16384 && window > 0 && bytes_ <= std::size_t{128} << window) --window;
  unsigned const first = window << 4 | 8, rest = (first << 8) % 31;
  stream_[0] = static_cast<std::uint8_t>(first);
  stream_[1] = static_cast<std::uint8_t>(rest == 0 ? 0 : 31 - rest);
  return std::move(stream_);
}

}  // namespace seplflow
