// seplflow new pipeline: what it asks, which answers it takes, and what it writes.
#include "cli/new_pipeline.hpp"

#include <sstream>

#include "cli/command_line.hpp"
#include "pipeline/pipeline.hpp"
#include "support/catch.hpp"
#include "support/run_files.hpp"
#include "support/sam_checkpoint.hpp"

namespace fs = std::filesystem;
using namespace seplflow;
using namespace seplflow::cli;

namespace {

// One sample of each data set, of pixels that nobody looks at, with labels, CAMs and masks of all
// kinds.
struct UserData {
  UserData() {
    folder.write("voc/ImageSets/Segmentation/train.txt", "2007_000032\n");
    folder.write("coco/annotations/instances_train2014.json",
                 R"({"images": [{"id": 9, "file_name": "2007_000032.jpg", "height": 2, "width": 3}],
                     "annotations": [{"id": 1, "image_id": 9, "category_id": 1, "iscrowd": 0,
                                      "segmentation": {"size": [2, 3], "counts": [2, 2, 2]}}],
                     "categories": [{"id": 1, "name": "person"}]})");
    for (char const* const file :
         {"voc/JPEGImages/2007_000032.jpg", "voc/SegmentationClass/2007_000032.png",
          "coco/train2014/2007_000032.jpg", "images/2007_000032.png", "truth/2007_000032.png",
          "labels/2007_000032.png", "npy/2007_000032.npy", "pkl/2007_000032.pkl",
          "h5/2007_000032.h5", "png/2007_000032_0.png", "json/2007_000032.json"}) {
      folder.write(file, "");
    }
    folder.write("one.json", R"({"2007_000032": []})");
    fs::create_directories(folder / "masks/2007_000032");
    folder.write("sam.pth", sam_checkpoint(small_sam()));
  }

  std::string path(std::string const& name) const { return (folder / name).string(); }

  // Answers to the places of all files.
  Answers places(std::string const& data) const {
    if (data == "folder") return {{"images", path("images")}};
    return {{"root", path(data == "voc12" ? "voc" : "coco")}};
  }

  TempFolder folder;
};

StageCatalog const& catalog() {
  static StageCatalog const kCatalog = default_catalog();
  return kCatalog;
}

std::vector<std::string> names_of(std::vector<Choice> const& choices) {
  std::vector<std::string> names;
  for (Choice const& choice : choices) names.push_back(choice.name);
  return names;
}

Question const& question(std::string const& name) {
  return *std::ranges::find(questions(), name, &Question::name);
}

// Answers of `known` where a question arises, and else usual ones.
Answers answered(Answers const& known) {
  Answers answers;
  for (Question const& each : questions()) {
    if (!each.arises(answers)) continue;
    std::string const& given = answer(known, each.name);
    answers[each.name] = given.empty() ? each.usual(answers) : given;
    CAPTURE(each.name);
    CHECK_NOTHROW(check_answer(each, answers[each.name], answers, catalog()));
  }
  return answers;
}

// Parses the pipeline for the answers, and looks for its files, as `seplflow check` does.
void require_sound(Answers const& known, UserData const& data) {
  Answers const answers = answered(known);
  PipelineRequest request;
  request.file = data.path("new.toml");
  request.look_for_files = true;
  std::string const text = pipeline_text(answers, request.file, "schema.json");
  try {
    parse_pipeline(text, request, catalog());
  } catch (PipelineError const& error) {
    FAIL(text << "\n" << error.what());
  }
}

Answers with(Answers answers, Answers const& more) {
  for (auto const& [name, value] : more) answers[name] = value;
  return answers;
}

}  // namespace

TEST_CASE("every data set and kind of masks of seplflow new pipeline passes check") {
  UserData const data;
  require_sound({{"data", "scenes"}}, data);
  std::map<std::string, std::string> const paths = {
      {"json", "json"}, {"png", "masks"}, {"npy", "npy"}, {"sam", ""}};
  for (std::string const set : {"voc12", "coco14", "folder"}) {
    for (std::string const& masks : names_of(available_choices(question("masks"), {}, catalog()))) {
      for (bool const has_truth : {true, false}) {
        Answers answers = with(data.places(set), {{"data", set}, {"masks", masks}});
        if (set == "folder") answers["classes"] = "background, cell,it's";
        answers["truth"] = has_truth ? data.path("truth") : "none";
        answers["score"] = has_truth ? "yes" : "no";
        answers = with(answers, {{"pseudo", "labels"},
                                 {"method", "own"},
                                 {"pseudo-path", data.path("labels")},
                                 {"masks-path", data.path(paths.at(masks))},
                                 {"checkpoint", data.path("sam.pth")}});
        CAPTURE(set, masks, has_truth);
        require_sound(answers, data);
        if (masks == "json") {
          require_sound(with(answers, {{"masks-path", data.path("one.json")}}), data);
        }
      }
    }
  }
}

TEST_CASE("every method and kind of CAMs of seplflow new pipeline passes check") {
  UserData const data;
  std::vector<std::string> methods = names_of(question("method").choices({}));
  CHECK(methods.back() == "own");
  StageDeclaration const& reader = *catalog().find("cam.labels").declaration;
  CHECK(std::vector(methods.begin(), methods.end() - 1) ==
        reader.options[*find_option(reader, "method")].choices);
  // Each with another data set and other masks.
  std::size_t turn = 0;
  auto const masks = names_of(available_choices(question("masks"), {}, catalog()));
  auto const require_with_some_data = [&](Answers const& pseudo) {
    std::string const set = std::vector{"voc12", "coco14", "folder"}[turn % 3];
    Answers answers = with(data.places(set), pseudo);
    answers["data"] = set;
    answers["classes"] = "coco14";
    answers["truth"] = turn % 2 == 0 ? "none" : data.path("truth");
    answers["score"] = turn % 2 == 0 ? "no" : "yes";
    answers["checkpoint"] = data.path("sam.pth");
    answers["masks"] = masks[turn / 3 % masks.size()];
    answers["masks-path"] = data.path(answers["masks"] == "png" ? "masks" : answers["masks"]);
    ++turn;
    require_sound(answers, data);
  };
  for (std::string const& method : methods) {
    CAPTURE(method);
    Answers answers = {{"method", method}, {"pseudo", "labels"}};
    answers["pseudo-path"] = data.path("labels");
    require_with_some_data(answers);
    answers["pseudo"] = "cams";
    for (std::string const& format :
         names_of(available_choices(question("format"), answers, catalog()))) {
      CAPTURE(format);
      answers["format"] = format;
      answers["pseudo-path"] = data.path(format);
      for (std::string const background : {".5", "map"}) {
        answers["background"] = background;
        bool const has_map = method == "own" && format != "png";
        if (background == ".5" || has_map) require_with_some_data(answers);
      }
    }
  }
  Answers const png = {{"format", "png"}};
  CHECK_THROWS_WITH(check_answer(question("background"), "map", png, catalog()),
                    Contains("have no map for the background"));
}

TEST_CASE("a new pipeline for VOC's augmented set scores the samples that have ground truth") {
  UserData const data;
  data.folder.write("voc/ImageSets/Segmentation/train_aug.txt", "2007_000032\n2008_000001\n");
  for (char const* const file :
       {"voc/JPEGImages/2008_000001.jpg", "labels/2008_000001.png", "npy/2008_000001.npy"}) {
    data.folder.write(file, "");
  }
  require_sound(with(data.places("voc12"), {{"data", "voc12"},
                                            {"split", "train_aug"},
                                            {"pseudo", "labels"},
                                            {"method", "eps"},
                                            {"pseudo-path", data.path("labels")},
                                            {"masks", "npy"},
                                            {"masks-path", data.path("npy")}}),
                data);
}

TEST_CASE("seplflow new pipeline explains a wrong answer and asks again") {
  UserData const data;
  std::istringstream in("voc\nfolder\n\n" + data.path("sam.pth") + "\n" + data.path("images") +
                        "\ncell\nvoc12\nnone\nlabels\ntranscams\ntranscam\n/nowhere\n" +
                        data.path("labels") + "\njson\n" + data.path("json") + "\n");
  std::ostringstream out;
  Answers answers;
  ask(answers, catalog(), in, out);
  CHECK(answers == Answers{{"data", "folder"},
                           {"images", data.path("images")},
                           {"classes", "voc12"},
                           {"truth", "none"},
                           {"pseudo", "labels"},
                           {"method", "transcam"},
                           {"pseudo-path", data.path("labels")},
                           {"masks", "json"},
                           {"masks-path", data.path("json")}});
  CHECK_THAT(out.str(),
             Contains("Which data set do you have?\n") &&
                 Contains("\"voc\" is not one of the answers; did you mean \"voc12\"?") &&
                 Contains("an answer is needed") && Contains("is not a folder") &&
                 Contains("the names of at least two classes") &&
                 Contains("did you mean \"transcam\"?") &&
                 Contains("there is no folder \"/nowhere\"; / has nothing of that name") &&
                 Contains("folder  images of your own in a folder"));
  Answers misspelt = {{"data", "voc12"}, {"root", data.path("vocs/VOC2012")}};
  CHECK_THROWS_WITH(check_answer(question("root"), misspelt["root"], misspelt, catalog()),
                    Contains("; did you mean \"" + data.path("voc") + "\"?"));
  std::istringstream ended("scenes");
  Answers none;
  ask(none, catalog(), ended, out);
  CHECK(none == Answers{{"data", "scenes"}});
  CHECK_THROWS_WITH(ask(none = {}, catalog(), ended, out), Contains("the input ended"));
}

TEST_CASE("seplflow new pipeline writes a pipeline that runs and overwrites nothing") {
  Workplace const place("");
  auto const made = place.program({"new", "pipeline", "deep/try.toml", "--data", "scenes"});
  INFO(made.err);
  REQUIRE(made.status == 0);
  CHECK_THAT(made.out, StartsWith("Wrote deep/try.toml, in which check finds no errors."));
  std::string const text = read_text(place.folder / "deep/try.toml");
  CHECK_THAT(text, StartsWith("#:schema /") && Contains("# SEPL on generated scenes"));
  CHECK(fs::is_regular_file(text.substr(9, text.find('\n') - 9)));
  CHECK(place.program({"run", "deep/try.toml", "--limit", "2"}).status == 0);
  auto const again = place.program({"new", "pipeline", "deep/try.toml", "--data", "scenes"});
  CHECK(again.status == 2);
  CHECK_THAT(again.err, Contains("\"deep/try.toml\" exists and is not overwritten"));
  CHECK(read_text(place.folder / "deep/try.toml") == text);
  CHECK_THAT(place.program({"new", "pipeline", "it's new.toml", "--data", "scenes"}).out,
             Contains("  seplflow run 'it'\\''s new.toml' --limit 10 "));
}

TEST_CASE("without a terminal seplflow new pipeline reports all that is missing or wrong") {
  Workplace const place("");
  auto const error_of = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"new", "pipeline", "a.toml"});
    auto const result = place.program(options);
    CHECK(result.status == 2);
    CHECK_FALSE(fs::exists(place.folder / "a.toml"));
    return result.err;
  };
  CHECK_THAT(error_of({}),
             Contains("--data voc12|coco14|folder|scenes is missing") && Contains("on a terminal"));
  std::string const missing = error_of({"--data", "voc12", "--masks", "sam"});
  for (char const* const option : {"--root FOLDER", "--pseudo labels|cams", "--method irn|",
                                   "--pseudo-path FOLDER", "--checkpoint FILE"}) {
    CHECK_THAT(missing, Contains(option));
  }
  CHECK_THAT(missing, !Contains("--split") && !Contains("--masks-path"));
  CHECK_THAT(error_of({"--data", "scenes", "--root", "x"}),
             Contains("option \"--root\" does not apply here"));
  CHECK_THAT(error_of({"--data", "voc12", "--root", "x"}),
             Contains("option \"--root\": there is no folder \"x\""));
  CHECK_THAT(error_of({"--data", "voc"}), Contains("expected one of \"voc12\", \"coco14\""));
  CHECK_THAT(error_of({"--name", "lab.a"}),
             Contains("option \"--name\" is one of \"seplflow new plugin\""));
}

TEST_CASE("a new pipeline with errors is written only with --unchecked") {
  UserData const data;
  fs::remove(data.folder / "labels/2007_000032.png");
  std::vector<std::string> command = {
      "new",    "pipeline", "a.toml", "--data",       "voc12", "--root",
      "voc",    "--pseudo", "labels", "--method",     "eps",   "--pseudo-path",
      "labels", "--masks",  "json",   "--masks-path", "json"};
  ProgramOptions options;
  options.folder = data.folder.path();
  auto const refused = run_seplflow(command, options);
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("a.toml:") && Contains("1 of 1 samples has no file") &&
                              Contains("nothing was written") && Contains("--unchecked"));
  CHECK_FALSE(fs::exists(data.folder / "a.toml"));
  command.push_back("--unchecked");
  auto const written = run_seplflow(command, options);
  INFO(written.err);
  CHECK(written.status == 0);
  CHECK_THAT(written.out, StartsWith("Wrote a.toml. Next:") && Contains("seplflow check a.toml"));
  std::string const text = read_text(data.folder / "a.toml");
  CHECK_THAT(text, Contains("root  = \"voc\"\n") && Contains("dir    = \"labels\"\n"));
}

TEST_CASE("paths of a new pipeline are relative to it and are no settings of the environment") {
  TempFolder const folder;
  fs::create_directories(folder / "in/${X}");
  Answers answers = answered({{"data", "folder"},
                              {"images", (folder / "in/${X}").string()},
                              {"classes", "voc12"},
                              {"truth", "none"},
                              {"pseudo", "labels"},
                              {"method", "own"},
                              {"pseudo-path", (folder / "in").string()},
                              {"masks", "npy"},
                              {"masks-path", (folder / "in").string()}});
  CHECK_THAT(pipeline_text(answers, folder / "in/a.toml", "s"), Contains("/in/$${X}\""));
  answers["masks-path"] = "near";
  std::string const here = pipeline_text(answers, "a.toml", "s");
  CHECK_THAT(here, Contains("dir = \"near\"\n"));
  CHECK_THAT(pipeline_text(answers, "deep/a.toml", "s"),
             Contains("dir = \"" + (fs::current_path() / "near").string() + "\"\n"));
}
