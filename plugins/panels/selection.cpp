#include "selection.hpp"

#include <algorithm>
#include <set>

namespace seplflow::panels {
namespace {

// A number that depends on nothing but the seed and the name, so that a sample has the same chance
// in every run, shard and order.
double draw(std::int64_t seed, std::string const& id) {
  std::uint64_t hash =
      0xcbf29ce484222325u ^ (static_cast<std::uint64_t>(seed) * 0x9e3779b97f4a7c15u);
  for (char const c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  for (int round = 0; round < 2; ++round) {
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
  }
  return static_cast<double>(hash >> 11);
}

}  // namespace

void Ranking::add(Candidate const& candidate) {
  if (count_ == 0) return;
  auto const place = std::ranges::upper_bound(candidates_, candidate.rank, {}, &Candidate::rank);
  candidates_.insert(place, candidate);
  if (candidates_.size() > count_) candidates_.pop_back();
}

void SaveBound::add(double rank) {
  if (!admits(rank)) return;
  ranks_.insert(std::ranges::upper_bound(ranks_, rank), rank);
  if (ranks_.size() > count_) ranks_.pop_back();
}

void Selection::begin(Select const& select, std::int64_t seed) {
  select_ = select;
  seed_ = seed;
  std::int64_t const counts[] = {static_cast<std::int64_t>(select.names.size()), select.worst,
                                 select.best, select.random, select.first};
  char const* const names[] = {"", "worst", "best", "random", "first"};
  for (std::size_t g = 0; g < kGroups; ++g) {
    ranked_[g].name = names[g];
    ranked_[g].shown.limit(counts[g]);
    ranked_[g].saved.limit(counts[g]);
  }
}

std::optional<double> Selection::rank(std::size_t group, Sample const& sample,
                                      std::optional<double> gain) const {
  if (ranked_[group].shown.count() == 0) return std::nullopt;
  switch (group) {
    case kNames: {
      auto const found = std::ranges::find(select_.names, sample.id);
      if (found == select_.names.end()) return std::nullopt;
      return static_cast<double>(found - select_.names.begin());
    }
    case kWorst:
      return gain;
    case kBest:
      return gain ? std::optional(-*gain) : std::nullopt;
    case kRandom:
      return draw(seed_, sample.id);
    default:
      return static_cast<double>(sample.index);
  }
}

bool Selection::saves(Sample const& sample, std::optional<double> gain) const {
  for (std::size_t g = 0; g < kGroups; ++g) {
    auto const its_rank = rank(g, sample, gain);
    if (its_rank && ranked_[g].saved.admits(*its_rank)) return true;
  }
  return false;
}

std::vector<Selection::Group> Selection::groups() const {
  std::vector<Group> groups;
  std::set<std::string> known;
  for (std::size_t g = 0; g < kGroups; ++g) {
    Group group{ranked_[g].name, {}};
    for (Candidate const& candidate : ranked_[g].shown.candidates()) {
      if (known.insert(candidate.id).second) group.candidates.push_back(candidate);
    }
    bool const by_rank = g == kNames || g == kWorst || g == kBest;
    if (!by_rank) std::ranges::stable_sort(group.candidates, {}, &Candidate::index);
    if (!group.candidates.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::string> Selection::missing_names() const {
  std::vector<std::string> missing;
  for (std::string const& name : select_.names) {
    auto const& found = ranked_[kNames].shown.candidates();
    if (std::ranges::find(found, name, &Candidate::id) == found.end()) missing.push_back(name);
  }
  return missing;
}

}  // namespace seplflow::panels
