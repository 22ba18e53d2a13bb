// seplflow stages: the available stages, for people and for programs.

#include "support/catch.hpp"
#include "support/run_files.hpp"

namespace fs = std::filesystem;

namespace {

Json named(Json const& list, std::string const& name) {
  for (Json const& each : list) {
    if (each["name"] == name) return each;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("stages are listed by name, with what they do") {
  Workplace const place("");
  auto const result = place.program({"stages"});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK_THAT(result.out, StartsWith("augment.colour"));
  for (char const* const name :
       {"cam.classifier", "dataset.folder", "dataset.scenes", "dataset.voc", "eval.boundary",
        "eval.diagnose",
        "eval.miou", "eval.reference_csv", "masks.json", "masks.png", "masks.sam",
        "output.labels", "output.masks", "output.panels", "sepl.assign",
        "sepl.consensus", "sepl.oracle", "sepl.reference", "sepl.select"}) {
    CHECK_THAT(result.out, Contains("\n" + std::string(name) + " "));
  }
  CHECK_THAT(result.out, !Contains("Rejected"));
}

TEST_CASE("one stage is described with its ports and options") {
  Workplace const place("");
  auto const result = place.program({"stages", "sepl.select"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, StartsWith("sepl.select (transform)\n"));
  for (char const* const part :
       {"\ninputs\n", "  pseudo: LabelMap\n", "  masks: MaskSet\n", "  overlaps: OverlapTable\n",
        "\noutputs\n", "  labels: LabelMap\n", "\noptions\n", "  t1 (number, 0..1, default 0.5)\n",
        "  t2 (number, 0..1, default 0.85)\n",
        "  overlap (\"last\" | \"support\" | \"smallest\", default \"last\")\n",
        "  keep_ignore (true | false, default false)\n"}) {
    CHECK_THAT(result.out, Contains(part));
  }
  CHECK_THAT(place.program({"stages", "eval.miou"}).out,
             Contains("  baseline: LabelMap, optional\n"));
  CHECK_THAT(place.program({"stages", "cam.labels"}).out, Contains("  dir (folder, required)\n"));
}

TEST_CASE("an unknown stage is reported with the nearest name") {
  Workplace const place("");
  for (auto const& arguments : std::vector<std::vector<std::string>>{
           {"stages", "sepl.selct"}, {"stages", "sepl.selct", "--json"}}) {
    auto const result = place.program(arguments);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(result.err == "error: there is no stage \"sepl.selct\"; did you mean \"sepl.select\"?\n");
  }
  CHECK_THAT(place.program({"stages", "network"}).err,
             Contains("there is no stage \"network\"; run \"seplflow stages\" for the list"));
}

TEST_CASE("the flag --json holds stages and options with type, default, range, choices and help") {
  Workplace const place("");
  Json const all = Json::parse(place.program({"stages", "--json"}).out);
  CHECK(all["rejected"].empty());
  CHECK(all["plugins"].size() >= 6);
  Json const select = named(all["stages"], "sepl.select");
  CHECK(select["kind"] == "transform");
  CHECK(select["inputs"].size() == 3);
  CHECK(select["outputs"] ==
        Json::parse(R"([{"name": "labels", "type": "LabelMap", "optional": false},
                        {"name": "kept", "type": "MaskSet", "optional": false}])"));
  Json const t1 = named(select["options"], "t1");
  CHECK(t1["type"] == "number");
  CHECK(t1["default"] == 0.5);
  CHECK(t1["minimum"] == 0);
  CHECK(t1["maximum"] == 1);
  CHECK_FALSE(t1["help"].get<std::string>().empty());
  CHECK(named(select["options"], "overlap")["choices"] == Json({"last", "support", "smallest"}));
  CHECK(named(select["options"], "overlap")["default"] == "last");
  CHECK(named(select["options"], "keep_ignore")["type"] == "boolean");
  Json const dir = named(named(all["stages"], "cam.labels")["options"], "dir");
  CHECK(dir["type"] == "path");
  CHECK(dir["required"] == true);
  CHECK_FALSE(dir.contains("default"));
  CHECK(named(named(all["stages"], "masks.json")["options"], "min_area")["unit"] == "pixels");
  CHECK(Json::parse(place.program({"stages", "sepl.select", "--json"}).out) == select);
}

TEST_CASE("every option of every stage has a help text and a type") {
  Workplace const place("");
  Json const all = Json::parse(place.program({"stages", "--json"}).out);
  for (Json const& stage : all["stages"]) {
    CAPTURE(stage["name"]);
    CHECK_FALSE(stage["summary"].get<std::string>().empty());
    for (Json const& option : stage["options"]) {
      CAPTURE(option["name"]);
      CHECK_FALSE(option["help"].get<std::string>().empty());
      CHECK_FALSE(option["type"].get<std::string>().empty());
    }
  }
}

TEST_CASE("a part of a stage's name suggests the stage") {
  Workplace const place("");
  auto const result = place.program({"stages", "crf"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("there is no stage \"crf\"; did you mean \"label.crf\"?"));
  CHECK_THAT(place.program({"stages", "dataset.scenes"}).out, Contains("default [240, 320])"));
}

TEST_CASE("the stages of a family are listed by its name") {
  Workplace const place("");
  auto const list = place.program({"stages", "sepl"});
  CHECK(list.status == 0);
  CHECK_THAT(list.out, StartsWith("sepl.assign ") && Contains("\nsepl.reference ") &&
                           Contains("\nsepl.select ") && !Contains("eval."));
  Json const json = Json::parse(place.program({"stages", "sepl", "--json"}).out);
  REQUIRE(json.size() == 5);
  CHECK(json[4]["name"] == "sepl.select");
}

TEST_CASE("the flag --schema prints a JSON Schema with every stage") {
  Workplace const place("");
  Json const schema = Json::parse(place.program({"stages", "--schema"}).out);
  Json const all = Json::parse(place.program({"stages", "--json"}).out);
  CHECK_THAT(schema["$schema"].get<std::string>(), Contains("json-schema.org"));
  for (Json const& stage : all["stages"]) {
    Json const properties = schema["definitions"][stage["name"].get<std::string>()]["properties"];
    for (Json const& option : stage["options"]) {
      std::string const name = option["name"];
      std::size_t const dot = name.find('.');
      bool const is_in_group = dot != name.npos;
      CHECK((is_in_group ? properties[name.substr(0, dot)]["properties"] : properties)
                .contains(name.substr(is_in_group ? dot + 1 : 0)));
    }
  }
  Json const select = schema["definitions"]["sepl.select"]["properties"];
  CHECK(select["t1"]["maximum"] == 1);
  CHECK(select["overlap"]["else"]["enum"].size() == 3);
}

TEST_CASE("rejected plugins are listed with the reason") {
  Workplace const place(scenes_pipeline(2));
  place.folder.write("plugins/empty.so", "");
  place.folder.write("plugins/text.so", "not a library\n");
  place.folder.write("plugins/readme.txt", "no plugin at all\n");
  ProgramOptions options;
  options.environment["SEPLFLOW_PLUGIN_PATH"] =
      (place.folder / "plugins").string() + ":" + (place.folder / "no-such-folder").string();
  auto const list = place.program({"stages"}, options);
  CHECK(list.status == 0);
  CHECK_THAT(list.out, Contains("Rejected plugins:") && Contains("/plugins/empty.so: ") &&
                           Contains("/plugins/text.so: ") && !Contains("readme.txt") &&
                           Contains("no-such-folder: there is no such folder or library"));
  CHECK_THAT(list.out, Contains("sepl.select"));
  Json const json = Json::parse(place.program({"stages", "--json"}, options).out);
  REQUIRE(json["rejected"].size() == 3);
  for (Json const& each : json["rejected"]) CHECK_FALSE(each["reason"].get<std::string>().empty());

  // A run says so too, and goes on when it does not need them.
  auto const run = place.run("out", {}, options);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, Contains("empty.so is rejected: "));
  auto const unknown = place.program({"check", "p.toml", "--set", "write.use=lab.write"}, options);
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.err, Contains("3 plugins were rejected"));
}

TEST_CASE("a plugin in SEPLFLOW_PLUGIN_PATH adds its stages") {
  Workplace const place("");
  auto const result = place.program({"stages", "test.faulty"}, with_faulty());
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("every (integer, at least 1, default 10)") &&
                             Contains("\"throw\" | \"throw_int\" | \"declines\" | \"none\""));
}

TEST_CASE("plugins that end their process are listed and harm no pipeline without them") {
  Workplace const place(scenes_pipeline(2));
  fs::create_directory(place.folder / "plugins");
  for (char const* const name : {"crashes.so", "exits.so", "not_a_plugin.so"}) {
    fs::copy_file(fs::path(SEPLFLOW_TEST_PLUGINS) / name, place.folder / "plugins" / name);
  }
  ProgramOptions options;
  options.environment["SEPLFLOW_PLUGIN_PATH"] = (place.folder / "plugins").string();
  auto const list = place.program({"stages"}, options);
  CHECK(list.status == 0);
  CHECK_THAT(list.out, Contains("sepl.select") && Contains("crashes.so: it ended the process") &&
                           Contains("exits.so: it ended the process") &&
                           Contains("not_a_plugin.so: it is not a seplflow plugin") &&
                           !Contains("what a plugin prints"));
  CHECK(place.program({"stages", "sepl.select"}, options).status == 0);
  CHECK_THAT(place.program({"stages", "test.ending"}, options).err,
             Contains("no stage \"test.ending\"") && Contains("(2 plugins were rejected; run "));
  CHECK(Json::parse(place.program({"stages", "--json"}, options).out)["rejected"].size() == 3);
  CHECK(place.program({"check", "p.toml"}, options).status == 0);
  auto const run = place.run("out", {}, options);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, Contains("crashes.so is rejected: it ended") && !Contains("not_a_plugin"));
  auto const unknown = place.program({"check", "p.toml", "--set", "write.use=test.ending"}, options);
  CHECK_THAT(unknown.err, Contains("2 plugins were rejected"));
}

TEST_CASE("what is known about plugins is kept in the user's cache folder if there can be one") {
  Workplace const place("");
  ProgramOptions options;
  options.environment = {{"XDG_CACHE_HOME", (place.folder / "cache").string()}};
  auto const first = place.program({"stages"}, options), second = place.program({"stages"}, options);
  CHECK_THAT(read_text(place.folder / "cache/seplflow/plugins.json"), Contains("sepl.select"));
  CHECK(first.out == second.out);
  options.environment = {{"XDG_CACHE_HOME", ""}, {"HOME", ""}};
  CHECK(place.program({"stages"}, options).out == first.out);
  options.environment = {{"XDG_CACHE_HOME", "/proc"}};
  CHECK(place.program({"stages"}, options).out == first.out);
}

TEST_CASE("a plugin folder that every user can write causes a warning") {
  Workplace const place(scenes_pipeline(2));
  fs::create_directory(place.folder / "plugins");
  fs::permissions(place.folder / "plugins", fs::perms::all);
  ProgramOptions options;
  options.environment["SEPLFLOW_PLUGIN_PATH"] = (place.folder / "plugins").string();
  std::string const warning = "every user of this machine can write \"" +
                              (place.folder / "plugins").string() + "\"";
  CHECK_THAT(place.program({"stages"}, options).err, Contains(warning));
  CHECK_THAT(place.program({"check", "p.toml"}, options).err, Contains(warning));
  CHECK_THAT(place.run("out", {}, options).err, Contains(warning));
}

TEST_CASE("a plugin in the user's own folder adds its stages") {
  Workplace const place("");
  fs::create_directories(place.folder / "home/.local/share/seplflow/plugins");
  fs::copy_file(fs::path(SEPLFLOW_TEST_PLUGINS) / "faulty/faulty.so",
                place.folder / "home/.local/share/seplflow/plugins/faulty.so");
  ProgramOptions options;
  options.environment = {{"HOME", (place.folder / "home").string()}, {"XDG_DATA_HOME", ""}};
  CHECK(place.program({"stages", "test.faulty"}, options).status == 0);
  CHECK(place.program({"stages", "test.faulty"}).status == 2);
}
