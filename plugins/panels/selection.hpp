// Which samples of a run a contact sheet shows.
#pragma once

#include <cstdint>
#include <optional>
#include <seplflow/seplflow.hpp>
#include <string>
#include <vector>

namespace seplflow::panels {

// What a pipeline sets; 0 and none for nothing.
struct Select {
  std::int64_t worst = 0, best = 0, random = 0, first = 0;
  std::vector<std::string> names;

  bool any() const { return worst > 0 || best > 0 || random > 0 || first > 0 || !names.empty(); }
};

// A sample that may be on the sheet, with what is drawn of it as bytes.
struct Candidate {
  std::string id;
  std::uint64_t index = 0;  // in the data set
  double rank = 0;          // the lower, the better its chance in its group
  std::string bytes;        // empty if they were not kept
};

// The samples of the lowest ranks so far; of equal ranks, those that come first in the data set.
// Keeps no more than it shows.
class Ranking {
 public:
  void limit(std::int64_t count) { count_ = static_cast<std::size_t>(count); }
  std::size_t count() const { return count_; }
  void add(Candidate const& candidate);
  std::vector<Candidate> const& candidates() const { return candidates_; }

 private:
  std::size_t count_ = 0;
  std::vector<Candidate> candidates_;  // in the order of their ranks
};

// The rank up to which samples are saved for a later run. That run may have other samples, so more
// samples are saved than are shown.
class SaveBound {
 public:
  void limit(std::int64_t count) {
    constexpr std::size_t kMore = 8;
    count_ = count == 0 ? 0 : 2 * static_cast<std::size_t>(count) + kMore;
  }
  void add(double rank);
  bool admits(double rank) const {
    return count_ > 0 && (ranks_.size() < count_ || rank <= ranks_.back());
  }

 private:
  std::size_t count_ = 0;
  std::vector<double> ranks_;  // the lowest so far, ascending
};

// The samples that a run selects, whatever the number of threads or shards.
class Selection {
 public:
  void begin(Select const& select, std::int64_t seed);

  // Whether a sample is saved, by the samples so far.
  bool saves(Sample const& sample, std::optional<double> gain) const;
  // Called in data set order. `bytes` returns what is drawn of the sample.
  template <class Bytes>
  void add(Sample const& sample, std::optional<double> gain, Bytes const& bytes);

  struct Group {
    std::string name;
    std::vector<Candidate> candidates;  // in the order in which they are shown
  };
  // The groups with samples; a sample is only in the first group that selects it.
  std::vector<Group> groups() const;
  // Those of `names` that were not among the samples.
  std::vector<std::string> missing_names() const;

 private:
  struct Ranked {
    std::string name;
    Ranking shown;
    SaveBound saved;
  };
  enum { kNames, kWorst, kBest, kRandom, kFirst, kGroups };
  std::optional<double> rank(std::size_t group, Sample const& sample,
                             std::optional<double> gain) const;

  Select select_;
  std::int64_t seed_ = 0;
  Ranked ranked_[kGroups];
};

template <class Bytes>
void Selection::add(Sample const& sample, std::optional<double> gain, Bytes const& bytes) {
  std::optional<std::string> made;
  for (std::size_t g = 0; g < kGroups; ++g) {
    auto const its_rank = rank(g, sample, gain);
    if (!its_rank) continue;
    Ranking& shown = ranked_[g].shown;
    bool const fits = shown.candidates().size() < shown.count() ||
                      (shown.count() > 0 && *its_rank < shown.candidates().back().rank);
    if (fits) {
      if (!made) made = bytes();
      shown.add({sample.id, sample.index, *its_rank, *made});
    }
    ranked_[g].saved.add(*its_rank);
  }
}

}  // namespace seplflow::panels
