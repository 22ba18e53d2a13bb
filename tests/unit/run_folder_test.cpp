#include "run/run_folder.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <fstream>
#include <span>
#include <thread>

#include "base/text_file.hpp"
#include "run/cost.hpp"
#include "run/resume/fingerprint.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

namespace {

std::span<std::uint8_t const> bytes(std::string_view text) {
  return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}

constexpr auto kNew = RunFolder::Claim::new_run;
constexpr auto kAgain = RunFolder::Claim::resumption;

std::size_t entries(fs::path const& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator(folder), fs::recursive_directory_iterator()));
}

}  // namespace

TEST_CASE("a run folder is created, with missing parent folders") {
  TempFolder const folder;
  RunFolder const run(folder / "a/b/run", kNew);
  CHECK(fs::is_directory(folder / "a/b/run"));
  CHECK(run.path() == folder / "a/b/run");
}

TEST_CASE("an empty folder can take a run") {
  TempFolder const folder;
  CHECK_NOTHROW(RunFolder(folder.path(), kNew));
}

TEST_CASE("a folder that holds a run is refused with its status, and left unchanged") {
  TempFolder const folder;
  folder.write("run.json", "{\"format\": 1, \"status\": \"done\"}");
  REQUIRE_THROWS_AS(RunFolder(folder.path(), kNew), RunFolderError);
  REQUIRE_THROWS_WITH(RunFolder(folder.path(), kNew),
                      Contains("already holds a run (status \"done\")") && Contains("--resume") &&
                          Contains("--overwrite") && Contains("--out"));
  CHECK(entries(folder.path()) == 1);
  folder.write("run.json", "{\"sta");
  REQUIRE_THROWS_WITH(RunFolder(folder.path(), kNew),
                      Contains("already holds a run (status unknown)"));
}

TEST_CASE("a folder that holds other files is refused") {
  TempFolder const folder;
  folder.write("thesis.tex", "");
  REQUIRE_THROWS_AS(RunFolder(folder.path(), kNew), RunFolderError);
  REQUIRE_THROWS_WITH(RunFolder(folder.path(), kNew),
                      Contains("files that are not a run of seplflow"));
}

TEST_CASE("a file in place of a run folder or of its parent is refused") {
  TempFolder const folder;
  folder.write("file", "x");
  REQUIRE_THROWS_AS(RunFolder(folder / "file", kNew), RunFolderError);
  REQUIRE_THROWS_WITH(RunFolder(folder / "file", kNew), Contains("it is a file"));
  REQUIRE_THROWS_AS(RunFolder(folder / "file/run", kNew), RunFolderError);
  CHECK(read_text(folder / "file") == "x");
}

TEST_CASE("files of a run appear complete and replace earlier ones") {
  TempFolder const folder;
  RunFolder run(folder / "run", kNew);
  run.write("pipeline.toml", "one");
  run.write("pipeline.toml", "two");
  run.write_json("run.json", {{"status", "running"}});
  CHECK(read_text(folder / "run/pipeline.toml") == "two");
  CHECK(read_text(folder / "run/run.json") == "{\n  \"status\": \"running\"\n}\n");
}

TEST_CASE("the files of a sink are written with missing folders") {
  TempFolder const folder;
  RunFolder run(folder / "run", kNew);
  run.write_output("write/a.png", bytes("A"));
  run.write_output("write/train/b.png", bytes("B"));
  CHECK(read_text(folder / "run/write/a.png") == "A");
  CHECK(read_text(folder / "run/write/train/b.png") == "B");
}

TEST_CASE("nothing that was written aside remains after the run") {
  TempFolder const folder;
  {
    RunFolder run(folder / "run", kNew);
    run.write("pipeline.toml", "x");
    std::ofstream(run.aside() / "score.csv") << "name\n";
    CHECK(fs::exists(folder / "run/.partial/score.csv"));
    CHECK(fs::exists(folder / "run/.lock"));
  }
  CHECK(entries(folder / "run") == 1);
}

TEST_CASE("a file that cannot be moved into place is an error and leaves nothing behind") {
  TempFolder const folder;
  folder.write("out/dir/x", "");
  AtomicWriter writer(folder / "aside");
  REQUIRE_THROWS_WITH(writer.write(folder / "out/dir", "text"),
                      Contains("cannot write " + (folder / "out/dir").string()));
  CHECK(fs::is_empty(folder / "aside"));
}

TEST_CASE("a file written by several threads at once is one of theirs, complete") {
  TempFolder const folder;
  AtomicWriter writer(folder / "aside");
  std::vector<std::jthread> threads;
  for (char const letter : {'a', 'b', 'c', 'd'}) {
    threads.emplace_back([&writer, &folder, letter] {
      for (int i = 0; i < 50; ++i) {
        writer.write(folder / "deep/er/shared", std::string(20000, letter));
        writer.write(folder / ("own/" + std::string(1, letter) + std::to_string(i)),
                     std::string(1, letter));
      }
    });
  }
  threads.clear();
  std::string const shared = read_text(folder / "deep/er/shared");
  CHECK(shared == std::string(20000, shared.at(0)));
  CHECK(entries(folder / "own") == 200);
  CHECK(fs::is_empty(folder / "aside"));
}

TEST_CASE("a growing file has what was flushed, and everything once it is closed") {
  TempFolder const folder;
  AppendFile file(folder / "a/ledger.jsonl");
  CHECK(file.file() == folder / "a/ledger.jsonl");
  file.append("one\n");
  file.flush();
  CHECK(read_text(folder / "a/ledger.jsonl") == "one\n");
  std::string const large(200000, 'x');
  file.append(large);
  file.append("\nlast\n");
  file.close();
  CHECK(read_text(folder / "a/ledger.jsonl") == "one\n" + large + "\nlast\n");
}

TEST_CASE("a file of a cache is replaced in one step, under a name of no other process") {
  TempFolder const folder;
  fs::path const file = folder / "cache/list";
  CHECK(unique_name_beside(file) != unique_name_beside(file));
  replace_cache_file(file, "one");
  replace_cache_file(file, "two");
  CHECK(read_text(file) == "two");
  CHECK(entries(folder / "cache") == 1);
}

TEST_CASE("a full disk is an error with the system's reason") {
  AppendFile flushed("/dev/full");
  flushed.append("text");
  REQUIRE_THROWS_WITH(flushed.flush(),
                      Contains("cannot write /dev/full") && Contains("No space left on device"));
  AppendFile closed("/dev/full");
  closed.append("text");
  REQUIRE_THROWS_AS(closed.close(), Error);
  AppendFile large("/dev/full");
  REQUIRE_THROWS_AS(large.append(std::string(1 << 20, 'x')), Error);
}

TEST_CASE("two runs cannot write to one folder, but the lock of a dead run does not count") {
  TempFolder const folder;
  {
    RunFolder const first(folder / "run", kNew);
    CHECK_THROWS_AS(RunFolder(folder / "run", kNew), UsageError);
    CHECK_THROWS_WITH(RunFolder(folder / "run", kAgain),
                      Contains("is being written by another run (process ") &&
                          Contains(std::to_string(::getpid())));
    CHECK(fs::exists(folder / "run/.partial"));
  }
  folder.write("run/.lock", "process 1 on elsewhere\n");
  folder.write("run/.partial/0", "half a file");
  RunFolder const after(folder / "run", kNew);
  CHECK(fs::is_empty(folder / "run/.partial"));
}

TEST_CASE("writing a file of a stage twice is an error, and the first file stays") {
  TempFolder const folder;
  RunFolder run(folder / "run", kNew);
  run.write_output("write/a.png", bytes("A"));
  CHECK_THROWS_WITH(run.write_output("write/a.png", bytes("B")),
                    Contains("has already written it"));
  CHECK(read_text(folder / "run/write/a.png") == "A");
}

TEST_CASE("a resumed run replaces files once, and removes those that it did not write") {
  TempFolder const folder;
  folder.write("run.json", "{\"format\": 1, \"status\": \"running\", \"name\": \"x\"}");
  folder.write("write/a.png", "old");
  folder.write("write/deep/stray.png", "old");
  folder.write("write/kept.png", "kept");
  folder.write("write/notes.txt", "mine");
  RunFolder run(folder.path(), kAgain);
  REQUIRE(run.before());
  CHECK(run.before()->status == "running");
  run.write_output("write/a.png", bytes("new"));
  CHECK_THROWS_WITH(run.write_output("write/a.png", bytes("B")),
                    Contains("has already written it"));
  run.keep_output("write/kept.png");
  CHECK(run.remove_outputs("write", {fingerprint("a.png"), fingerprint("deep/stray.png")}) == 1);
  CHECK(read_text(folder / "write/notes.txt") == "mine");
  CHECK(read_text(folder / "write/a.png") == "new");
  CHECK(read_text(folder / "write/kept.png") == "kept");
  CHECK_FALSE(fs::exists(folder / "write/deep"));
}

TEST_CASE("a run of a newer format is refused, even to resume it") {
  TempFolder const folder;
  folder.write("run.json", "{\"format\": 99, \"status\": \"done\"}");
  CHECK_THROWS_WITH(RunFolder(folder.path(), kAgain), Contains("has format 99"));
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a file can be overwritten in place, but not made longer") {
  TempFolder const folder;
  AtomicWriter writer(folder / "aside");
  writer.write(folder / "run.json", std::string_view("{\"status\": \"running\"}\n"));
  writer.overwrite(folder / "run.json", "{}\n");
  CHECK(read_text(folder / "run.json") == "{}\n" + std::string(19, ' '));
  CHECK_THROWS_AS(writer.overwrite(folder / "run.json", std::string(100, 'x')), Error);
}

TEST_CASE("a run that ended before any sample was done does not keep others from its folder") {
  TempFolder const folder;
  folder.write("run.json", "{\"format\": 1, \"status\": \"failed\"}");
  CHECK_NOTHROW(RunFolder(folder.path(), kNew));
  folder.write("ledger.jsonl", "{\"id\": \"a\", \"outcome\": \"failed\"}\n");
  CHECK_NOTHROW(RunFolder(folder.path(), kNew));
  folder.write(
      "ledger.jsonl",
      "{\"id\": \"a\", \"outcome\": \"failed\"}\n{\"id\": \"b\", \"outcome\": \"done\"}\n");
  CHECK_THROWS_AS(RunFolder(folder.path(), kNew), RunFolderError);
}

TEST_CASE("a run.json with a field of a wrong type is damaged") {
  TempFolder const folder;
  for (char const* const field :
       {"\"keep\": 5", "\"versions\": []", "\"plugins\": [1]", "\"lists\": {}", "\"shard\": 1",
        "\"variants\": \"x\"", "\"status\": null", "\"merged\": 1", "\"crash\": 0"}) {
    CAPTURE(field);
    folder.write("run.json", "{\"format\": 1, " + std::string(field) + "}");
    CHECK_THROWS_AS(run_record_in(folder.path()), DamagedRunRecord);
  }
  folder.write("run.json", "{\"format\": 99999999999}");
  CHECK_THROWS_WITH(run_record_in(folder.path()), Contains("has format 99999999999"));
  folder.write("run.json", std::string(1'000'000, '['));
  CHECK_THROWS_AS(run_record_in(folder.path()), DamagedRunRecord);
}

TEST_CASE("nothing but regular files is opened in a run folder") {
  TempFolder const folder;
  REQUIRE(::mkfifo((folder / "run.json").c_str(), 0666) == 0);
  CHECK_THROWS_WITH(run_record_in(folder.path()), Contains("is not a regular file"));
  REQUIRE(::mkfifo((folder / ".lock").c_str(), 0666) == 0);
  CHECK_THROWS_WITH(RunFolder(folder.path(), kAgain), Contains("is not a regular file"));
  REQUIRE(::mkfifo((folder / "log.txt").c_str(), 0666) == 0);
  CHECK_THROWS_WITH(append_to(folder / "log.txt", "x"), Contains("it is a pipe"));
}

TEST_CASE("no symbolic link on the way to a file is followed") {
  TempFolder const folder;
  fs::create_directories(folder / "foreign");
  RunFolder run(folder / "run", kNew);
  for (char const* const name : {"write", "variants"}) {
    fs::create_symlink(folder / "foreign", folder / "run" / name);
  }
  CHECK_THROWS_WITH(run.write_output("write/a.png", bytes("x")), Contains("symbolic link"));
  CHECK_THROWS_WITH(run.write("variants/a/metrics.json", "{}"), Contains("symbolic link"));
  CHECK_FALSE(run.remove_other("write/list.txt"));
  CHECK(entries(folder / "foreign") == 0);
}

TEST_CASE("a symbolic link in place of the lock is not followed") {
  TempFolder const folder;
  auto const foreign = folder.write("foreign.txt", "mine");
  fs::create_directory(folder / "run");
  fs::create_symlink(foreign, folder / "run/.lock");
  CHECK_THROWS_WITH(RunFolder(folder / "run", kNew), Contains("symbolic link"));
  CHECK(std::ifstream(foreign).peek() == 'm');
}

namespace {

std::string lock_refusal(fs::path const& file, OwnerFile::Times const& times) {
  try {
    OwnerFile const lock(file, times);
  } catch (UsageError const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("where flock is not supported the file of a living owner locks a folder") {
  using std::chrono::milliseconds;
  TempFolder const folder;
  fs::path const file = folder / ".lock-owner";
  OwnerFile::Times const times{milliseconds(20), milliseconds(1000)};
  {
    OwnerFile const lock(file, times);
    CHECK_THAT(lock_refusal(file, times), Contains("is being written by another run (process " +
                                                   std::to_string(::getpid())));
    CHECK_THAT(FolderLock::owner(folder.path()), StartsWith("process "));
    // The owner is on another machine, as far as another process can see, and renews the file.
    std::ofstream(file) << "process 1 on elsewhere\nother machine\n1 1\n";
    CHECK_THAT(lock_refusal(file, times), Contains("(process 1 on elsewhere)"));
  }
  CHECK_FALSE(fs::exists(file));
  // Nobody renews this one.
  std::ofstream(file) << "process 1 on elsewhere\nother machine\n1 1\n";
  CHECK(lock_refusal(file, {milliseconds(20), milliseconds(300)}).empty());
  // The number of a process that ended, and began at another time.
  { OwnerFile const lock(file, times); }
  CHECK(FolderLock::owner(folder.path()).empty());
}

TEST_CASE("the CPU time of a run has that of the processes that it started") {
  double const before = cpu_seconds_so_far();
  pid_t const child = ::fork();
  if (child == 0) {
    while (std::clock() < CLOCKS_PER_SEC / 10) continue;
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  CHECK(cpu_seconds_so_far() - before > 0.08);
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(cpu_seconds_so_far() - before > 0.08);
}
