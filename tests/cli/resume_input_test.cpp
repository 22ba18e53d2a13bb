// Files that change while a run works: no result of the old ones may be reused.
#include "support/png_fixture.hpp"
#include "support/resumed_run.hpp"

namespace {

// Labels restricted to the classes that list.txt has, and a gate at the second of five samples. The
// list is read when the pipeline is checked.
class ListedRun : public Workplace {
 public:
  static constexpr char const* kOld = "a 0\nb 0\nc 0\nd 0\ne 0\n";
  static constexpr char const* kNew = "a 1\nb 1\nc 1\nd 1\ne 1\n";

  ListedRun()
      : Workplace("name = \"listed\"\n[stages.data]\nuse = \"dataset.folder\"\n"
                  "list = \"list.txt\"\nimage_labels = \"list\"\n"
                  "classes = [\"background\", \"cat\", \"dog\"]\n"
                  "[stages.cam]\nuse = \"cam.labels\"\ndir = \"labels\"\n"
                  "in = { sample = \"data\", image_labels = \"data.image_labels\" }\n"
                  "restrict_to_image_labels = true\n"
                  "[stages.gate]\nuse = \"test.gate\"\nin = \"cam\"\nat = 1\n"
                  "inside = \"inside\"\ngo = \"go\"\n"
                  "[stages.write]\nuse = \"output.labels\"\nin = \"gate\"\n"
                  "[run]\njobs = 1\nin_flight = 1\n"),
        inside_(make_pipe("inside")),
        go_(make_pipe("go")) {
    folder.write("list.txt", kOld);
    std::string const labels = as_text(make_png({1, 3}, {}, {0, 1, 2}));
    for (char const* const name : {"a", "b", "c", "d", "e"}) {
      folder.write("labels/" + std::string(name) + ".png", labels);
    }
  }
  ~ListedRun() {
    ::close(inside_);
    ::close(go_);
  }

  // `while_held` is called while the gate holds its sample.
  ProgramResult run(std::string const& out, std::function<void()> const& while_held = [] {},
                    std::vector<std::string> arguments = {}) const {
    ProgramOptions options = with_faulty();
    options.while_running = [&](pid_t process) {
      char byte = 0;
      while (wait_for(inside_, process) && ::read(inside_, &byte, 1) == 1) {
        while_held();
        if (::write(go_, "x", 1) != 1) throw std::runtime_error("cannot let go");
      }
    };
    return Workplace::run(out, std::move(arguments), options);
  }

 private:
  int make_pipe(char const* name) const {
    if (::mkfifo((folder / name).c_str(), 0666) != 0) throw std::runtime_error("no pipe");
    return ::open((folder / name).c_str(), O_RDWR | O_CLOEXEC);
  }

  int inside_, go_;
};

}  // namespace

TEST_CASE("a list that is replaced while a run works makes all its results stale") {
  ListedRun const place;
  bool const by_name = GENERATE(true, false);
  auto const replace = [&] {
    if (!by_name) {
      place.folder.write("list.txt", ListedRun::kNew);
      return;
    }
    fs::rename(place.folder.write("new.txt", ListedRun::kNew), place.folder / "list.txt");
  };
  REQUIRE(place.run("out", replace).status == 0);
  REQUIRE(place.run("fresh").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "fresh") != kNone);

  REQUIRE(place.run("out", [] {}, {"--resume"}).status == 0);
  CHECK(reused_samples(place.folder / "out") == 0);
  CHECK(differences(place.folder / "out", place.folder / "fresh") == kNone);

  REQUIRE(place.run("out", [] {}, {"--resume"}).status == 0);
  CHECK(reused_samples(place.folder / "out") == 5);
}
