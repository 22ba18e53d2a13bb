#include <seplflow/mask.hpp>

#include <algorithm>
#include <bit>
#include <utility>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

// Calls put(word, bits) with the bits of each word that lie in [begin, end).
template <class Put>
void for_each_word(std::uint32_t begin, std::uint32_t end, Put&& put) {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  std::uint32_t const first = begin / 64, last = (end - 1) / 64;
  std::uint64_t const head = kAll << begin % 64, tail = kAll >> (63 - (end - 1) % 64);
  if (first == last) {
    put(first, head & tail);
    return;
  }
  put(first, head);
  for (std::uint32_t word = first + 1; word < last; ++word) put(word, kAll);
  put(last, tail);
}

void set_bits(std::span<std::uint64_t> plane, std::span<std::uint32_t const> bounds) {
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    for_each_word(bounds[i], bounds[i + 1],
                  [plane](std::uint32_t word, std::uint64_t bits) { plane[word] |= bits; });
  }
}

void clear_bits(std::span<std::uint64_t> plane, std::span<std::uint32_t const> bounds) {
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    for_each_word(bounds[i], bounds[i + 1],
                  [plane](std::uint32_t word, std::uint64_t bits) { plane[word] &= ~bits; });
  }
}

}  // namespace

void Mask::append(std::uint32_t begin, std::uint32_t end) {
  if (begin == end) return;
  area_ += end - begin;
  if (!bounds_.empty() && bounds_.back() == begin) {
    bounds_.back() = end;
  } else {
    bounds_.push_back(begin);
    bounds_.push_back(end);
  }
}

Mask Mask::from_counts(Size size, std::span<std::uint32_t const> counts) {
  Mask mask(size);
  mask.bounds_.reserve(counts.size() + 1);
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::uint64_t const end = position + counts[i];
    if (end > size.pixels()) break;
    if (i % 2 == 1) {
      mask.append(static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(end));
    }
    position = end;
  }
  std::uint64_t total = 0;
  for (std::uint32_t const count : counts) total += count;
  if (total != size.pixels()) {
    throw Error("the runs of a mask add up to " + std::to_string(total) + " pixels, but " +
                to_string(size) + " (height x width) has " + std::to_string(size.pixels()));
  }
  return mask;
}

Mask Mask::from_runs(Size size, std::span<Run const> runs, std::uint8_t inside) {
  Mask mask(size);
  std::uint32_t begin = 0;
  for (Run const& run : runs) {
    if (run.value == inside) mask.append(begin, run.end);
    begin = run.end;
  }
  return mask;
}

std::vector<std::uint32_t> Mask::counts() const {
  std::vector<std::uint32_t> counts;
  counts.reserve(bounds_.size() + 1);
  std::uint32_t position = 0;
  for (std::uint32_t const bound : bounds_) {
    counts.push_back(bound - position);
    position = bound;
  }
  auto const pixels = static_cast<std::uint32_t>(size_.pixels());
  if (position < pixels || counts.empty()) counts.push_back(pixels - position);
  return counts;
}

Mask united(Mask const& a, Mask const& b) {
  require_same_size(a.size(), "a mask", b.size(), "another mask");
  Mask result(a.size());
  result.bounds_.reserve(a.bounds_.size() + b.bounds_.size());
  auto const merge = [&result](std::uint32_t begin, std::uint32_t end) {
    std::uint32_t const covered = result.bounds_.empty() ? 0 : result.bounds_.back();
    if (end > covered) result.append(std::max(begin, covered), end);
  };
  for (std::size_t i = 0, j = 0; i < a.bounds_.size() || j < b.bounds_.size();) {
    bool const take_a =
        j == b.bounds_.size() || (i < a.bounds_.size() && a.bounds_[i] <= b.bounds_[j]);
    if (take_a) {
      merge(a.bounds_[i], a.bounds_[i + 1]);
      i += 2;
    } else {
      merge(b.bounds_[j], b.bounds_[j + 1]);
      j += 2;
    }
  }
  return result;
}

Mask without(Mask const& a, Mask const& b) {
  require_same_size(a.size(), "a mask", b.size(), "another mask");
  Mask result(a.size());
  std::size_t j = 0;
  for (std::size_t i = 0; i < a.bounds_.size(); i += 2) {
    std::uint32_t begin = a.bounds_[i];
    std::uint32_t const end = a.bounds_[i + 1];
    while (j < b.bounds_.size() && b.bounds_[j + 1] <= begin) j += 2;
    // A run of b may extend into the next run of a, so j stays on it.
    for (std::size_t k = j; begin < end; k += 2) {
      bool const cut = k < b.bounds_.size() && b.bounds_[k] < end;
      result.append(begin, cut ? std::max(begin, b.bounds_[k]) : end);
      if (!cut) break;
      begin = b.bounds_[k + 1];
    }
  }
  return result;
}

Mask mask_of(LabelRuns const& labels, Label label) {
  return Mask::from_runs(labels.size(), labels.runs(), label);
}

std::array<std::uint64_t, 256> overlap_histogram(Mask const& mask, LabelRuns const& labels) {
  require_same_size(mask.size(), "a mask", labels.size(), "the label map");
  std::array<std::uint64_t, 256> histogram{};
  std::span<Run const> const runs = labels.runs();
  std::span<std::uint32_t const> const bounds = mask.bounds();
  std::uint32_t const height = labels.size().height;
  std::size_t run = 0;
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    std::uint32_t begin = bounds[i];
    std::uint32_t const end = bounds[i + 1];
    // A run within about a column is close; beyond that, the column index finds it.
    if (begin > runs[run].end + height) run = labels.run_at(begin);
    while (runs[run].end <= begin) ++run;
    while (begin < end) {
      std::uint32_t const stop = std::min(end, runs[run].end);
      histogram[runs[run].value] += stop - begin;
      begin = stop;
      if (runs[run].end == stop && begin < end) ++run;
    }
  }
  return histogram;
}

std::size_t Canvas::number_of(Label label) {
  auto const known = std::ranges::find(labels_, label);
  auto const number = static_cast<std::size_t>(known - labels_.begin());
  if (known != labels_.end()) return number;
  labels_.push_back(label);
  if (number >> planes_.size() != 0) planes_.emplace_back((size_.pixels() + 63) / 64);
  return number;
}

void Canvas::paint(Mask const& mask, Label label) {
  require_same_size(mask.size(), "a mask", size_, "the canvas");
  std::size_t const number = number_of(label);
  for (std::size_t bit = 0; bit < planes_.size(); ++bit) {
    if ((number >> bit & 1) != 0) {
      set_bits(planes_[bit], mask.bounds());
    } else {
      clear_bits(planes_[bit], mask.bounds());
    }
  }
}

std::vector<Run> Canvas::runs() const {
  std::vector<Run> runs;
  auto const pixels = static_cast<std::uint32_t>(size_.pixels());
  std::size_t number = 0;  // of the current run
  std::size_t const words = planes_.empty() ? 0 : planes_[0].size();
  std::array<std::uint64_t, 8> last{};
  auto const changes_in = [&](std::size_t bit, std::size_t word) {
    std::uint64_t const plane = planes_[bit][word];
    return plane ^ (plane << 1 | std::exchange(last[bit], plane >> 63));
  };
  for (std::size_t word = 0; word < words; ++word) {
    std::uint64_t changes = changes_in(0, word);
    for (std::size_t bit = 1; bit < planes_.size(); ++bit) changes |= changes_in(bit, word);
    if (changes == 0) continue;
    for (; changes != 0; changes &= changes - 1) {
      auto const place = static_cast<unsigned>(std::countr_zero(changes));
      auto const position = static_cast<std::uint32_t>(word * 64 + place);
      if (position == pixels) break;
      if (position > 0) runs.push_back({position, labels_[number]});
      number = 0;
      for (std::size_t bit = 0; bit < planes_.size(); ++bit) {
        number |= (planes_[bit][word] >> place & 1) << bit;
      }
    }
  }
  runs.push_back({pixels, labels_[number]});
  return runs;
}

LabelMap Canvas::labels() const {
  return LabelMap(LabelRuns(size_, runs()));
}

}  // namespace seplflow
