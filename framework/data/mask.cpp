#include <seplflow/mask.hpp>

#include <algorithm>
#include <bit>
#include <utility>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

// Gives the bits of a mask in a plane the value of those of `fill`, which are all equal. It is not a
// constant to the compiler, which would call memset for the few words between two ends.
void paint_bits(std::span<std::uint64_t> plane, std::span<std::uint32_t const> bounds,
                std::uint64_t fill) {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  auto const paint = [&](std::uint32_t word, std::uint64_t bits) {
    plane[word] ^= (plane[word] ^ fill) & bits;
  };
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    std::uint32_t const begin = bounds[i], end = bounds[i + 1];
    std::uint32_t const first = begin / 64, last = end / 64;
    std::uint64_t const from_begin = kAll << begin % 64, before_end = ~(kAll << end % 64);
    if (first == last) {
      paint(first, from_begin & before_end);
      continue;
    }
    paint(first, from_begin);
    for (std::uint32_t word = first + 1; word < last; ++word) plane[word] = fill;
    paint(last, before_end);
  }
}

using Plane = std::vector<std::uint64_t>;

// The runs of labels by their numbers, whose bits are in the planes; kPlanes is 0 for any number of
// planes. Most canvases have one, and the loop over its words is most of the work.
template <std::size_t kPlanes>
std::vector<Run> runs_in(std::span<Plane const> planes, std::span<Label const> labels, Size size) {
  auto const pixels = static_cast<std::uint32_t>(size.pixels());
  std::vector<Run> runs;
  runs.reserve(planes.empty() ? 1 : std::size_t{2} * size.width + 1);
  std::size_t const words = planes.empty() ? 0 : planes[0].size();
  std::size_t const count = kPlanes > 0 ? kPlanes : planes.size();
  std::array<std::uint64_t, 8> last{}, now{};
  std::size_t number = 0;  // of the current run
  for (std::size_t word = 0; word < words; ++word) {
    std::uint64_t changes = 0;
    for (std::size_t bit = 0; bit < count; ++bit) {
      now[bit] = planes[bit][word];
      changes |= now[bit] ^ (now[bit] << 1 | last[bit] >> 63);
      last[bit] = now[bit];
    }
    for (; changes != 0; changes &= changes - 1) {
      auto const place = static_cast<unsigned>(std::countr_zero(changes));
      auto const position = static_cast<std::uint32_t>(word * 64 + place);
      if (position == pixels) break;
      if (position > 0) runs.push_back({position, labels[number]});
      number = 0;
      for (std::size_t bit = 0; bit < count; ++bit) number |= (now[bit] >> place & 1) << bit;
    }
  }
  runs.push_back({pixels, labels[number]});
  return runs;
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
  // With a word for the end of the last pixel.
  if (number >> planes_.size() != 0) planes_.emplace_back(size_.pixels() / 64 + 1);
  return number;
}

void Canvas::paint(Mask const& mask, Label label) {
  require_same_size(mask.size(), "a mask", size_, "the canvas");
  std::size_t const number = number_of(label);
  for (std::size_t bit = 0; bit < planes_.size(); ++bit) {
    paint_bits(planes_[bit], mask.bounds(), (number >> bit & 1) != 0 ? ~std::uint64_t{0} : 0);
  }
}

std::vector<Run> Canvas::runs() const {
  if (planes_.size() == 1) return runs_in<1>(planes_, labels_, size_);
  if (planes_.size() == 2) return runs_in<2>(planes_, labels_, size_);
  return runs_in<0>(planes_, labels_, size_);
}

LabelMap Canvas::labels() const {
  return LabelMap(LabelRuns(size_, runs()));
}

}  // namespace seplflow
