#include "run/progress.hpp"

#include "support/catch.hpp"

using namespace seplflow;

TEST_CASE("a duration is shown in its two largest units") {
  CHECK(duration_text(-1) == "0 s");
  CHECK(duration_text(0.4) == "0 s");
  CHECK(duration_text(59.4) == "59 s");
  CHECK(duration_text(59.6) == "1 min 00 s");
  CHECK(duration_text(245) == "4 min 05 s");
  CHECK(duration_text(3599.6) == "1 h 00 min");
  CHECK(duration_text(12059) == "3 h 20 min");
  CHECK(duration_text(400000) == "111 h 06 min");
}

TEST_CASE("progress shows the samples, the rate and the time left") {
  CHECK(progress_text({50, 0, 200}, 5, 0) == "50 of 200 samples, 25 %, 10/s, 15 s left");
  CHECK(progress_text({200, 0, 200}, 5, 0) == "200 of 200 samples, 100 %, 40/s");
}

TEST_CASE("progress without a known total only counts") {
  CHECK(progress_text({50, 0, std::nullopt}, 5, 0) == "50 samples, 10/s");
  CHECK(progress_text({50, 0, std::nullopt}, 5, 24) == "50 samples, 10/s");
}

TEST_CASE("reused samples do not count towards the rate") {
  CHECK(progress_text({60, 1, 100, 50}, 5, 0) ==
        "60 of 100 samples, 60 %, 2/s, 20 s left, 50 reused, 1 failed");
  CHECK(progress_text({50, 0, 100, 50}, 5, 0) == "50 of 100 samples, 50 %, 0/s, 50 reused");
}

TEST_CASE("progress shows failed samples") {
  CHECK_THAT(progress_text({50, 3, 200}, 5, 0), EndsWith(", 3 failed"));
}

TEST_CASE("a rate has two significant digits or all digits before the point") {
  CHECK(rate_text(944.4) == "944/s");
  CHECK(rate_text(12) == "12/s");
  CHECK(rate_text(2.5) == "2.5/s");
  CHECK(rate_text(0.184) == "0.18/s");
  CHECK(rate_text(0.0034) == "0.0034/s");
  CHECK(rate_text(0) == "0/s");
}

TEST_CASE("slow progress keeps its digits") {
  CHECK_THAT(progress_text({1, 0, 3}, 4, 0), Contains("0.25/s, 8 s left"));
}

TEST_CASE("before the first sample no time left is shown") {
  CHECK(progress_text({0, 0, 200}, 0, 0) == "0 of 200 samples, 0 %, 0/s");
  CHECK(progress_text({0, 0, 200}, 3, 0) == "0 of 200 samples, 0 %, 0/s");
  CHECK_THAT(progress_text({0, 0, 0}, 3, 10), Contains("0 samples"));
}

TEST_CASE("progress is 100 percent only when all samples are finished") {
  CHECK_THAT(progress_text({999, 0, 1000}, 5, 0), Contains("99 %"));
}

TEST_CASE("the bar is filled in proportion and never exceeds its width") {
  CHECK_THAT(progress_text({0, 0, 4}, 1, 8), StartsWith("[........] "));
  CHECK_THAT(progress_text({1, 0, 4}, 1, 8), StartsWith("[##......] "));
  CHECK_THAT(progress_text({4, 0, 4}, 1, 8), StartsWith("[########] "));
  CHECK_THAT(progress_text({9, 0, 4}, 1, 8), StartsWith("[########] "));
}

TEST_CASE("disabled progress never asks for the state") {
  int asked = 0;
  {
    Progress const progress(ProgressMode::none, [&asked] { return ++asked, ProgressState{}; });
  }
  CHECK(asked == 0);
}

TEST_CASE("a stage that works for long is named at the end of the line") {
  CHECK_THAT(progress_text({1, 0, 4, 0, "\"sam\" has worked for 75 s"}, 1, 0),
             EndsWith("; \"sam\" has worked for 75 s"));
  CHECK(slow_work_text(0).empty());
}
