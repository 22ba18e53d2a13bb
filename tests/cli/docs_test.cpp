// The pages in docs/stages are generated with: seplflow stages --markdown docs/stages
// and the schema with: seplflow stages --schema > pipelines/pipeline.schema.json

#include "support/catch.hpp"
#include "support/run_files.hpp"

TEST_CASE("docs/stages has the current page of every stage, and no other file") {
  Workplace const place("");
  REQUIRE(place.program({"stages", "--markdown", "pages"}).status == 0);
  auto const made = files_in(place.folder / "pages");
  auto const kept = files_in(SEPLFLOW_SOURCE_DIR "/docs/stages");
  CHECK(names_of(kept) == names_of(made));
  for (auto const& [name, page] : made) {
    CAPTURE(name);
    if (kept.contains(name)) CHECK(kept.at(name) == page);
  }
}

TEST_CASE("a page has the kind, the ports and every option of its stage") {
  Workplace const place("");
  REQUIRE(place.program({"stages", "--markdown", "pages"}).status == 0);
  Json const all = Json::parse(place.program({"stages", "--json"}).out);
  CHECK(files_in(place.folder / "pages").size() == all["stages"].size());
  for (Json const& stage : all["stages"]) {
    std::string const name = stage["name"];
    CAPTURE(name);
    std::string const page = read_text(place.folder / "pages" / (name + ".md"));
    CHECK(page.starts_with("# " + name + "\n"));
    CHECK(occurrences(page, "Kind: " + stage["kind"].get<std::string>()) == 1);
    for (char const* const list : {"inputs", "outputs", "options"}) {
      for (Json const& each : stage[list]) {
        CHECK(occurrences(page, "| `" + each["name"].get<std::string>() + "` |") >= 1);
      }
    }
  }
}

TEST_CASE("every shipped pipeline names the schema of this program for editors") {
  namespace fs = std::filesystem;
  Workplace const place("");
  fs::path const pipelines = SEPLFLOW_SOURCE_DIR "/pipelines";
  CHECK(read_text(pipelines / "pipeline.schema.json") ==
        place.program({"stages", "--schema"}).out);
  for (auto const& [name, text] : files_in(pipelines)) {
    if (!name.ends_with(".toml")) continue;
    CAPTURE(name);
    REQUIRE(text.starts_with("#:schema ./") + text.starts_with("#:schema ../") == 1);
    fs::path const schema = text.substr(9, text.find('\n') - 9);
    fs::path const file = (pipelines / name).parent_path() / schema;
    CHECK(file.lexically_normal() == pipelines / "pipeline.schema.json");
  }
}
