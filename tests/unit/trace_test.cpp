#include "run/trace.hpp"

#include <set>
#include <thread>
#include <vector>

#include <seplflow/error.hpp>
#include "run/json.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;

TEST_CASE("a trace without events is valid JSON") {
  TempFolder const folder;
  Trace(folder / "trace.json").close();
  CHECK(Json::parse(read_text(folder / "trace.json"))["traceEvents"].empty());
}

TEST_CASE("an event has the stage, the sample, the start and the duration in microseconds") {
  TempFolder const folder;
  Trace trace(folder / "trace.json");
  auto const begin = Trace::Clock::now();
  trace.event("select", "a \"b\"\n", begin, begin + std::chrono::milliseconds(3));
  trace.event("score", "c", begin + std::chrono::milliseconds(1),
              begin + std::chrono::milliseconds(2));
  trace.close();
  Json const events = Json::parse(read_text(folder / "trace.json"))["traceEvents"];
  REQUIRE(events.size() == 2);
  CHECK(events[0]["name"] == "select");
  CHECK(events[0]["ph"] == "X");
  CHECK(events[0]["args"]["sample"] == "a \"b\"\n");
  CHECK(events[0]["dur"].get<double>() == Approx(3000));
  CHECK(events[1]["ts"].get<double>() - events[0]["ts"].get<double>() == Approx(1000));
  CHECK(events[0]["tid"] == events[1]["tid"]);
}

TEST_CASE("events of several threads have a number for each thread") {
  TempFolder const folder;
  Trace trace(folder / "trace.json");
  auto const now = Trace::Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&trace, now, t] {
        for (int i = 0; i < 100; ++i) trace.event("stage", std::to_string(t), now, now);
      });
    }
  }
  trace.close();
  Json const json = Json::parse(read_text(folder / "trace.json"));
  Json const& events = json["traceEvents"];
  CHECK(events.size() == 400);
  std::set<std::pair<std::string, int>> threads;
  for (Json const& event : events) {
    threads.emplace(event["args"]["sample"].get<std::string>(), event["tid"].get<int>());
  }
  CHECK(threads.size() == 4);  // one thread, one number
}

TEST_CASE("a trace that cannot be written is an error") {
  TempFolder const folder;
  folder.write("file", "");
  CHECK_THROWS_AS(Trace(folder / "file/trace.json"), Error);
  CHECK_THROWS_AS(Trace("/dev/full"), Error);
}
