// Reads CAM files as cam.npy does: each .npy as values, and the arrays in its dict as one vector of
// floats. For cams.py, which sets numpy.load beside it.
//
//   seplflow_bench_cams REPEAT FILE...
//
// Prints JSON: the seconds of each repetition, and the numbers read, with their sum, in the last.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "formats/npy.hpp"

namespace {

using namespace seplflow;

void append_arrays(PickleValue const& dict, std::vector<float>& values) {
  for (std::size_t i = 0; i < dict.size(); ++i) {
    PickleValue const value = dict.value(i);
    if (value.is(PickleValue::Kind::array)) value.array().append_to(values);
  }
}

int measure(int repeat, std::vector<std::filesystem::path> const& files) {
  std::string seconds;
  std::size_t numbers = 0;
  double sum = 0;
  for (int i = 0; i < repeat; ++i) {
    numbers = 0;
    sum = 0;
    auto const start = std::chrono::steady_clock::now();
    for (auto const& file : files) {
      std::vector<float> values;
      append_arrays(read_npy(file).root(), values);
      numbers += values.size();
      sum += values.empty() ? 0 : values[values.size() / 2];
    }
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
    seconds += (seconds.empty() ? "" : ", ") + std::to_string(took.count());
  }
  std::printf("{\"seconds\": [%s], \"numbers\": %zu, \"sum\": %.9g}\n", seconds.c_str(), numbers, sum);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 3) throw std::runtime_error("usage: seplflow_bench_cams REPEAT FILE...");
    return measure(std::atoi(argv[1]), {argv + 2, argv + argc});
  } catch (std::exception const& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
