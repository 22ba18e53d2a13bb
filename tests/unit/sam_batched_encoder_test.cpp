#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/batched_encoder.hpp"
#include "support/catch.hpp"

using seplflow::sam::BatchedEncoder;

TEST_CASE("images that wait together are encoded together, and each thread gets its own result") {
  constexpr int kThreads = 8, kImages = 50;
  constexpr std::int64_t kBatch = 3;
  std::atomic<std::int64_t> images = 0, largest = 0, at_once = 0;
  BatchedEncoder encoder(
      [&](at::Tensor const& batch) {
        if (++at_once != 1) throw std::logic_error("two batches at once");
        images += batch.size(0);
        largest = std::max(largest.load(), batch.size(0));
        at::Tensor const doubled = batch.mul(2);
        --at_once;
        return doubled;
      },
      kBatch);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kImages; ++i) {
          float const value = static_cast<float>(1000 * t + i);
          at::Tensor const encoded = encoder(at::full({1, 2, 2}, value));
          wrong += encoded.sizes() != at::IntArrayRef({2, 2}) ||
                   encoded.min().item<float>() != 2 * value;
        }
      });
    }
  }
  CHECK(wrong == 0);
  CHECK(images == kThreads * kImages);
  CHECK(largest <= kBatch);
}

TEST_CASE("an exception of the encoder reaches only the threads whose images are in the batch") {
  BatchedEncoder encoder(
      [](at::Tensor const& batch) {
        if (batch.lt(0).any().item<bool>()) throw std::runtime_error("no memory");
        return batch;
      },
      1);
  std::atomic<int> failed = 0, done = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        try {
          encoder(at::full({1, 2}, t % 2 == 0 ? -1.0F : 1.0F));
          ++done;
        } catch (std::runtime_error const&) {
          ++failed;
        }
      });
    }
  }
  CHECK(failed == 3);
  CHECK(done == 3);
}
