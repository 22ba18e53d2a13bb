// Main of the tests that need the test data beside the checkout. Without the data the program exits
// with SEPLFLOW_SKIPPED, which ctest reports as skipped; with SEPLFLOW_REQUIRE_DATA=1 it fails instead.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "support/run_tests.hpp"
#include "support/test_data.hpp"

int main(int argc, char** argv) {
  bool listing = false;
  for (int i = 1; i < argc; ++i)
    listing = listing || std::string_view(argv[i]).starts_with("--list");
  if (!listing && !std::filesystem::is_directory(test_data())) {
    char const* const required = std::getenv("SEPLFLOW_REQUIRE_DATA");
    bool const must = required && std::string_view(required) == "1";
    std::cout << (must ? "FAILED" : "SKIPPED") << ": no test data in " << test_data()
              << "; set SEPLFLOW_TEST_DATA to the folder of the data\n";
    return must ? 1 : SEPLFLOW_SKIPPED;
  }
  return run_tests(argc, argv);
}
