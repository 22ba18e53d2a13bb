// Results depend neither on the number of threads nor on the number of samples in flight.

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace {

void require_equal_results(Workplace const& place,
                           std::vector<std::vector<std::string>> const& ways, int status,
                           ProgramOptions const& options = {}) {
  for (std::size_t i = 0; i < ways.size(); ++i) {
    CAPTURE(ways[i]);
    std::string const out = "out" + std::to_string(i);
    REQUIRE(place.run(out, ways[i], options).status == status);
    auto const first = results_in(place.folder / "out0"), results = results_in(place.folder / out);
    REQUIRE(names_of(results) == names_of(first));
    for (auto const& [name, bytes] : results) {
      CAPTURE(name);
      CHECK(bytes == first.at(name));
    }
  }
}

std::vector<std::vector<std::string>> const kWays = {{"--jobs", "1"},
                                                     {"--jobs", "2"},
                                                     {"--jobs", "8"},
                                                     {"--jobs", "1", "--set", "run.in_flight=1"},
                                                     {"--jobs", "8", "--set", "run.in_flight=1"},
                                                     {"--jobs", "8", "--set", "run.in_flight=3"},
                                                     {"--jobs", "2", "--set", "run.in_flight=200"}};

}  // namespace

TEST_CASE("a run has the same bytes with any number of threads and samples in flight") {
  Workplace const place(scenes_pipeline(60));
  require_equal_results(place, kWays, 0);
  CHECK(files_in(place.folder / "out0/write").size() == 60);
}

TEST_CASE("a run whose samples fail has the same bytes with any number of threads") {
  Workplace const place(
      scenes_pipeline(60,
                      "[stages.faulty]\nuse = \"test.faulty\"\nin = \"select\"\nevery = 7\n"
                      "[stages.more]\nuse = \"output.labels\"\nin = \"faulty\"\n"
                      "[run]\non_error = \"skip\"\n"));
  require_equal_results(place, kWays, 1, with_faulty());
  CHECK(files_in(place.folder / "out0/more").size() == 60 - 60 / 7);
}
