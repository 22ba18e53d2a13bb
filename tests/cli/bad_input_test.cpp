// Invalid files: the message names the file and the sample, and no other sample fails.
#include <linux/capability.h>
#include <sys/prctl.h>

#include <map>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/disk_data.hpp"
#include "support/png_fixture.hpp"

namespace fs = std::filesystem;

namespace {

std::string const kBad = "scene_000003";

// Root reads everything; without these capabilities it is as others are.
void obey_permissions() {
  ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
  ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
}

ProgramOptions obeying_permissions() {
  ProgramOptions options;
  options.before_exec = obey_permissions;
  return options;
}

std::string png(PngKind kind, std::size_t row_bytes, std::uint8_t value) {
  return as_text(make_png({24, 32}, kind, std::vector<std::uint8_t>(24 * row_bytes, value)));
}

std::string huge_png() {
  auto file = make_png({24, 32}, {}, std::vector<std::uint8_t>(24 * 32));
  std::size_t const header = chunk_data(file, "IHDR");
  for (std::size_t const at : {header, header + 4}) {
    for (std::size_t i = 0; i < 4; ++i)
      file[at + i] = static_cast<std::uint8_t>(100000 >> (24 - 8 * i));
  }
  repair_crc(file, header);
  return as_text(file);
}

std::string rle(std::string const& size, std::string const& counts) {
  return "[{\"segmentation\": {\"size\": " + size + ", \"counts\": " + counts + "}}]";
}

// With one invalid file of kBad: with --on-error skip, all other samples come out as in the clean
// run, and the ledger has the reason. Returns the labels that are expected.
std::map<std::string, std::string> require_skip(DiskData const& data, std::string const& stage,
                                                std::string const& file, std::string const& reason,
                                                ProgramOptions const& options = {}) {
  CAPTURE(file, reason);
  auto const skip = data.run("skip", {"--on-error", "skip"}, options);
  CHECK(skip.status == 1);
  CHECK_THAT(skip.out, Contains(kBad + ", stage \"" + stage + "\": "));
  CHECK(json_in(data.folder / "skip/run.json")["status"] == "done_with_failures");
  auto const ledger = ledger_in(data.folder / "skip");
  REQUIRE(ledger.size() == 8);
  for (Json const& line : ledger) {
    if (line["id"] != kBad) {
      CHECK(line["outcome"] == "done");
      continue;
    }
    CHECK(line["outcome"] == "failed");
    CHECK(line["stage"] == stage);
    CHECK_THAT(line["error"].get<std::string>(), Contains(file) && Contains(reason));
  }
  auto expected = files_in(data.folder / "clean/write");
  if (stage != "data") expected.erase(kBad + ".png");  // labels do not depend on the ground truth
  CHECK(files_in(data.folder / "skip/write") == expected);
  CHECK_FALSE(fs::exists(data.folder / "skip/.partial"));
  CHECK(json_in(data.folder / "skip/metrics.json")["score"]["images"] == 7);
  return expected;
}

// The same, and by default the run fails and reports the file once.
void require_skip_and_stop(DiskData const& data, std::string const& stage, std::string const& file,
                           std::string const& reason, ProgramOptions const& options = {}) {
  auto const expected = require_skip(data, stage, file, reason, options);
  auto const stop = data.run("stop", {}, options);
  CHECK(stop.status == 1);
  CHECK(occurrences(stop.err, file) == 1);
  CHECK_THAT(stop.err, Contains("stage \"" + stage + "\" failed on sample \"" + kBad + "\""));
  CHECK(json_in(data.folder / "stop/run.json")["status"] == "failed");
  CHECK_FALSE(fs::exists(data.folder / "stop/metrics.json"));
  CHECK_FALSE(fs::exists(data.folder / "stop/.partial"));
  for (auto const& [name, bytes] : files_in(data.folder / "stop")) {
    if (name.starts_with("write/")) CHECK(bytes == expected.at(name.substr(6)));
  }
}

// Each of these contents of the file fails kBad alone.
void require_failures_of(std::string const& stage, std::string const& file,
                         std::vector<std::string> const& contents, std::string const& reason = "") {
  DiskData const data;
  REQUIRE(data.run("clean").status == 0);
  for (std::string const& bytes : contents) {
    data.folder.write(file, bytes);
    require_skip(data, stage, file, reason);
    fs::remove_all(data.folder / "skip");
  }
}

std::string const kPseudo = "data/pseudo/" + kBad + ".png";
std::string const kTruth = "data/truth/" + kBad + ".png";
std::string const kMasks = "sam/" + kBad + ".json";

}  // namespace

TEST_CASE("a truncated label PNG fails only its sample") {
  std::string const whole = png({}, 32, 1);
  require_failures_of("cam", kPseudo, {whole.substr(0, whole.size() / 2), whole.substr(0, 20), ""});
}

TEST_CASE("a 16-bit label PNG fails only its sample") {
  std::vector<std::uint8_t> rows;  // of the value 300
  for (int i = 0; i < 24 * 32; ++i) rows.insert(rows.end(), {1, 44});
  std::string const file = as_text(make_png({24, 32}, {PNG_COLOR_TYPE_GRAY, 16}, rows));
  require_failures_of("cam", kPseudo, {file}, "16");
}

TEST_CASE("an RGB label PNG fails only its sample") {
  require_failures_of("cam", kPseudo, {png({PNG_COLOR_TYPE_RGB, 8}, 96, 200)}, "RGB");
}

TEST_CASE("a label PNG that claims 100000 x 100000 pixels fails only its sample") {
  require_failures_of("cam", kPseudo, {huge_png()}, "100000");
}

TEST_CASE("a class that the data set does not have fails only its sample") {
  require_failures_of("cam", kPseudo, {png({}, 32, 21)}, "21");
  require_failures_of("data", kTruth, {png({}, 32, 21)}, "21");
}

TEST_CASE("a label PNG of another size fails only its sample") {
  require_failures_of("cam", kPseudo,
                      {as_text(make_png({10, 10}, {}, std::vector<std::uint8_t>(100, 1)))}, "10");
}

TEST_CASE("an unreadable ground truth fails only its sample") {
  DiskData const data;
  REQUIRE(data.run("clean").status == 0);
  data.folder.write(kTruth, png({}, 32, 1).substr(0, 60));
  require_skip_and_stop(data, "data", kTruth, "");
}

TEST_CASE("a mask of another size fails only its sample") {
  require_failures_of("sam", kMasks, {rle("[10, 10]", "[50, 50]")}, "10");
}

TEST_CASE("a truncated mask file fails only its sample") {
  std::string const whole = rle("[24, 32]", "[0, 384, 384]");
  require_failures_of("sam", kMasks,
                      {whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1), ""});
}

TEST_CASE("runs that do not add up to the image fail only their sample") {
  std::vector<std::string> contents;
  for (char const* const counts :
       {"[0, 384]", "[0, 384, 385]", "[]", "\"\"", "\"0\"", "\"~~~~\""}) {
    contents.push_back(rle("[24, 32]", counts));
  }
  require_failures_of("sam", kMasks, contents);
}

TEST_CASE("negative or overflowing runs fail only their sample") {
  std::vector<std::string> contents;
  for (char const* const counts :
       {"[-1, 769]", "[0, -384, 1152]", "[4294967296, 768]", "[18446744073709551615, 769]",
        "[18446744073709551616, 768]", "[9223372036854775808, 9223372036854776576]", "[1e30]",
        "[0.5, 767.5]", "\"oooooooooooooooooooo\""}) {
    contents.push_back(rle("[24, 32]", counts));
  }
  require_failures_of("sam", kMasks, contents);
}

TEST_CASE("a mask that claims an impossible size fails only its sample") {
  require_failures_of("sam", kMasks,
                      {rle("[4294967296, 4294967296]", "[0, 1]"), rle("[-24, -32]", "[768]")});
}

TEST_CASE("a missing file fails only its sample, and the error names a way to continue") {
  DiskData const data;
  REQUIRE(data.run("clean").status == 0);
  fs::remove(data.folder / kMasks);
  require_skip_and_stop(data, "sam", kMasks, "on_missing = \"empty\"");
  CHECK(data.run("empty", {"--set", "sam.on_missing=empty"}).status == 0);
}

TEST_CASE("a file without read permission fails only its sample") {
  DiskData const data;
  REQUIRE(data.run("clean").status == 0);
  fs::permissions(data.folder / kPseudo, fs::perms::none);
  require_skip_and_stop(data, "cam", kPseudo, "Permission denied", obeying_permissions());
}

TEST_CASE("a folder without read permission fails all samples with that reason") {
  DiskData const data;
  fs::permissions(data.folder / "sam", fs::perms::none);
  auto const result = data.run("out", {"--on-error", "skip"}, obeying_permissions());
  fs::permissions(data.folder / "sam", fs::perms::owner_all);
  CHECK(result.status == 1);
  for (Json const& line : ledger_in(data.folder / "out")) {
    CHECK(line["outcome"] == "failed");
    CHECK_THAT(line["error"].get<std::string>(),
               Contains("sam/" + line["id"].get<std::string>() + ".json") &&
                   Contains("Permission denied"));
  }
  CHECK_FALSE(fs::exists(data.folder / "out/write"));
  CHECK_FALSE(fs::exists(data.folder / "out/.partial"));
}

TEST_CASE("a pipeline or a list without read permission is reported before the run") {
  DiskData const data;
  for (char const* const file : {"list.txt", "p.toml"}) {
    fs::permissions(data.folder / file, fs::perms::none);
    auto const result = data.run("out", {}, obeying_permissions());
    fs::permissions(data.folder / file, fs::perms::owner_all);
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains(file));
    CHECK_FALSE(fs::exists(data.folder / "out"));
  }
}

TEST_CASE("a folder without write permission is reported before the first sample") {
  DiskData const data;
  fs::create_directory(data.folder / "locked");
  fs::permissions(data.folder / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  auto const result = data.run("locked/out", {}, obeying_permissions());
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("locked/out") && Contains("Permission denied"));
}

TEST_CASE("a list may have blank lines, CRLF and no final newline") {
  DiskData const data;
  REQUIRE(data.run("clean", {"--limit", "2"}).status == 0);
  data.folder.write("list.txt", "\r\n  \r\nscene_000000 \r\n\r\n\tscene_000001");
  REQUIRE(data.run("out").status == 0);
  CHECK(read_text(data.folder / "out/ledger.jsonl") ==
        read_text(data.folder / "clean/ledger.jsonl"));
  CHECK(files_in(data.folder / "out/write") == files_in(data.folder / "clean/write"));
}

TEST_CASE("a list with invalid names is refused before the run, with every line") {
  DiskData const data;
  data.folder.write("list.txt",
                    "scene_000000\nscene_000001\nscene_000000\n../scene_000002\n/etc/x\n"
                    "a/../../b\nscene_000003 scene_000004\n");
  auto const result = data.run("out");
  CHECK(result.status == 2);
  for (char const* const part : {"list.txt:3: \"scene_000000\" is listed twice, first in line 1",
                                 "list.txt:4: \"../scene_000002\"", "list.txt:5: \"/etc/x\"",
                                 "absolute path", "list.txt:6: \"a/../../b\"", "list.txt:7: "}) {
    CHECK_THAT(result.err, Contains(part));
  }
  CHECK_THAT(result.err, !Contains("list.txt:1:") && !Contains("list.txt:2:"));
  CHECK_FALSE(fs::exists(data.folder / "out"));
}

TEST_CASE("an empty list is refused") {
  DiskData const data;
  for (char const* const text : {"", "\n\n", "\r\n"}) {
    data.folder.write("list.txt", text);
    auto const result = data.program({"check", "p.toml"});
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains("list.txt names no sample"));
  }
}
