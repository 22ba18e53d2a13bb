// A stage with a data race in it. Under ThreadSanitizer this program must be reported: a build that
// stays silent here proves nothing by staying silent elsewhere.
#include <cstdio>

#include "support/lambda_pipeline.hpp"

int main() {
  LambdaPipeline test(2000);
  long unguarded = 0;
  test.transform("races", {"source"},
                 [&](seplflow::Sample const&, LambdaPipeline::Inputs const& in) {
                   ++unguarded;
                   return std::optional(*in[0]);
                 });
  test.observer("end", {"races"}, [](seplflow::Sample const&, LambdaPipeline::Inputs const& in) {
    return std::optional(*in[0]);
  });
  RecordingListener listener;
  auto const totals = run(test, listener, 4);
  std::printf("%llu samples, counted %ld\n", static_cast<unsigned long long>(totals.done),
              unguarded);
  return 0;
}
