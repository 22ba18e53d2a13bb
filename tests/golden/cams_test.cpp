// CAM files in the dialects of the methods, written by real numpy and torch, and the label maps
// that the methods' own rules make of them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <seplflow/formats/png.hpp>
#include <seplflow/score_maps.hpp>
#include "cam/stages.hpp"
#include "label/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;

namespace {

using Options = std::map<std::string, OptionValue>;

fs::path cams() {
  return test_data() / "cams";
}

StageDriver loader_of(std::string const& folder, Options options) {
  options["dir"] = (cams() / folder).string();
  auto const declare = folder == "recurseed" ? cam::declare_pkl
                       : folder == "l2g"     ? cam::declare_png_per_class
                                             : cam::declare_npy;
  StageDriver loader(declare, {std::move(options), {}, {}});
  REQUIRE(loader.problems() == "");
  return loader;
}

LabelMap threshold(ScoreMaps const& scores, Options const& options) {
  StageDriver stage(label::declare_threshold, {options, {"scores"}, {}});
  REQUIRE(stage.problems() == "");
  return stage.run<LabelMap>(voc_sample("a"), scores);
}

// "0.26", "alpha16" or nothing
Options rule_of(std::string const& text) {
  constexpr std::string_view kAlpha = "alpha";
  if (text.empty()) return {};
  if (text.starts_with(kAlpha)) return {{"alpha", std::stod(text.substr(kAlpha.size()))}};
  return {{"background", std::stod(text)}};
}

// Compares all label maps of a folder KIND@RULE with ours; how many they are.
std::size_t compare(std::string const& kind_and_rule, bool by_method) {
  std::string const kind = kind_and_rule.substr(0, kind_and_rule.find('@'));
  std::string const rule = kind == kind_and_rule ? "" : kind_and_rule.substr(kind.size() + 1);
  std::string const method = kind == "plain21" ? "ppc" : kind;
  // PSA's files alone do not say what they are.
  bool const set = by_method || kind == "psa" || kind == "seam";
  StageDriver loader = loader_of(kind, set ? Options{{"method", method}} : Options());
  std::size_t count = 0;
  for (auto const& entry : fs::directory_iterator(cams() / "expected" / kind_and_rule)) {
    LabelMap const expected = read_label_png(entry.path());
    Sample const sample = voc_sample(entry.path().stem().string(), expected.size());
    LabelMap const labels = threshold(loader.run<ScoreMaps>(sample), rule_of(rule));
    INFO(entry.path());
    REQUIRE(labels == expected);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("simulated: the CAMs of every method give the labels of the method's own rule") {
  std::size_t folders = 0;
  for (auto const& entry : fs::directory_iterator(cams() / "expected")) {
    std::string const name = entry.path().filename().string();
    INFO(name);
    CHECK(compare(name, true) == 3);
    CHECK(compare(name, false) == 3);
    ++folders;
  }
  CHECK(folders == 11);
}

TEST_CASE("simulated: every method's published rule gives its expected labels") {
  for (char const* const kind : {"irn@0.15", "psa@0.2", "seam@0.26", "clipes@alpha1", "l2g@0.25",
                                 "puzzlecam@0.25", "puzzlecam_rw@0.35", "recurseed@alpha2"}) {
    std::string const text = kind;
    std::string const method = text.substr(0, text.find('@'));
    StageDriver stage(label::declare_threshold, {{{"method", method}}, {"scores"}, {}});
    for (auto const& [option, value] : rule_of(text.substr(method.size() + 1))) {
      INFO(kind);
      CHECK(stage.instance().option(find_option(stage.declaration(), option).value()) == value);
    }
  }
}

TEST_CASE("simulated: CAMs of every pickle protocol, byte order and layout are the same") {
  auto const read = [](std::string const& name, std::string const& method) {
    return loader_of("protocols", {{"method", method}}).run<ScoreMaps>(voc_sample(name));
  };
  auto const require_equal = [](ScoreMaps const& a, ScoreMaps const& b) {
    REQUIRE(a.size() == b.size());
    REQUIRE(std::ranges::equal(a.classes(), b.classes()));
    for (std::size_t k = 0; k < a.classes().size(); ++k) {
      a.visit_plane(k, [&](auto one) {
        b.visit_plane(k, [&](auto other) { REQUIRE(std::ranges::equal(one, other)); });
      });
    }
  };
  ScoreMaps const irn = read("irn_p4", "irn"), psa = read("psa_p4", "psa");
  CHECK_FALSE(irn.classes().empty());
  CHECK_FALSE(psa.classes().empty());
  for (char const* const name : {"irn_p2", "irn_p3", "irn_p5"}) {
    INFO(name);
    require_equal(read(name, "irn"), irn);
  }
  for (char const* const name : {"psa_p2", "psa_p3", "psa_p5", "psa_numpy2_p3", "psa_numpy2_p4",
                                 "psa_bigendian_p4", "psa_fortran_p4", "npint_keys_p4"}) {
    INFO(name);
    require_equal(read(name, "psa"), psa);
  }
  ScoreMaps const full = read("psa_f64_p4", "psa");
  CHECK(full.precision() == Precision::full);
  CHECK(full.size() == psa.size());
}

TEST_CASE("simulated: a CAM file without classes gives an image of background") {
  constexpr Size kSize{13, 17};
  for (char const* const name : {"irn_empty_p4", "irn_only_keys_p4"}) {
    for (Options const& options : {Options(), Options{{"method", std::string("rib")}}}) {
      StageDriver loader = loader_of("protocols", options);
      auto const scores = loader.run<ScoreMaps>(voc_sample(name, kSize));
      CHECK(scores.classes().empty());
      CHECK(threshold(scores, {{"background", 0.15}}) == LabelMap(kSize));
    }
  }
}

TEST_CASE("simulated: CAM files that would run a program are refused with its name") {
  StageDriver loader = loader_of("protocols", {});
  auto const before = fs::last_write_time(cams() / "protocols");
  for (char const* const name : {"refuse_os_system_p2", "refuse_os_system_p4"}) {
    CHECK_THROWS_WITH(loader.run<ScoreMaps>(voc_sample(name)),
                      Contains(std::string(name) + ".npy") && Contains("system"));
  }
  CHECK(fs::last_write_time(cams() / "protocols") == before);
}
