// Stages that misbehave on purpose, for tests of what the program makes of it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include <seplflow/seplflow.hpp>

namespace {

using namespace seplflow;

enum class Mode { throws, throws_int, declines, none };

// Fails for, or declines, the 10th, 20th, ... sample (with every = 10).
struct Faulty {
  std::int64_t every = 10;
  Mode mode = Mode::throws;

  std::optional<LabelMap> operator()(SampleContext const& context, LabelMap const& labels) const {
    bool const chosen = (context.sample().index + 1) % static_cast<std::uint64_t>(every) == 0;
    if (chosen && mode == Mode::throws) throw Error("faulty by intent");
    if (chosen && mode == Mode::throws_int) throw 42;
    if (chosen && mode == Mode::declines) return std::nullopt;
    return labels;
  }
};

enum class Death {
  segfault,
  overflow,
  abort,
  divide,
  terminate,
  in_thread,
  exit,
  quick_exit,
  bare_exit,
  hang,
  in_files,
  other_folder,  // the process only moves to another folder
  fork
};

void segfault() {
  // No null pointer, which UBSan would report first.
  auto* volatile nothing = reinterpret_cast<int volatile*>(std::uintptr_t{4096});
  *nothing = 1;
}

// Ends the process on one sample.
struct Deadly {
  std::int64_t at = 0;
  Death how = Death::segfault;

  LabelMap operator()(SampleContext const& context, LabelMap const& labels) const {
    if (context.sample().index == static_cast<std::uint64_t>(at)) die();
    return labels;
  }

  std::vector<std::filesystem::path> files(Sample const& sample) const {
    if (how == Death::in_files && sample.index == static_cast<std::uint64_t>(at)) segfault();
    return {};
  }

 private:
  void die() const {
    switch (how) {
      case Death::segfault:
        segfault();
        break;
      case Death::overflow:
        overflow(0);
        break;
      case Death::abort:
        std::abort();
      case Death::divide:
        std::raise(SIGFPE);
        break;
      case Death::terminate:
        std::terminate();
      case Death::in_thread:
        std::thread([] { segfault(); }).join();
        break;
      case Death::exit:
        std::exit(0);
      case Death::quick_exit:
        std::quick_exit(0);
      case Death::bare_exit:
        ::_exit(0);
      case Death::in_files:
        break;
      case Death::other_folder:
        if (::chdir("/") != 0) std::abort();
        break;
      case Death::hang:
        for (;;) ::pause();
      case Death::fork:
        if (::fork() == 0) std::exit(0);
        break;
    }
  }
  static int overflow(int depth) {
    char volatile room[4096];
    room[depth % 4096] = 1;
    return depth < 0 ? 0 : overflow(depth + 1) + room[(depth + 1) % 4096];
  }
};

// Cannot name the files of every so many samples.
struct Unlisted {
  std::int64_t every = 10;

  std::vector<std::filesystem::path> files(Sample const& sample) const {
    if ((sample.index + 1) % static_cast<std::uint64_t>(every) == 0) {
      throw Error("its folder cannot be listed");
    }
    return {};
  }
  LabelMap operator()(LabelMap const& labels) const { return labels; }
};

// Holds one sample until somebody lets it go: writes a byte to `inside`, then waits for one from
// `go`, both named pipes.
struct Gate {
  std::int64_t at = 0;
  std::filesystem::path inside, go;

  LabelMap operator()(SampleContext const& context, LabelMap const& labels) const {
    if (context.sample().index == static_cast<std::uint64_t>(at)) {
      transfer(inside, O_WRONLY);
      transfer(go, O_RDONLY);
    }
    return labels;
  }

 private:
  static void transfer(std::filesystem::path const& pipe, int direction) {
    int const descriptor = ::open(pipe.c_str(), direction | O_CLOEXEC);
    if (descriptor < 0) throw Error("cannot open " + pipe.string());
    char byte = 'x';
    auto const moved =
        direction == O_WRONLY ? ::write(descriptor, &byte, 1) : ::read(descriptor, &byte, 1);
    ::close(descriptor);
    if (moved != 1) throw Error("nothing came through " + pipe.string());
  }
};

// Turns the ignored pixels of a sample into the class that most pixels of the samples before had:
// the result depends on the order.
struct Memory {
  std::array<std::uint64_t, 256> seen{};

  LabelMap operator()(LabelMap const& labels) {
    auto const common = std::max_element(seen.begin() + 1, seen.begin() + 255) - seen.begin();
    std::vector<Label> pixels(labels.pixels().begin(), labels.pixels().end());
    std::replace(pixels.begin(), pixels.end(), kBackground, static_cast<Label>(common % 21));
    auto const& areas = label_areas(labels);
    for (std::size_t i = 0; i < seen.size(); ++i) seen[i] += areas[i];
    return LabelMap(labels.size(), std::move(pixels));
  }
};

// One file of all label maps, and the number of their pixels that are no background, in pixels.
struct Archive {
  using Record = std::string;
  std::string file = "all.bin";
  bool opens_itself = false;
  std::uint64_t objects = 0;

  Record operator()(LabelMap const& labels) const {
    auto const pixels = labels.pixels();
    return std::string(pixels.begin(), pixels.end());
  }
  std::string save(Record const& record) const { return record; }
  Record load(std::string_view bytes) const { return std::string(bytes); }
  std::filesystem::path run_file() const { return file; }
  std::vector<std::string> columns() const { return {"name", "object_pixels"}; }
  Row fold(Sample const& sample, Record const& record, RunFile& out) {
    add(sample.id + "\n" + record, out);
    auto const own = static_cast<std::uint64_t>(
        std::count_if(record.begin(), record.end(), [](char c) { return c != 0; }));
    objects += own;
    return {sample.id, own};
  }
  Findings finish(RunFile& out) {
    add("end\n", out);
    Findings findings;
    double const pixels = static_cast<double>(objects);
    findings.metrics.set("object_pixels", pixels);
    findings.scores.push_back({.name = "objects",
                               .value = pixels,
                               .metric = "object_pixels",
                               .unit = "pixels",
                               .better = Better::less});
    return findings;
  }

 private:
  void add(std::string const& text, RunFile& out) const {
    if (opens_itself) {
      std::ofstream(out.path(), std::ios::binary | std::ios::app) << text;
    } else {
      out.write({reinterpret_cast<std::uint8_t const*>(text.data()), text.size()});
    }
  }
};

// Sends a signal to its own process in one of its functions: SEPLFLOW_TEST_DEATH is "FUNCTION CALL
// SIGNAL", the first two of which say where. Unlike an option, it does not matter to a resumed run.
struct Mortal : Archive {
  std::vector<std::filesystem::path> files(Sample const&) const {
    may_die("files");
    return {};
  }
  Record operator()(LabelMap const& labels) const {
    may_die("call");
    return Archive::operator()(labels);
  }
  std::string save(Record const& record) const {
    may_die("save");
    return Archive::save(record);
  }
  Record load(std::string_view bytes) const {
    may_die("load");
    return Archive::load(bytes);
  }
  Row fold(Sample const& sample, Record const& record, RunFile& out) {
    Row row = Archive::fold(sample, record, out);
    may_die("fold");
    return row;
  }
  Findings finish(RunFile& out) {
    Findings findings = Archive::finish(out);
    may_die("finish");
    return findings;
  }

 private:
  static void may_die(std::string const& function) {
    static std::atomic<int> calls;
    char const* const death = std::getenv("SEPLFLOW_TEST_DEATH");
    std::istringstream words(death ? death : "");
    std::string where;
    int call = 0, signal = 0;
    if (!(words >> where >> call >> signal) || where != function || calls++ != call) return;
    signal == SIGSEGV ? segfault() : void(::kill(::getpid(), signal));
  }
};

// Returns a label map that does not fit the sample.
struct Misfit {
  bool size = false;
  LabelMap operator()(LabelMap const& labels) const {
    if (size) return LabelMap(Size{3, 3});
    std::vector<Label> pixels(labels.size().pixels(), 200);
    return LabelMap(labels.size(), std::move(pixels));
  }
};

}  // namespace

SEPLFLOW_PLUGIN(plugin) {
  plugin.stage<Faulty>("test.faulty", "Pass labels on, failing at every so many samples")
      .inputs("labels")
      .output("labels")
      .option("every", &Faulty::every, "fails at every so many samples", at_least(1))
      .option("mode", &Faulty::mode, "how it fails",
              choices<Mode>({{"throw", Mode::throws},
                             {"throw_int", Mode::throws_int},
                             {"declines", Mode::declines},
                             {"none", Mode::none}}));
  plugin.stage<Deadly>("test.deadly", "Pass labels on, ending the process on one sample")
      .inputs("labels")
      .output("labels")
      .option("at", &Deadly::at, "the place of that sample", at_least(0))
      .option("how", &Deadly::how, "how the process ends",
              choices<Death>({{"segfault", Death::segfault},
                              {"overflow", Death::overflow},
                              {"abort", Death::abort},
                              {"divide", Death::divide},
                              {"terminate", Death::terminate},
                              {"in_thread", Death::in_thread},
                              {"exit", Death::exit},
                              {"quick_exit", Death::quick_exit},
                              {"bare_exit", Death::bare_exit},
                              {"hang", Death::hang},
                              {"in_files", Death::in_files},
                              {"other_folder", Death::other_folder},
                              {"fork", Death::fork}}));
  plugin.stage<Unlisted>("test.unlisted", "Pass labels on, with files that cannot be named")
      .inputs("labels")
      .output("labels")
      .option("every", &Unlisted::every, "cannot name those of every so many samples", at_least(1));
  plugin.stage<Gate>("test.gate", "Pass labels on, holding one sample until it is let go")
      .inputs("labels")
      .output("labels")
      .option("at", &Gate::at, "the place of the sample that it holds", at_least(0))
      .option("inside", &Gate::inside, "a pipe that it tells when the sample is there", required())
      .option("go", &Gate::go, "a pipe that it waits for", required());
  plugin.stage<Memory>("test.memory", "Replace background by what was common before")
      .inputs("labels")
      .output("labels")
      .ordered();
  plugin.stage<Archive>("test.archive", "Write one file of all label maps")
      .inputs("labels")
      .option("file", &Archive::file, "its name")
      .option("opens_itself", &Archive::opens_itself, "whether it opens the file itself");
  plugin.stage<Mortal>("test.mortal", "Write one file of all label maps, or die").inputs("labels");
  for (bool const any_size : {false, true}) {
    auto& stage = plugin.stage<Misfit>(any_size ? "test.any_size" : "test.misfit",
                                       "Return a label map that does not fit the sample");
    stage.inputs("labels").output("labels").option("size", &Misfit::size, "whether its size is it");
    if (any_size) stage.any_size();
  }
}
