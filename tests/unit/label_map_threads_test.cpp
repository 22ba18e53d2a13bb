// The forms that a label map makes when asked, asked for by several threads at once. Among the
// engine's tests, which ThreadSanitizer runs.
#include <algorithm>
#include <latch>
#include <thread>
#include <vector>

#include <seplflow/label_map.hpp>
#include "support/catch.hpp"

using namespace seplflow;

namespace {

constexpr int kThreads = 4;

struct Seen {
  Label const* pixels;
  LabelRuns const* runs;
  std::array<std::uint64_t, 256> const* areas;
  bool operator==(Seen const&) const = default;
};

// What each thread is given; half of them ask in the other order.
std::vector<Seen> seen_by_threads(LabelMap const& labels) {
  std::vector<Seen> seen(kThreads);
  std::latch all_there(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i, copy = labels] {
        all_there.arrive_and_wait();
        if (i % 2 == 0) {
          seen[i].areas = &label_areas(copy);
          seen[i].pixels = copy.pixels().data();
          seen[i].runs = &copy.runs();
        } else {
          seen[i].runs = &copy.runs();
          seen[i].pixels = copy.pixels().data();
          seen[i].areas = &label_areas(copy);
        }
      });
    }
  }
  return seen;
}

void require_one_of_each(LabelMap const& labels, std::vector<Label> const& pixels) {
  std::vector<Seen> const seen = seen_by_threads(labels);
  for (Seen const& each : seen) REQUIRE(each == seen[0]);
  REQUIRE(std::ranges::equal(labels.pixels(), pixels));
  REQUIRE(labels.runs() == LabelMap(labels.size(), pixels).runs());
  REQUIRE((*seen[0].areas)[7] == static_cast<std::uint64_t>(std::ranges::count(pixels, 7)));
}

}  // namespace

TEST_CASE("threads that share a label map share one of each form") {
  Size const size{60, 80};
  std::vector<Label> pixels(size.pixels());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = i / 11 % 5 == 0 ? 7 : 0;
  for (int round = 0; round < 50; ++round) {
    require_one_of_each(LabelMap(size, pixels), pixels);
    require_one_of_each(LabelMap(LabelMap(size, pixels).runs()), pixels);
  }
}
