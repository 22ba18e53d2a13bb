#include "support/run_tests.hpp"

#ifdef SEPLFLOW_SANITIZED
// fontconfig keeps what it has read until the process ends.
extern "C" char const* __lsan_default_suppressions() {
  return "leak:libfontconfig";
}
#endif

int main(int argc, char** argv) {
  return run_tests(argc, argv);
}
