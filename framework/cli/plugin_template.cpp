#include "cli/plugin_template.hpp"

#include <algorithm>
#include <map>

#include <seplflow/version.hpp>

namespace seplflow::cli {
namespace {

// In all texts %NAME% is the stage ("lab.sure_masks"), %TARGET% the library ("lab_sure_masks"),
// %FILE% the stage without its family ("sure_masks") and %CLASS% its class ("SureMasks").

// What differs between kinds of stage: the class and its declaration, the test of it, and what the
// pipeline has besides its name.
struct Parts {
  char const *source, *test, *pipeline;
};

constexpr Parts kTransform = {R"(
// Turns classes of fewer than `least` pixels into background.
struct %CLASS% {
  std::uint64_t least = 50;

  seplflow::LabelMap operator()(seplflow::LabelMap const& labels) const {
    auto const& areas = seplflow::label_areas(labels);
    std::vector<seplflow::Label> pixels(labels.pixels().begin(), labels.pixels().end());
    for (seplflow::Label& pixel : pixels) {
      if (pixel != seplflow::kIgnore && areas[pixel] < least) pixel = seplflow::kBackground;
    }
    return seplflow::LabelMap(labels.size(), std::move(pixels));
  }
};

}  // namespace

SEPLFLOW_PLUGIN(plugin) {
  plugin.version("0.1.0");
  plugin.stage<%CLASS%>("%NAME%", "Turn small classes into background")
      .inputs("labels")
      .output("labels")
      .option("least", &%CLASS%::least, "area of the smallest class that is kept",
              seplflow::unit("pixels"));
}
)",
                              R"(
  LabelMap const labels({2, 3}, {15, 15, 15, 15, 8, 255}), kept({2, 3}, {15, 15, 15, 15, 0, 255});
  StageKit stage("%NAME%", "least = 2");
  require(stage.run<LabelMap>(voc_sample("a"), labels) == kept, "a class of one pixel is removed");
)",
                              R"(
[stages.scenes]
use = "dataset.scenes"
count = 20

[stages.mine]
use = "%NAME%"
in = "scenes.pseudo"
least = 100

[stages.score]
use = "eval.miou"
in = { truth = "scenes.truth", labels = "mine", baseline = "scenes.pseudo" }
)"};

constexpr Parts kObserver = {R"(
// The share of the pixels that belong to an object.
struct %CLASS% {
  using Record = double;

  Record operator()(seplflow::LabelMap const& labels) const {
    auto const& areas = seplflow::label_areas(labels);
    auto const pixels = labels.size().pixels();
    auto const others = areas[seplflow::kBackground] + areas[seplflow::kIgnore];
    return static_cast<double>(pixels - others) / static_cast<double>(pixels);
  }

  std::vector<std::string> columns() const { return {"name", "share"}; }

  seplflow::Row fold(seplflow::Sample const& sample, Record const& share) {
    sum += share;
    ++samples;
    return {sample.id, share};
  }

  seplflow::Findings finish() const {
    seplflow::Findings findings;
    findings.metrics.set("samples", samples);
    if (samples > 0) findings.metrics.set("share", sum / static_cast<double>(samples));
    return findings;
  }

  // With these two, a run that was interrupted can resume.
  std::string save(Record const& share) const {
    return seplflow::ByteWriter().number(share).take();
  }
  Record load(std::string_view bytes) const { return seplflow::ByteReader(bytes).number(); }

  double sum = 0;
  std::uint64_t samples = 0;
};

}  // namespace

SEPLFLOW_PLUGIN(plugin) {
  plugin.version("0.1.0");
  plugin.stage<%CLASS%>("%NAME%", "Measure how much of the images belongs to objects")
      .inputs("labels");
}
)",
                             R"(
  StageKit stage("%NAME%");
  LabelMap const half({1, 2}, {0, 15});
  require(stage.observe(voc_sample("a"), half) == Row{"a", 0.5}, "half of the image is an object");
  require(stage.finish().metrics.entries().size() == 2, "there are two metrics");
)",
                             R"(
[stages.scenes]
use = "dataset.scenes"
count = 20

[stages.mine]
use = "%NAME%"
in = "scenes.truth"
)"};

constexpr Parts kSink = {R"(
// Writes the area of each class into a text file.
struct %CLASS% {
  std::string separator = " ";

  void operator()(seplflow::SampleContext const& context, seplflow::LabelMap const& labels) const {
    auto const& areas = seplflow::label_areas(labels);
    std::string text;
    for (std::size_t label = 0; label < areas.size(); ++label) {
      if (areas[label] == 0) continue;
      text += std::to_string(label) + separator + std::to_string(areas[label]) + "\n";
    }
    context.output().write(context.sample().id + ".txt",
                           {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()});
  }
};

}  // namespace

SEPLFLOW_PLUGIN(plugin) {
  plugin.version("0.1.0");
  plugin.stage<%CLASS%>("%NAME%", "Write the areas of the classes")
      .inputs("labels")
      .option("separator", &%CLASS%::separator, "between a class and its area");
}
)",
                         R"(
  StageKit stage("%NAME%", "separator = ';'");
  stage.write(voc_sample("a"), LabelMap({1, 3}, {0, 15, 15}));
  require(stage.text("a.txt") == "0;1\n15;2\n", "there is a line for each class");
)",
                         R"(
[stages.scenes]
use = "dataset.scenes"
count = 20

[stages.mine]
use = "%NAME%"
in = "scenes.truth"
)"};

constexpr Parts kSource = {R"(
// Generates images of two classes: the left part is the first, the right part the second.
struct %CLASS% {
  std::uint64_t total = 20;

  std::optional<seplflow::Sample> next() {
    if (emitted == total) return std::nullopt;
    seplflow::Sample sample;
    sample.id = "image_" + std::to_string(emitted++);
    sample.classes = classes;
    sample.size = seplflow::Size{24, 32};
    return sample;
  }

  std::uint64_t count() const { return total; }

  seplflow::LabelMap truth(seplflow::Sample const& sample) const {
    seplflow::Size const size = *sample.size;
    std::vector<seplflow::Label> pixels(size.pixels(), 2);
    for (std::uint32_t y = 0; y < size.height; ++y) {
      auto const row = pixels.begin() + std::ptrdiff_t{y} * size.width;
      std::fill(row, row + std::min<std::ptrdiff_t>(sample.index + 1, size.width), 1);
    }
    return seplflow::LabelMap(size, std::move(pixels));
  }

  seplflow::ClassesPtr classes = std::make_shared<seplflow::Classes const>(
      std::vector<std::string>{"background", "left", "right"});
  std::uint64_t emitted = 0;
};

}  // namespace

SEPLFLOW_PLUGIN(plugin) {
  plugin.version("0.1.0");
  plugin.stage<%CLASS%>("%NAME%", "Generate images with a left and a right part")
      .output("truth", &%CLASS%::truth)
      .option("count", &%CLASS%::total, "number of images");
}
)",
                           R"(
  StageKit stage("%NAME%", "count = 3");
  auto const samples = stage.samples();
  require(samples.size() == 3, "there are as many samples as the option says");
  LabelMap const truth = stage.produce<LabelMap>("truth", samples[2]);
  require(truth.at(0, 2) == 1 && truth.at(0, 3) == 2, "the left part grows");
)",
                           R"(
[stages.mine]
use = "%NAME%"
count = 5

[stages.score]
use = "eval.miou"
in = { truth = "mine.truth", labels = "mine.truth" }

[stages.write]
use = "output.labels"
in = "mine.truth"
)"};

constexpr char const* kSourceHead = R"(// The stage %NAME%. Replace what it does by what yours does.
#include <seplflow/seplflow.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {
)";

constexpr char const* kTestHead = R"(// Any test framework can use the kit; this test needs none.
#include <seplflow/testing.hpp>

using namespace seplflow;
using namespace seplflow::testing;

int main() {)";

constexpr char const* kPipelineHead = R"(# Run it with: seplflow run pipeline.toml
name = "%TARGET%"
)";

constexpr char const* kCMake = R"(cmake_minimum_required(VERSION 3.24)
project(%TARGET% VERSION 0.1.0 LANGUAGES CXX)

find_package(seplflow %VERSION% REQUIRED)
add_seplflow_plugin(%TARGET% %FILE%.cpp)

enable_testing()
add_seplflow_test(%TARGET%_test %TARGET% %FILE%_test.cpp)

# With --prefix ~/.local this is the folder that seplflow looks in.
install(TARGETS %TARGET% LIBRARY DESTINATION share/seplflow/plugins)
)";

constexpr char const* kReadme = R"(# %NAME%

A plugin for seplflow. PREFIX is the folder that seplflow is installed in.

```bash
cmake -S . -B build -DCMAKE_PREFIX_PATH=PREFIX
cmake --build build
ctest --test-dir build --output-on-failure
SEPLFLOW_PLUGIN_PATH=build seplflow run pipeline.toml
```

To use it in every pipeline, install it into your own plugin folder:

```bash
cmake --install build --prefix ~/.local
seplflow stages %NAME%
```

| File | Is |
|---|---|
| `%FILE%.cpp` | the stage and its declaration |
| `%FILE%_test.cpp` | its test |
| `pipeline.toml` | a pipeline that uses it |
| `.github/`, `.gitlab-ci.yml` | build and test it on GitHub or GitLab: set the variable `SEPLFLOW_GIT` of the project to the address of seplflow's repository, and remove the other file |
)";

// The same steps in both CI files.
constexpr char const* kGitHub = R"(name: test
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-24.04
    env:
      SEPLFLOW_GIT: ${{ vars.SEPLFLOW_GIT }}
    steps:
      - uses: actions/checkout@v4
      - run: git clone --depth 1 --branch v%VERSION% "$SEPLFLOW_GIT" seplflow
      - run: cd seplflow && scripts/install-deps.sh
      - run: cd seplflow && cmake --preset release -DSEPLFLOW_TESTS=OFF && cmake --build --preset release
      - run: cmake --install seplflow/build/release --prefix "$PWD/prefix"
      - run: cmake -S . -B build -DCMAKE_PREFIX_PATH="$PWD/prefix" && cmake --build build
      - run: ctest --test-dir build --output-on-failure
      - run: SEPLFLOW_PLUGIN_PATH=build prefix/bin/seplflow run pipeline.toml
)";

constexpr char const* kGitLab = R"(test:
  image: debian:12
  script:
    - apt-get update && apt-get install -y git
    - git clone --depth 1 --branch v%VERSION% "$SEPLFLOW_GIT" seplflow
    - (cd seplflow && scripts/install-deps.sh)
    - (cd seplflow && cmake --preset release -DSEPLFLOW_TESTS=OFF && cmake --build --preset release)
    - cmake --install seplflow/build/release --prefix "$PWD/prefix"
    - cmake -S . -B build -DCMAKE_PREFIX_PATH="$PWD/prefix" && cmake --build build
    - ctest --test-dir build --output-on-failure
    - SEPLFLOW_PLUGIN_PATH=build prefix/bin/seplflow run pipeline.toml
)";

Parts const& parts_of(StageKind kind) {
  switch (kind) {
    case StageKind::source:
      return kSource;
    case StageKind::observer:
      return kObserver;
    case StageKind::sink:
      return kSink;
    case StageKind::transform:
      break;
  }
  return kTransform;
}

std::string with_underscores(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '.', '_');
  return text;
}

// "SureMasks", for "sure_masks"
std::string camel_case(std::string_view name) {
  std::string text;
  bool is_start = true;
  for (char const letter : name) {
    bool const is_raised = is_start && letter >= 'a' && letter <= 'z';
    if (letter != '_') text += is_raised ? static_cast<char>(letter - 'a' + 'A') : letter;
    is_start = letter == '_';
  }
  return text;
}

using Names = std::map<std::string, std::string>;

std::string filled(std::string_view text, Names const& names) {
  std::string result;
  while (!text.empty()) {
    std::size_t const begin = std::min(text.find('%'), text.size());
    result += text.substr(0, begin);
    text.remove_prefix(begin);
    if (text.empty()) break;
    std::size_t const end = text.find('%', 1);
    result += names.at(std::string(text.substr(1, end - 1)));
    text.remove_prefix(end + 1);
  }
  return result;
}

}  // namespace

std::string target_of(std::string_view stage) {
  return with_underscores(stage);
}

std::vector<NewFile> new_plugin(std::string const& stage, StageKind kind) {
  std::string const file = with_underscores(std::string_view(stage).substr(stage.find('.') + 1));
  Names const names = {{"NAME", stage},
                       {"TARGET", target_of(stage)},
                       {"FILE", file},
                       {"CLASS", camel_case(file)},
                       {"VERSION", SEPLFLOW_VERSION}};
  Parts const& parts = parts_of(kind);
  std::vector<NewFile> files = {
      {file + ".cpp", std::string(kSourceHead) + parts.source},
      {file + "_test.cpp", std::string(kTestHead) + parts.test + "}\n"},
      {"pipeline.toml", std::string(kPipelineHead) + parts.pipeline},
      {"CMakeLists.txt", kCMake},
      {"README.md", kReadme},
      {".github/workflows/test.yml", kGitHub},
      {".gitlab-ci.yml", kGitLab},
      {".gitignore", "build/\nruns/\n"}};
  for (NewFile& each : files) each.text = filled(each.text, names);
  return files;
}

}  // namespace seplflow::cli
