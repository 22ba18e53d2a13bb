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

using Words = std::span<std::uint64_t const>;

// A buffer for the runs of a label map. It grows several times, so it is kept for the next one, unless
// it is unusually large.
class RunBuffer {
 public:
  ~RunBuffer() {
    constexpr std::size_t kKept = 1 << 17;
    if (runs_.size() > kKept) runs_ = {};
  }

  // The place of the run after `count` runs, with room for one for each bit of a word and one more.
  Run* place(std::size_t count) {
    if (runs_.size() < count + 65) runs_.resize(2 * runs_.size() + 65);
    return runs_.data() + count;
  }

 private:
  static std::vector<Run>& of_this_thread() {
    thread_local std::vector<Run> runs;
    return runs;
  }

  std::vector<Run>& runs_ = of_this_thread();
};

// The runs of labels by their numbers, whose bits are in the planes; kPlanes is 0 for any number of
// planes. Most label maps have one, and the loop over its words is most of the work.
template <std::size_t kPlanes>
std::vector<Run> runs_in(std::span<Words const> planes, std::span<Label const> labels,
                         std::uint32_t pixels) {
  RunBuffer buffer;
  std::size_t const words = planes.empty() ? 0 : planes[0].size();
  std::size_t const planes_used = kPlanes > 0 ? kPlanes : planes.size();
  // Copies, since a label that is written may change what is not local, as far as a compiler knows.
  constexpr std::size_t kMost = kPlanes > 0 ? kPlanes : 8;
  std::array<std::uint64_t const*, kMost> bits{};
  for (std::size_t bit = 0; bit < planes_used; ++bit) bits[bit] = planes[bit].data();
  std::array<Label, 256> label_of{};
  std::ranges::copy(labels, label_of.begin());
  std::array<std::uint64_t, kMost> now{}, current{};  // the second: 64 times the bit of the current run
  std::size_t number = 0;                             // of the current run
  std::size_t count = 0;
  auto const is_within_run = [&](std::size_t word) {
    std::uint64_t others = 0;
    for (std::size_t bit = 0; bit < planes_used; ++bit) others |= bits[bit][word] ^ current[bit];
    return others == 0;
  };
  for (std::size_t word = 0;; ++word) {
    while (word < words && is_within_run(word)) ++word;
    if (word >= words) break;
    std::uint64_t changes = 0;
    for (std::size_t bit = 0; bit < planes_used; ++bit) {
      now[bit] = bits[bit][word];
      changes |= now[bit] ^ (now[bit] << 1 | (current[bit] & 1));
      current[bit] = 0 - (now[bit] >> 63);
    }
    Run* const first = buffer.place(count);
    Run* run = first;
    for (; changes != 0; changes &= changes - 1, ++run) {
      auto const place = static_cast<unsigned>(std::countr_zero(changes));
      run->end = static_cast<std::uint32_t>(word * 64 + place);
      run->value = label_of[number];
      if constexpr (kPlanes == 1) {
        number ^= 1;
      } else {
        number = 0;
        for (std::size_t bit = 0; bit < planes_used; ++bit) {
          number |= (now[bit] >> place & 1) << bit;
        }
      }
    }
    count += static_cast<std::size_t>(run - first);
  }
  // A change at the first pixel ends no run, and one after the last pixel ends the last run.
  *buffer.place(count) = {pixels, label_of[number]};
  Run const* const runs = buffer.place(count) - count;
  bool const has_end = count > 0 && runs[count - 1].end == pixels;
  return {runs + (runs[0].end == 0 ? 1 : 0), runs + count + (has_end ? 0 : 1)};
}

std::vector<Run> runs_in(std::vector<Words> const& planes, std::span<Label const> labels,
                         std::uint32_t pixels) {
  if (planes.size() == 1) return runs_in<1>(planes, labels, pixels);
  if (planes.size() == 2) return runs_in<2>(planes, labels, pixels);
  return runs_in<0>(planes, labels, pixels);
}

std::size_t words_for(Size size) {
  return size.pixels() / 64 + 1;  // with a bit for the end of the last pixel
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
    // A run within about a column is close; one beyond that is searched for.
    if (begin > runs[run].end + height) run = labels.run_at(begin, run);
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

LabelMap raised(LabelMap const& labels, Mask const& mask, Label label) {
  require_same_size(mask.size(), "a mask", labels.size(), "the label map");
  std::span<std::uint32_t const> const bounds = mask.bounds();
  if (bounds.empty()) return labels;
  std::span<Run const> const before = labels.runs().runs();
  std::size_t run = labels.runs().run_at(bounds.front());
  std::vector<Run> runs(before.size() + bounds.size());  // a run of the mask adds at most two
  Run* const first = runs.data();
  Run* next = std::ranges::copy(before.first(run), first).out;
  std::uint32_t position = run == 0 ? 0 : before[run - 1].end;
  auto const append = [&](std::uint32_t end, Label value) {
    if (next == first || next[-1].value != value) *next++ = {0, value};
    next[-1].end = position = end;
  };
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    std::uint32_t const begin = bounds[i], end = bounds[i + 1];
    for (; before[run].end <= begin; ++run) append(before[run].end, before[run].value);
    if (position < begin) append(begin, before[run].value);
    for (; before[run].end < end; ++run) append(before[run].end, std::max(before[run].value, label));
    append(end, std::max(before[run].value, label));
    if (before[run].end == end) ++run;
  }
  if (run < before.size()) {
    append(before[run].end, before[run].value);
    next = std::ranges::copy(before.subspan(run + 1), next).out;
  }
  runs.resize(static_cast<std::size_t>(next - first));
  return LabelMap(LabelRuns::trusted(labels.size(), std::move(runs)));
}

std::size_t Canvas::number_of(Label label) {
  auto const known = std::ranges::find(labels_, label);
  auto const number = static_cast<std::size_t>(known - labels_.begin());
  if (known != labels_.end()) return number;
  labels_.push_back(label);
  if (number >> planes_.size() != 0) planes_.emplace_back(words_for(size_));
  return number;
}

void Canvas::paint(Mask const& mask, Label label) {
  require_same_size(mask.size(), "a mask", size_, "the canvas");
  std::size_t const number = number_of(label);
  for (std::size_t bit = 0; bit < planes_.size(); ++bit) {
    paint_bits(planes_[bit], mask.bounds(), (number >> bit & 1) != 0 ? ~std::uint64_t{0} : 0);
  }
}

LabelMap Canvas::labels() const {
  auto const pixels = static_cast<std::uint32_t>(size_.pixels());
  return LabelMap(LabelRuns(size_, runs_in({planes_.begin(), planes_.end()}, labels_, pixels)));
}

}  // namespace seplflow
