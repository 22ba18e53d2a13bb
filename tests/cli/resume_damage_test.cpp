// Damaged ledgers: the intact parts are used, the damaged ones reported, and the result equals that
// of a run that was never disturbed.
#include <random>

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

namespace {

// All that a run says if it loses nothing.
constexpr char const* kNothingLost =
    "info: running \"scenes\" into out\n"
    "warning: score: the ground truth of 20 samples never shows 1 of 20 classes: bottle\n";

constexpr int kSamples = 20;
// A finished run in "clean"; damaged() makes one in "out" and damages it.
class Damaged : public Workplace {
 public:
  Damaged() : Workplace(scenes_pipeline(kSamples)) {
    if (run("clean").status != 0) throw std::runtime_error("cannot run");
  }

  // Replaces a file of a finished run by `bytes`, or removes it, and resumes the run.
  ProgramResult resume_with(std::string const& file,
                            std::optional<std::string> const& bytes) const {
    fs::remove_all(out());
    fs::copy(folder / "clean", out(), fs::copy_options::recursive);
    fs::remove(out() / file);
    if (bytes) folder.write("out/" + file, *bytes);
    auto result = run("out", {"--resume"});
    CHECK(result.status == 0);
    CHECK(differences(out(), folder / "clean") == kNone);
    return result;
  }

  std::string clean(std::string const& file) const { return read_text(folder / "clean" / file); }
  fs::path out() const { return folder / "out"; }
  int reused() const { return json_in(out() / "run.json")["samples"]["reused"]; }
};

std::string joined(std::vector<std::string> const& lines) {
  std::string text;
  for (std::string const& line : lines) text += line + "\n";
  return text;
}

constexpr std::size_t kMagicSize = 26, kFrame = 12;

// Where the entries of a file begin, and where the last one ends.
std::vector<std::size_t> places_in(std::string const& records) {
  std::vector<std::size_t> places = {kMagicSize};
  while (places.back() < records.size()) {
    std::size_t size = 0;
    for (std::size_t i = 4; i-- > 0;) {
      size = size << 8 | static_cast<unsigned char>(records[places.back() + i]);
    }
    places.push_back(places.back() + kFrame + size);
  }
  return places;
}

}  // namespace

TEST_CASE("a damaged line of the ledger is reported and written again") {
  Damaged const run;
  auto lines = lines_of(run.clean("ledger.jsonl"));
  REQUIRE(lines.size() == kSamples);
  SECTION("not JSON") {
    lines[6] = "{\"id\": \"scene_0000";
  }
  SECTION("other JSON") {
    lines[6].replace(lines[6].find("done"), 4, "odd!");
  }
  SECTION("empty") {
    lines[6].clear();
  }
  SECTION("binary") {
    lines[6] = std::string("\0\xff\x80", 3);
  }
  auto const result = run.resume_with("ledger.jsonl", joined(lines));
  CHECK_THAT(result.err, Contains("out/ledger.jsonl:7: the line is "));
  CHECK(occurrences(result.err, "written again") == 1);
  CHECK(run.reused() == kSamples);
}

TEST_CASE("a truncated last line of the ledger is reported and written again") {
  Damaged const run;
  std::string const ledger = run.clean("ledger.jsonl");
  auto const result = run.resume_with("ledger.jsonl", ledger.substr(0, ledger.size() - 9));
  CHECK_THAT(result.err, Contains("out/ledger.jsonl:20: the line is truncated"));
  CHECK(run.reused() == kSamples);
  // Without its line feed the line is still whole.
  auto const whole = run.resume_with("ledger.jsonl", ledger.substr(0, ledger.size() - 1));
  CHECK_THAT(whole.err, !Contains("ledger.jsonl:"));
  CHECK(run.reused() == kSamples);
}

TEST_CASE("ledger.records is enough without ledger.jsonl, or with half of it") {
  Damaged const run;
  auto lines = lines_of(run.clean("ledger.jsonl"));
  lines.resize(8);
  for (auto const& bytes : {std::optional<std::string>(), std::optional<std::string>(""),
                            std::optional<std::string>(joined(lines))}) {
    auto const result = run.resume_with("ledger.jsonl", bytes);
    CHECK(result.err == kNothingLost);
    CHECK(run.reused() == kSamples);
  }
}

TEST_CASE("text after the last line of the ledger is reported, and nothing is lost") {
  Damaged const run;
  std::string const ledger = run.clean("ledger.jsonl");
  auto const lines = run.resume_with("ledger.jsonl", ledger + "rubbish\n\n");
  CHECK_THAT(lines.err, Contains("out/ledger.jsonl:21: the line is damaged") &&
                            Contains("out/ledger.jsonl:22: the line is damaged"));
  CHECK(run.reused() == kSamples);
  auto const torn = run.resume_with("ledger.jsonl", ledger + "{\"id\"");
  CHECK_THAT(torn.err, Contains("out/ledger.jsonl:21: the line is truncated"));
  CHECK(run.reused() == kSamples);
}

TEST_CASE("a line that is missing from the ledger is written again") {
  Damaged const run;
  auto lines = lines_of(run.clean("ledger.jsonl"));
  lines.erase(lines.begin() + 12);
  run.resume_with("ledger.jsonl", joined(lines));
  CHECK(run.reused() == kSamples);
}

TEST_CASE("a damaged entry of ledger.records is reported, and its sample is processed again") {
  Damaged const run;
  std::string records = run.clean("ledger.records");
  auto const places = places_in(records);
  REQUIRE(places.size() == kSamples + 1);
  SECTION("in its bytes") {
    records[places[3] + kFrame + 5] ^= 0x40;
  }
  SECTION("in its checksum") {
    records[places[3] + 7] ^= 0x01;
  }
  auto const result = run.resume_with("ledger.records", records);
  CHECK_THAT(result.err, Contains("out/ledger.records: entry 4 is damaged"));
  CHECK(occurrences(result.err, "damaged") == 1);
  CHECK(run.reused() == kSamples - 1);
}

TEST_CASE("a damaged length in ledger.records is reported, and the entries before it are used") {
  Damaged const run;
  std::string records = run.clean("ledger.records");
  std::size_t const place = places_in(records)[9];
  std::string damaged = records;
  SECTION("too large") {
    damaged[place + 3] = 0x70;
  }
  SECTION("too small") {
    damaged[place] = static_cast<char>(damaged[place] - 3);
  }
  SECTION("zero") {
    damaged.replace(place, 4, std::string(4, '\0'));
  }
  SECTION("zeros to the end") {
    damaged.replace(place, damaged.size() - place, damaged.size() - place, '\0');
  }
  SECTION("all ones") {
    damaged.replace(place, 4, std::string(4, '\xff'));
  }
  auto const result = run.resume_with("ledger.records", damaged);
  CHECK_THAT(result.err, Contains("out/ledger.records: entry 10 is "));
  CHECK(run.reused() == 9);
}

TEST_CASE("a truncated ledger.records is used up to where it ends") {
  Damaged const run;
  std::string const records = run.clean("ledger.records");
  auto const places = places_in(records);
  for (std::size_t const size :
       {places[15], places[15] + 1, places[15] + kFrame, places[16] - 1, records.size() - 1}) {
    CAPTURE(size);
    auto const whole = std::ranges::upper_bound(places, size) - places.begin() - 1;
    auto const result = run.resume_with("ledger.records", records.substr(0, size));
    if (size != places[15]) {
      CHECK_THAT(result.err, Contains("out/ledger.records: entry " + std::to_string(whole + 1) +
                                      " is truncated"));
    }
    auto const lost = kSamples - whole;
    CHECK_THAT(result.err, Contains("out/ledger.jsonl lists " + std::to_string(lost) +
                                    (lost == 1 ? " sample without known results"
                                               : " samples without known results")));
    CHECK(run.reused() == whole);
  }
}

TEST_CASE("without ledger.records every sample is processed again, and this is reported") {
  Damaged const run;
  std::string const lists =
      "out/ledger.jsonl lists 20 samples without known results; they are processed again";
  CHECK_THAT(run.resume_with("ledger.records", std::nullopt).err, Contains(lists));
  CHECK(run.reused() == 0);
  CHECK_THAT(run.resume_with("ledger.records", "").err, Contains(lists));
  CHECK(run.reused() == 0);
  std::mt19937 random(5);
  std::string rubbish;
  for (int i = 0; i < 4000; ++i) rubbish += static_cast<char>(random());
  CHECK_THAT(
      run.resume_with("ledger.records", rubbish).err,
      Contains("out/ledger.records is not a ledger.records file of seplflow; it is not used") &&
          Contains(lists));
  CHECK(run.reused() == 0);
  std::string const magic = run.clean("ledger.records").substr(0, kMagicSize);
  CHECK_THAT(run.resume_with("ledger.records", magic + rubbish).err,
             Contains("out/ledger.records: entry 1 is ") && Contains(lists));
  CHECK(run.reused() == 0);
}

TEST_CASE("rubbish at the end of ledger.records is reported, and nothing is lost") {
  Damaged const run;
  std::string const records = run.clean("ledger.records");
  auto const result = run.resume_with("ledger.records", records + "rubbish");
  CHECK_THAT(result.err, Contains("out/ledger.records: entry 21 is truncated"));
  CHECK(run.reused() == kSamples);
}

TEST_CASE("whichever byte of the ledger is altered, the results are the same") {
  Damaged const run;
  std::mt19937 random(11);
  for (int i = 0; i < 24; ++i) {
    std::string const file = i % 2 == 0 ? "ledger.records" : "ledger.jsonl";
    std::string bytes = run.clean(file);
    std::size_t const place = random() % bytes.size();
    CAPTURE(file, place);
    bytes[place] = static_cast<char>(bytes[place] ^ (1 + random() % 255));
    auto const result = run.resume_with(file, bytes);
    CHECK_THAT(result.err, Contains("out/" + file));
    CHECK(run.reused() <= (file == "ledger.jsonl" ? kSamples : kSamples - 1));
  }
}

TEST_CASE("the files of a killed resume are used together with those of the run before it") {
  Damaged const run;
  std::string const records = run.clean("ledger.records");
  auto const places = places_in(records);
  // Killed at its start: nothing is lost, and there is nothing to report.
  for (std::size_t const size : {std::size_t{0}, kMagicSize}) {
    CAPTURE(size);
    auto const result = run.resume_with("ledger.records.next", records.substr(0, size));
    CHECK(result.err == kNothingLost);
    CHECK(run.reused() == kSamples);
  }
  // Killed in its middle.
  auto const result = run.resume_with("ledger.records.next", records.substr(0, places[5] + 30));
  CHECK_THAT(result.err, Contains("out/ledger.records.next: entry 6 is truncated"));
  CHECK(run.reused() == kSamples);
  auto const rubbish = run.resume_with("ledger.records.next", "rubbish");
  CHECK_THAT(rubbish.err, Contains("out/ledger.records.next is not a ledger.records file"));
  CHECK(run.reused() == kSamples);
}

TEST_CASE("a run is completed after a loss of power that lost the last writes") {
  Damaged const run;
  std::mt19937 random(7);
  std::vector<std::string> const names = names_of(results_in(run.folder / "clean"));
  for (int i = 0; i < 12; ++i) {
    fs::remove_all(run.out());
    fs::copy(run.folder / "clean", run.out(), fs::copy_options::recursive);
    for (std::string const& name : names) {
      std::string bytes = run.clean(name);
      std::size_t const kept = random() % (bytes.size() + 1);
      switch (random() % 6) {
        case 0:  // The name reached the disk, the bytes did not.
          fs::resize_file(run.out() / name, 0);
          break;
        case 1:  // Neither did.
          fs::remove(run.out() / name);
          break;
        case 2:                                // Some pages did.
          if (name == "pipeline.toml") break;  // too short for two pages
          bytes.replace(kept, bytes.size() - kept, bytes.size() - kept, '\0');
          run.folder.write("out/" + name, bytes);
          break;
        default:
          break;
      }
    }
    auto const result = run.run("out", {"--resume"});
    CAPTURE(i, result.err);
    CHECK(result.status == 0);
    CHECK(lines_of(result.err).size() < 20);
    CHECK(differences(run.out(), run.folder / "clean") == kNone);
  }
}

TEST_CASE("a damaged best.records costs work, but the results are right") {
  Workplace const place(scenes_pipeline(kSamples));
  Names const sweep = {"--sweep", "select.t1=0.3,0.5", "--keep", "best"};
  REQUIRE(place.run("clean", sweep).status == 0);
  std::string const records = read_text(place.folder / "clean/best.records");
  std::string flipped = records;
  flipped[flipped.size() / 2] ^= 4;
  Names again = sweep;
  again.insert(again.begin(), "--resume");
  for (auto const& bytes :
       {std::optional<std::string>(), std::optional<std::string>(""),
        std::optional<std::string>(flipped), std::optional<std::string>(records.substr(0, 700)),
        std::optional<std::string>("rubbish")}) {
    fs::remove_all(place.folder / "out");
    fs::copy(place.folder / "clean", place.folder / "out", fs::copy_options::recursive);
    fs::remove(place.folder / "out/best.records");
    if (bytes) place.folder.write("out/best.records", *bytes);
    auto const result = place.run("out", again);
    CHECK(result.status == 0);
    CHECK(reused(result.out, "score") == 2 * kSamples);
    if (bytes && !bytes->empty()) CHECK_THAT(result.err, Contains("out/best.records"));
    CHECK(differences(place.folder / "out", place.folder / "clean") == kNone);
  }
}

TEST_CASE("a run without pipeline.toml can be resumed, a folder without run.json is not a run") {
  Damaged const run;
  CHECK(run.resume_with("pipeline.toml", std::nullopt).status == 0);
  CHECK(run.reused() == kSamples);
  fs::remove(run.out() / "run.json");
  CHECK(run.run("out", {"--resume"}).status == 2);
}
