// Where the real and expected data are that golden tests compare with.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

// The folder in SEPLFLOW_TEST_DATA, or else the one beside the checkout. Tests that need it are
// registered so that they are skipped, with the reason, when it is absent.
inline std::filesystem::path test_data() {
  char const* const set = std::getenv("SEPLFLOW_TEST_DATA");
  return set && *set ? std::filesystem::path(set) : std::filesystem::path(SEPLFLOW_DEFAULT_DATA);
}

inline std::filesystem::path coco() {
  return test_data() / "coco14-100";
}
