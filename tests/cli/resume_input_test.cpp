// Files that change while a run works: no result of the old ones may be reused.
#include "support/png_fixture.hpp"
#include "support/resumed_run.hpp"

namespace {

// A run over five samples, whose source reads `file` when the pipeline is checked. A gate holds the
// second sample. Both texts of the file have the same samples and other labels.
class HeldSource : public Workplace {
 public:
  struct Input {
    std::string stages;  // up to the stage or output "labels", which the gate reads
    std::string labels;
    std::string file, before, after;
  };

  explicit HeldSource(Input input)
      : Workplace("name = \"held\"\n" + input.stages +
                  "[stages.gate]\nuse = \"test.gate\"\nin = \"" + input.labels +
                  "\"\nat = 1\ninside = \"inside\"\ngo = \"go\"\n"
                  "[stages.write]\nuse = \"output.labels\"\nin = \"gate\"\n"
                  "[run]\njobs = 1\nin_flight = 1\n"),
        input_(std::move(input)),
        inside_(make_pipe("inside")),
        go_(make_pipe("go")) {
    folder.write(input_.file, input_.before);
  }
  ~HeldSource() {
    ::close(inside_);
    ::close(go_);
  }

  void replace(bool by_name) const {
    if (by_name) {
      fs::rename(folder.write("new", input_.after), folder / input_.file);
    } else {
      folder.write(input_.file, input_.after);
    }
  }

  // `while_held` is called while the gate holds its sample.
  ProgramResult run(
      std::string const& out, std::function<void()> const& while_held = [] {},
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

  Input input_;
  int inside_, go_;
};

void require_nothing_stale(HeldSource const& place, bool by_name) {
  REQUIRE(place.run("out", [&] { place.replace(by_name); }).status == 0);
  REQUIRE(place.run("fresh").status == 0);
  CHECK(differences(place.folder / "out", place.folder / "fresh") != kNone);

  REQUIRE(place.run("out", [] {}, {"--resume"}).status == 0);
  CHECK(reused_samples(place.folder / "out") == 0);
  CHECK(differences(place.folder / "out", place.folder / "fresh") == kNone);

  REQUIRE(place.run("out", [] {}, {"--resume"}).status == 0);
  CHECK(reused_samples(place.folder / "out") == 5);
}

// Five images, each with an annotation of this category.
std::string instances_of(int category) {
  std::string images, annotations;
  for (int i = 1; i <= 5; ++i) {
    std::string const id = std::to_string(i), comma = i == 1 ? "" : ", ";
    images += comma + "{\"id\": " + id + ", \"file_name\": \"" + id +
              ".jpg\", \"height\": 2, \"width\": 3}";
    annotations += comma + "{\"id\": " + id + ", \"image_id\": " + id +
                   ", \"category_id\": " + std::to_string(category) +
                   ", \"segmentation\": {\"size\": [2, 3], \"counts\": [2, 2, 2]}}";
  }
  return "{\"images\": [" + images + "], \"annotations\": [" + annotations +
         "], \"categories\": [{\"id\": 1, \"name\": \"cat\"}, {\"id\": 2, \"name\": \"dog\"}]}";
}

}  // namespace

TEST_CASE("a list that is replaced while a run works makes all its results stale") {
  HeldSource const place(
      {"[stages.data]\nuse = \"dataset.folder\"\nlist = \"list.txt\"\n"
       "image_labels = \"list\"\n"
       "classes = [\"background\", \"cat\", \"dog\"]\n"
       "[stages.cam]\nuse = \"cam.labels\"\ndir = \"labels\"\n"
       "in = { sample = \"data\", image_labels = \"data.image_labels\" }\n"
       "restrict_to_image_labels = true\n",
       "cam", "list.txt", "a 0\nb 0\nc 0\nd 0\ne 0\n", "a 1\nb 1\nc 1\nd 1\ne 1\n"});
  std::string const labels = as_text(make_png({1, 3}, {}, {0, 1, 2}));
  for (char const* const name : {"a", "b", "c", "d", "e"}) {
    place.folder.write("labels/" + std::string(name) + ".png", labels);
  }
  require_nothing_stale(place, GENERATE(true, false));
}

TEST_CASE("annotations that are replaced while a run works make all its results stale") {
  HeldSource const place({"[stages.coco]\nuse = \"dataset.coco\"\nannotations = \"a.json\"\n",
                          "coco.truth", "a.json", instances_of(1), instances_of(2)});
  require_nothing_stale(place, true);
}
