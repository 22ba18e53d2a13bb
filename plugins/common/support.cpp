#include "common/support.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace seplflow {
namespace {

constexpr std::size_t kBins = 256;
constexpr double kNoThreshold = 0.5;  // where all support is in one bin

// The sums of a cell for one class: of the weights of its votes, and of the votes themselves.
struct Sums {
  double extra = 0, total = 0;
};

// What the voters say of each cell.
struct Votes {
  std::vector<std::uint32_t> voters;  // by cell; those whose pixels are all 255 do not vote
  std::vector<Sums> sums;             // cells x classes
};

Votes votes_of(PixelGroups const& groups, double base_weight) {
  struct Vote {
    std::size_t k;
    Sums sums;
  };
  std::vector<std::vector<Vote>> of_voter(groups.voters.size());
  for (std::size_t v = 0; v < groups.voters.size(); ++v) {
    auto const& [known, of_class] = groups.voters[v];
    for (std::size_t k = 0; known > 0 && k < of_class.size(); ++k) {
      if (of_class[k] == 0) continue;
      auto const common = static_cast<double>(of_class[k]);
      double const extra = std::sqrt(common / static_cast<double>(groups.class_pixels[k]));
      double const share = common / static_cast<double>(known);
      of_voter[v].push_back({k, {extra, (base_weight + extra) * share}});
    }
  }
  std::size_t const classes = groups.classes.size();
  Votes votes{std::vector<std::uint32_t>(groups.cell_count()),
              std::vector<Sums>(groups.cell_count() * classes)};
  for (std::size_t cell = 0; cell < groups.cell_count(); ++cell) {
    Sums* const of_cell = votes.sums.data() + cell * classes;
    for (std::uint32_t const v : groups.voters_over(cell)) {
      votes.voters[cell] += groups.voters[v].known > 0 ? 1 : 0;
      for (Vote const& vote : of_voter[v]) {
        of_cell[vote.k].extra += vote.sums.extra;
        of_cell[vote.k].total += vote.sums.total;
      }
    }
  }
  return votes;
}

// Otsu's threshold of a histogram of pixels: where two classes of values differ most. In a gap of
// the histogram it is the middle.
double level_of(std::array<std::uint64_t, kBins> const& histogram, double least) {
  std::uint64_t weight = 0, moment = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    weight += histogram[bin];
    moment += histogram[bin] * bin;
  }
  std::uint64_t below = 0, moment_below = 0;
  double most = 0;
  std::size_t first = 0, last = 0;
  for (std::size_t bin = 0; bin + 1 < kBins; ++bin) {
    below += histogram[bin];
    moment_below += histogram[bin] * bin;
    if (below == 0 || below == weight) continue;
    // The difference fits, whether or not the products do.
    auto const distance = static_cast<std::int64_t>(moment * below - moment_below * weight);
    auto const d = static_cast<double>(distance);
    double const variance =
        d * d / (static_cast<double>(below) * static_cast<double>(weight - below));
    if (variance > most) {
      most = variance;
      first = bin;
    }
    if (variance == most) last = bin;
  }
  if (most == 0) return kNoThreshold;
  return std::max(least, static_cast<double>(first + last + 2) / (2.0 * kBins));
}

double threshold_of(PixelGroups const& groups, std::vector<double> const& support, double least) {
  std::array<std::uint64_t, kBins> histogram{};
  for (std::size_t g = 0; g < support.size(); ++g) {
    if (support[g] <= 0) continue;
    auto const bin = static_cast<std::size_t>(kBins * support[g]);
    histogram[std::min(bin, kBins - 1)] += groups.groups[g].pixels;
  }
  return level_of(histogram, least);
}

// The support of a class, by group.
void find_support(SupportOptions const& options, PixelGroups const& groups, Votes const& votes,
                  std::size_t k, std::vector<double>& support) {
  for (std::size_t g = 0; g < support.size(); ++g) {
    auto const& group = groups.groups[g];
    double const own = group.pseudo == groups.classes[k] ? 1 : 0;
    std::uint32_t const voters = votes.voters[group.cell];
    auto const& [extra, total] = votes.sums[group.cell * groups.classes.size() + k];
    double const weight = options.base_weight * voters + extra;
    double const mean = weight > 0 ? total / weight : 0;
    support[g] =
        voters > 0 ? (mean + options.pseudo_weight * own) / (1 + options.pseudo_weight) : own;
  }
}

// Gives the class to the pixels that have it in the pseudo-label and are background.
void keep(Label label, PixelGroups const& groups, std::vector<Label>& labels) {
  for (std::size_t g = 0; g < labels.size(); ++g) {
    bool const is_free = labels[g] == kBackground;
    if (is_free && groups.groups[g].pseudo == label) labels[g] = label;
  }
}

}  // namespace

SupportedLabels labels_by_support(PixelGroups const& groups, SupportOptions const& options,
                                  bool wants_support) {
  std::size_t const count = groups.groups.size();
  Votes const votes = votes_of(groups, options.base_weight);
  SupportedLabels result{std::vector<Label>(count), {}, {}, {}};
  std::vector<double> best(count), support(count);
  for (std::size_t k = 0; k < groups.classes.size(); ++k) {
    find_support(options, groups, votes, k, support);
    double const threshold = threshold_of(groups, support, options.min_support);
    for (std::size_t g = 0; g < count; ++g) {
      if (support[g] > threshold && support[g] / threshold > best[g]) {
        result.labels[g] = groups.classes[k];
        best[g] = support[g] / threshold;
      }
    }
    result.thresholds.push_back(threshold);
    if (wants_support) result.support.insert(result.support.end(), support.begin(), support.end());
  }
  for (Label const label : groups.classes) {
    bool const won = std::ranges::find(result.labels, label) != result.labels.end();
    result.wins.push_back(won);
    if (!won) keep(label, groups, result.labels);
  }
  if (options.keep_ignore) keep(kIgnore, groups, result.labels);
  return result;
}

LabelMap label_map_of(PixelGroups const& groups, std::vector<Label> const& labels) {
  std::vector<Run> runs;
  for (auto const& [end, group] : groups.segments) {
    if (runs.empty() || runs.back().value != labels[group]) runs.push_back({end, labels[group]});
    runs.back().end = end;
  }
  return LabelMap(LabelRuns(groups.size, std::move(runs)));
}

}  // namespace seplflow
