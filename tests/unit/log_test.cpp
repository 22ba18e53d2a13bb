#include "run/log.hpp"

#include <spdlog/logger.h>

#include <regex>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
namespace fs = std::filesystem;

TEST_CASE("a log file has the time in UTC, the level and the message of every line") {
  TempFolder const folder;
  {
    LogFile const file(folder / "log.txt");
    log_debug("the first");
    log_info("100 % {}");
    log_warning("the third");
    log_error("the last");
  }
  log_error("no longer written");
  std::string const text = read_text(folder / "log.txt");
  std::string const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ";
  CHECK(std::regex_search(
      text, std::regex(time + "debug: the first\n" + time + "info: 100 % \\{\\}\n" + time +
                       "warning: the third\n" + time + "error: the last\n$")));
}

TEST_CASE("a log file begins with what was logged before it, and is appended to") {
  TempFolder const folder;
  log_info("early");
  {
    LogFile const file(folder / "log.txt");
    CHECK_THAT(read_text(folder / "log.txt"), Contains("info: early\n"));
  }
  {
    LogFile const again(folder / "log.txt");
    log_info("late");
  }
  std::string const text = read_text(folder / "log.txt");
  CHECK(text.find("early") < text.find("late"));
  CHECK(text.find("early", text.find("early") + 1) == std::string::npos);
}

TEST_CASE("a pattern for all sinks leaves the log file's as it is") {
  TempFolder const folder;
  logger().set_pattern("%v");
  LogFile const file(folder / "log.txt");
  log_info("message");
  CHECK_THAT(read_text(folder / "log.txt"), Contains("Z info: message\n"));
}

TEST_CASE("messages of several threads are whole lines of the log file") {
  TempFolder const folder;
  LogFile const file(folder / "log.txt");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) log_info("a message");
    });
  }
  threads.clear();
  std::string const text = read_text(folder / "log.txt");
  std::regex const line("[^\n]*Z info: a message\n");
  CHECK(std::distance(std::sregex_iterator(text.begin(), text.end(), line), {}) == 200);
}

TEST_CASE("a log file that cannot be written ends nothing") {
  TempFolder const folder;
  folder.write("file", "");
  for (fs::path const& path : {fs::path("/dev/full"), folder / "file/log.txt"}) {
    LogFile const file(path);
    CHECK_NOTHROW(log_info("one"));
    CHECK_NOTHROW(log_info("two"));
  }
}
