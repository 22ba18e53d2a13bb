// Stages that misbehave on purpose, for tests of what the program makes of it.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

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
  plugin.stage<Gate>("test.gate", "Pass labels on, holding one sample until it is let go")
      .inputs("labels")
      .output("labels")
      .option("at", &Gate::at, "the place of the sample that it holds", at_least(0))
      .option("inside", &Gate::inside, "a pipe that it tells when the sample is there", required())
      .option("go", &Gate::go, "a pipe that it waits for", required());
}
