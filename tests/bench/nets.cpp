// What DeepLab V2 costs to run and to train, beside PyTorch (nets.py); see README.md.
//   seplflow_bench_nets make FILE [BLOCKS]       a checkpoint with random weights; BLOCKS is the number
//                                                of blocks in each group, default 3 4 23 3
//   seplflow_bench_nets forward|train FILE [DEVICE [PRECISION [BATCH [REPEATS [THREADS [SIDE]]]]]]
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <seplflow/image.hpp>
#include "nets/networks.hpp"
#include "nets/trainer.hpp"

using namespace seplflow;
using namespace seplflow::nets;

namespace {

constexpr std::int64_t kClasses = 21;

struct Setting {
  std::string mode, file, device = "cpu", precision = "float32";
  std::size_t batch = 1;
  int repeats = 3;
  std::int64_t threads = 1;
  std::uint32_t side = 321;                // of the crops
  std::array<std::int64_t, 4> blocks{};    // of a network that is made
};

double seconds_of(std::function<void()> const& f) {
  auto const begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double peak_gigabytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e6;
}

nets::Precision precision_of(std::string const& name) {
  return name == "bfloat16" ? nets::Precision::bfloat16 : nets::Precision::float32;
}

TrainerOptions trainer_options(Setting const& setting) {
  TrainerOptions options;
  options.network = Network::deeplab;
  if (setting.mode != "make") options.checkpoint = setting.file;
  options.classes = kClasses;
  options.blocks = setting.blocks;
  options.device = setting.device;
  options.precision = precision_of(setting.precision);
  options.optimizer = published_optimizer(Network::deeplab);
  // At the published rate a network with random weights diverges in the third iteration.
  options.optimizer.rate /= 1000;
  options.optimizer.iter_size = 1;
  options.threads = setting.threads;
  return options;
}

TrainingBatch batch_of(std::size_t count, std::uint32_t side) {
  TrainingBatch batch;
  batch.count = count;
  batch.size = batch.label_size = {side, side};
  batch.images.resize(3 * count * batch.size.pixels());
  batch.labels.resize(count * batch.size.pixels());
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    batch.images[i] = static_cast<float>(i * 7919 % 251) - 125;
  }
  for (std::size_t i = 0; i < batch.labels.size(); ++i) {
    batch.labels[i] = static_cast<std::uint8_t>(i / side / 16 % kClasses);
  }
  batch.ids.assign(count, "made up");
  return batch;
}

// Calls f once, which also warms up, and then as often as wanted.
void report(Setting const& setting, std::string const& unit, double per_call,
            std::function<void()> const& f, std::function<void()> const& wait) {
  f();
  wait();
  double const seconds = seconds_of([&] {
    for (int i = 0; i < setting.repeats; ++i) f();
    wait();
  });
  std::printf("seplflow %s %s %s: %.4f s, %.2f %s/s, peak %.2f GB\n", setting.mode.c_str(),
              setting.device.c_str(), setting.precision.c_str(), seconds / setting.repeats,
              per_call * setting.repeats / seconds, unit.c_str(), peak_gigabytes());
}

void forward(Setting const& setting) {
  DeepLabOptions options;
  options.checkpoint = setting.file;
  options.device = setting.device;
  options.precision = precision_of(setting.precision);
  auto const network = functions().open_deeplab(options);
  Size const size{setting.side, setting.side};
  std::vector<std::uint8_t> rgb(3 * size.pixels());
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 7919 % 251);
  Image const image(size, std::move(rgb));
  report(
      setting, "images", 1, [&] { network->logits(image); }, [] {});
}

void train(Setting const& setting) {
  auto const trainer = functions().make_trainer(trainer_options(setting));
  TrainingBatch const batch = batch_of(setting.batch, setting.side);
  report(
      setting, "iterations", 1,
      [&] {
        trainer->accumulate(batch);
        trainer->step();
      },
      [&] { trainer->take_reports(); });
}

void make(Setting const& setting) {
  auto const trainer = functions().make_trainer(trainer_options(setting));
  trainer->accumulate(batch_of(1, setting.side));  // measures the statistics of the normalisations
  auto const bytes = trainer->encode_weights();
  std::ofstream(setting.file, std::ios::binary)
      .write(reinterpret_cast<char const*>(bytes.data()), std::ssize(bytes));
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> const words(argv + 1, argv + argc);
  Setting setting;
  if (words.size() < 2) {
    std::fputs(
        "usage: seplflow_bench_nets make|forward|train FILE [DEVICE [PRECISION [BATCH "
        "[REPEATS [THREADS [SIDE]]]]]]\n",
        stderr);
    return 2;
  }
  setting.mode = words[0];
  setting.file = words[1];
  if (setting.mode == "make") {
    for (std::size_t i = 0; i + 2 < words.size() && i < setting.blocks.size(); ++i) {
      setting.blocks[i] = std::stol(words[i + 2]);
    }
    make(setting);
    return 0;
  }
  if (words.size() > 2) setting.device = words[2];
  if (words.size() > 3) setting.precision = words[3];
  if (words.size() > 4) setting.batch = std::stoul(words[4]);
  if (words.size() > 5) setting.repeats = std::stoi(words[5]);
  if (words.size() > 6) setting.threads = std::stol(words[6]);
  if (words.size() > 7) setting.side = static_cast<std::uint32_t>(std::stoul(words[7]));
  if (setting.mode == "forward") forward(setting);
  if (setting.mode == "train") train(setting);
  return 0;
}
