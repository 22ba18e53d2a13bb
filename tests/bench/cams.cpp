// Reads CAM files as the CAM stages do: each as values, and the arrays of its dict as one vector of
// floats. For cams.py, which sets numpy.load beside it.
//
//   seplflow_bench_cams REPEAT FILE...
//
// Prints JSON: the seconds of each repetition, and of the floor, which is reading the bytes of the
// files into memory that is there, and nothing else; how many numbers were read, and their sum.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/keep_memory.hpp"
#include "formats/file.hpp"
#include "formats/npy.hpp"

namespace {

using namespace seplflow;
using Files = std::vector<std::filesystem::path>;

std::vector<float> floats_of(std::filesystem::path const& file) {
  Pickle const pickle = read_npy(file);
  PickleValue const dict = pickle.root();
  std::size_t size = 0;
  for (std::size_t i = 0; i < dict.size(); ++i) size += dict.value(i).array().size();
  std::vector<float> values;
  values.reserve(size);
  for (std::size_t i = 0; i < dict.size(); ++i) dict.value(i).array().append_to(values);
  return values;
}

template <class Read>
std::string seconds_of(Read const& read, Files const& files) {
  auto const start = std::chrono::steady_clock::now();
  for (auto const& file : files) read(file);
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
  return std::to_string(took.count());
}

void measure(int repeat, Files const& files) {
  std::vector<std::uint8_t> memory;
  for (auto const& file : files) {
    memory.resize(std::max<std::size_t>(memory.size(), std::filesystem::file_size(file)));
  }
  auto const read_bytes = [&](auto const& path) {
    InputFile file(path);
    file.read(std::span(memory).first(file.size()));
  };
  std::string seconds, floor;
  for (int i = 0; i < repeat; ++i) {
    seconds += (i > 0 ? ", " : "") + seconds_of(floats_of, files);
    floor += (i > 0 ? ", " : "") + seconds_of(read_bytes, files);
  }
  std::size_t numbers = 0;
  double sum = 0;
  for (auto const& file : files) {
    auto const values = floats_of(file);
    numbers += values.size();
    sum = std::accumulate(values.begin(), values.end(), sum);
  }
  std::printf("{\"seconds\": [%s], \"floor\": [%s], \"numbers\": %zu, \"sum\": %.17g}\n",
              seconds.c_str(), floor.c_str(), numbers, sum);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    cli::keep_freed_memory();
    if (argc < 3) throw std::runtime_error("usage: seplflow_bench_cams REPEAT FILE...");
    measure(std::atoi(argv[1]), {argv + 2, argv + argc});
    return 0;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
