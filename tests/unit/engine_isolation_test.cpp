#include <tbb/parallel_for.h>

#include "engine/engine.hpp"
#include "support/catch.hpp"
#include "support/lambda_pipeline.hpp"

using namespace seplflow;

TEST_CASE("a parallel loop inside a stage does not run another sample on its thread", "[engine]") {
  LambdaPipeline test(200);
  static thread_local bool inside;
  std::atomic<int> entered_twice{0};
  test.transform("loops", {"source"}, [&](Sample const&, LambdaPipeline::Inputs const& in) {
    if (inside) ++entered_twice;
    inside = true;
    std::atomic<int> sum{0};
    tbb::parallel_for(0, 64, [&](int i) {
      volatile int work = 0;
      for (int k = 0; k < 200; ++k) work = work + 1;
      sum += i;
    });
    inside = false;
    return std::optional(*in[0]);
  });
  test.observer("end", {"loops"}, [](Sample const&, LambdaPipeline::Inputs const& in) {
    return std::optional(*in[0]);
  });
  RecordingListener listener;
  RunTotals const totals = run(test, listener, 4);
  CHECK(totals.done == 200);
  CHECK(entered_twice == 0);
}
