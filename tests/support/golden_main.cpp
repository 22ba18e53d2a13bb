// Main of the tests that need data beside the checkout: without it they are skipped (77, which
// ctest knows), or fail where SEPLFLOW_REQUIRE_DATA=1 says that skipping is failure.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "support/catch.hpp"
#include "support/test_data.hpp"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  bool listing = false;
  for (int i = 1; i < argc; ++i)
    listing = listing || std::string_view(argv[i]).starts_with("--list");
  if (!listing && !std::filesystem::is_directory(test_data())) {
    char const* const required = std::getenv("SEPLFLOW_REQUIRE_DATA");
    bool const must = required && std::string_view(required) == "1";
    std::cout << (must ? "FAILED" : "SKIPPED") << ": there is no test data at " << test_data()
              << "; set SEPLFLOW_TEST_DATA to its folder\n";
    return must ? 1 : kSkipped;
  }
  return run_tests(argc, argv);
}
