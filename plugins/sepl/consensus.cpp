#include "consensus.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pixel_groups.hpp"
#include "stages.hpp"

namespace seplflow::sepl {
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
    auto const bin = static_cast<std::size_t>(std::floor(kBins * support[g]));
    histogram[std::min(bin, kBins - 1)] += groups.groups[g].pixels;
  }
  return level_of(histogram, least);
}

// The support of a class, by group.
void find_support(Consensus const& options, PixelGroups const& groups, Votes const& votes,
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

void Consensus::check(OptionCheck& check) {
  wants_support_ = check.wanted("scores");
}

Consensus::Verdict Consensus::decide(LabelMap const& pseudo, MaskSet const& masks) const {
  auto const groups = std::make_shared<PixelGroups const>(pseudo, masks);
  std::size_t const count = groups->groups.size();
  Votes const votes = votes_of(*groups, base_weight);
  Verdict verdict{groups, std::vector<Label>(count), {}};
  std::vector<double> best(count), support(count);
  for (std::size_t k = 0; k < groups->classes.size(); ++k) {
    find_support(*this, *groups, votes, k, support);
    double const threshold = threshold_of(*groups, support, min_support);
    for (std::size_t g = 0; g < count; ++g) {
      if (support[g] > threshold && support[g] / threshold > best[g]) {
        verdict.labels[g] = groups->classes[k];
        best[g] = support[g] / threshold;
      }
    }
    if (wants_support_) {
      verdict.support.insert(verdict.support.end(), support.begin(), support.end());
    }
  }
  for (Label const label : groups->classes) {
    bool const won = std::ranges::find(verdict.labels, label) != verdict.labels.end();
    if (!won) keep(label, *groups, verdict.labels);
  }
  if (keep_ignore) keep(kIgnore, *groups, verdict.labels);
  return verdict;
}

std::tuple<LabelMap, ScoreMaps> Consensus::carry_out(Verdict const& verdict, LabelMap const&,
                                                     MaskSet const&) {
  PixelGroups const& groups = *verdict.groups;
  std::size_t const pixels = groups.size.pixels(), count = groups.groups.size();
  std::size_t const planes = count == 0 ? 0 : verdict.support.size() / count;
  std::vector<Run> runs;
  runs.reserve(groups.segments.size());
  std::vector<double> values(planes * pixels);
  std::uint32_t begin = 0;
  for (auto const& [end, group] : groups.segments) {
    runs.push_back({end, verdict.labels[group]});
    for (std::size_t k = 0; k < planes; ++k) {
      double const support = verdict.support[k * count + group];
      for (std::uint32_t position = begin; position < end; ++position) {
        std::size_t const y = position % groups.size.height, x = position / groups.size.height;
        values[k * pixels + y * groups.size.width + x] = support;
      }
    }
    begin = end;
  }
  std::vector<Label> classes(groups.classes.begin(),
                             groups.classes.begin() + static_cast<std::ptrdiff_t>(planes));
  return {LabelMap(LabelRuns(groups.size, std::move(runs))),
          ScoreMaps(groups.size, std::move(classes), std::move(values))};
}

void declare_consensus(Plugin& plugin) {
  plugin
      .stage<Consensus>(
          "sepl.consensus",
          "Gives each pixel the class that all masks over it support most, instead of "
          "selecting masks")
      .inputs("pseudo", "masks")
      .outputs("labels", "scores")
      .option("base_weight", &Consensus::base_weight,
              "weight of a mask in the mean, besides the square root of the share of the "
              "pseudo-label that it covers; larger values let masks say no to a class more loudly",
              at_least(0))
      .option("pseudo_weight", &Consensus::pseudo_weight,
              "weight of the pseudo-label of the pixel itself, where all masks together have 1",
              at_least(0))
      .option("min_support", &Consensus::min_support, "least value of the threshold of a class",
              in_range(0, 1))
      .option("keep_ignore", &Consensus::keep_ignore,
              "keep 255 from the pseudo-label where no class is painted")
      .details(
          "This rule is not from the paper. SEPL decides for each mask whether to keep it, and "
          "unites what it keeps. So a mask that t2 keeps, because it envelops the object, paints "
          "all that it covers, whatever other masks show. Here every mask votes at every pixel: "
          "its vote for class k is the share of it that the pseudo-label gives to k, so a mask of "
          "the background votes against all classes.\n\n"
          "The support of class k at a pixel is (m + `pseudo_weight` * p) / (1 + `pseudo_weight`). "
          "p is 1 where the pseudo-label of the pixel is k, else 0. m is the weighted mean of |S "
          "and P_k| / |S| over the masks S that cover the pixel, with the weight `base_weight` + "
          "sqrt(|S and P_k| / |P_k|). Pixels of S whose pseudo-label is 255 are left out of |S|, "
          "and a "
          "mask of nothing else does not vote. What no mask covers is divided into 4-connected "
          "pieces, and each of them votes like a mask.\n\n"
          "Each class has a threshold of its own: that of Otsu over all support above 0 in the "
          "image, in 256 bins, but at least `min_support`. A pixel gets the class whose support "
          "exceeds its threshold by the greatest factor; exact ties go to the lower id. A class "
          "that "
          "wins no pixel keeps its pseudo-label where no other class is.\n\n"
          "The output `scores` is the support of each class of the pseudo-label. Results are equal "
          "to the bit "
          "on every machine.\n\n"
          "When to use it: in simulations it kept SEPL's gain where masks envelop objects, on COCO "
          "73.9 % mIoU against 28.2 of `sepl.select` and 58.2 of the pseudo-label, and it was "
          "better on "
          "clean masks too (85.7 against 74.8). It was worse on a few sets with eroded or partial "
          "pseudo-labels, the worst with few masks of the background (66.7 against 76.8), because "
          "a "
          "mask is outvoted where masks of the background are missing or the pseudo-label is too "
          "small. Most of these masks were made from the ground truth. It was not measured on "
          "masks of SAM itself, so compare it with `sepl.select` on your own data: both can be "
          "values of one axis of a sweep.");
}

}  // namespace seplflow::sepl
