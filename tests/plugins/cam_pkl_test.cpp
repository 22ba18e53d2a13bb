#include <string>
#include <vector>

#include <seplflow/score_maps.hpp>
#include "cam/stages.hpp"
#include "support/cam_files.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/temp_folder.hpp"

using namespace cam_files;
using namespace seplflow;

namespace {

using Options = std::map<std::string, OptionValue>;

StageDriver pkl_stage(TempFolder const& folder, Options options = {}) {
  options["dir"] = folder.path().string();
  return StageDriver(cam::declare_pkl, {std::move(options), {}, {}});
}

std::vector<Label> classes_in(std::string const& object, char protocol, Options options = {}) {
  TempFolder const folder;
  folder.write("a.pkl", pickle_bytes::pickled(object, protocol));
  auto const scores =
      pkl_stage(folder, std::move(options)).run<ScoreMaps>(voc_sample("a", Size{1, 2}));
  return {scores.classes().begin(), scores.classes().end()};
}

}  // namespace

TEST_CASE("cam.pkl takes a sample and outputs scores") {
  StageDriver const stage(cam::declare_pkl, {{{"dir", std::string("/")}}});
  CHECK(stage.declaration().name == "cam.pkl");
  CHECK(stage.declaration().outputs.at(0).name == "scores");
}

TEST_CASE("both kinds of RecurSeed's files are read from plain pickles") {
  for (char const protocol : {'\x02', '\x03', '\x04', '\x05'}) {
    CHECK(classes_in(with_keys({0, 6, 3}, {{"seed", kTwo}}), protocol) == std::vector<Label>{6, 3});
    CHECK(classes_in(with_keys({0, 6}, {{"seed", kTwo}}), protocol,
                     {{"method", std::string("recurseed")}}) == std::vector<Label>{0, 6});
  }
}

TEST_CASE("other methods' dicts are read from pickles as well") {
  CHECK(classes_in(with_keys({5, 2}, {{"high_res", kTwo}}), 4) == std::vector<Label>{6, 3});
  CHECK(classes_in(by_number({{0, floats({1, 2}, {1, 2})}}), 4, {{"method", std::string("psa")}}) ==
        std::vector<Label>{1});
}

TEST_CASE("the error for a missing pickle names a .npy file in its place") {
  TempFolder const folder;
  folder.write("a.npy", "");
  CHECK_THROWS_WITH(pkl_stage(folder).run<ScoreMaps>(voc_sample("a")),
                    Contains("but there is a.npy, which cam.npy reads"));
  folder.write("a.pkl", npy(with_keys({5, 2}, {{"high_res", kTwo}})));
  CHECK_THROWS_WITH(pkl_stage(folder).run<ScoreMaps>(voc_sample("a")), Contains("a.pkl"));
}

TEST_CASE("a truncated pickle is refused by name, wherever it ends") {
  std::string const whole = pickle_bytes::pickled(with_keys({0, 6, 3}, {{"seed", kTwo}}));
  for (std::size_t length = 0; length < whole.size(); length += 5) {
    TempFolder const folder;
    folder.write("a.pkl", whole.substr(0, length));
    CHECK_THROWS_WITH(pkl_stage(folder).run<ScoreMaps>(voc_sample("a")), Contains("a.pkl"));
  }
}
