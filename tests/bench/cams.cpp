// Reads CAM files as the CAM stages do: each as values, and the arrays of its dict as floats in one
// piece. For cams.py, which sets numpy.load beside it.
//
//   seplflow_bench_cams REPEAT FILE...
//
// Prints JSON: the seconds of each repetition, by one thread and by as many as there are cores; and
// of the floor, which is one thread that reads the bytes of the files into memory that is there,
// and nothing else; how many numbers were read, and their sum.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <seplflow/formats/input_file.hpp>
#include <seplflow/formats/npy.hpp>
#include "cli/malloc_settings.hpp"

namespace {

using namespace seplflow;
using Files = std::vector<std::filesystem::path>;

struct Floats {
  std::unique_ptr<float[]> values;
  std::size_t size = 0;
};

Floats floats_of(std::filesystem::path const& file) {
  Pickle const pickle = read_npy(file);
  PickleValue const dict = pickle.root();
  Floats floats;
  for (std::size_t i = 0; i < dict.size(); ++i) floats.size += dict.value(i).array().size();
  floats.values = std::make_unique_for_overwrite<float[]>(floats.size);
  float* to = floats.values.get();
  for (std::size_t i = 0; i < dict.size(); ++i) {
    Array const& array = dict.value(i).array();
    array.copy_to(to);
    to += array.size();
  }
  return floats;
}

// Reads all files, each by one of the threads, time and again; keeps how long that took.
class Timing {
 public:
  explicit Timing(unsigned threads) : threads_(threads) {}

  template <class Read>
  void measure(Files const& files, Read const& read) {
    std::atomic<std::size_t> next = 0;
    auto const read_some = [&] {
      for (std::size_t i = 0; (i = next++) < files.size();) read(files[i]);
    };
    auto const start = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> others(threads_ - 1);
      for (auto& other : others) other = std::jthread(read_some);
      read_some();
    }
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
    seconds_ += (seconds_.empty() ? "" : ", ") + std::to_string(took.count());
  }

  std::string json() const { return "[" + seconds_ + "]"; }

 private:
  unsigned threads_;
  std::string seconds_;
};

void measure(int repeat, Files const& files) {
  std::vector<std::uint8_t> memory;
  for (auto const& file : files) {
    memory.resize(std::max<std::size_t>(memory.size(), std::filesystem::file_size(file)));
  }
  auto const read_bytes = [&](auto const& path) {
    InputFile file(path);
    file.read(std::span(memory).first(file.size()));
  };
  Timing one(1), all(std::max(1U, std::thread::hardware_concurrency())), floor(1);
  for (int i = 0; i < repeat; ++i) {
    one.measure(files, floats_of);
    all.measure(files, floats_of);
    floor.measure(files, read_bytes);
  }
  std::size_t numbers = 0;
  double sum = 0;
  for (auto const& file : files) {
    Floats const floats = floats_of(file);
    numbers += floats.size;
    sum = std::accumulate(floats.values.get(), floats.values.get() + floats.size, sum);
  }
  std::printf(
      "{\"seconds\": %s, \"all_cores\": %s, \"floor\": %s, \"numbers\": %zu, \"sum\": %.17g}\n",
      one.json().c_str(), all.json().c_str(), floor.json().c_str(), numbers, sum);
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
