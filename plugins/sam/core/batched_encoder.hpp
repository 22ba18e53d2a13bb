// Lets several threads share one image encoder.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>

namespace seplflow::sam {

// Encodes images that wait at the same time together: a thread that finds the encoder free encodes
// all waiting images, up to a limit. No thread waits for a batch to fill up.
class BatchedEncoder {
 public:
  // Turns images (B, 3, side, side) into embeddings (B, grid, grid, channels).
  using Encode = std::function<at::Tensor(at::Tensor const&)>;

  BatchedEncoder(Encode encode, std::uint32_t batch) : encode_(std::move(encode)), batch_(batch) {}

  // Returns the embedding (grid, grid, channels) of one image (1, 3, side, side). An exception of
  // the encoder reaches every thread with an image in the batch. Call it from any number of
  // threads.
  at::Tensor operator()(at::Tensor const& image);

 private:
  struct Request {
    at::Tensor image, embedding;
    std::exception_ptr error;
    bool done = false;
  };

  void encode_waiting(std::unique_lock<std::mutex>& lock);

  Encode encode_;
  std::size_t batch_;
  std::mutex mutex_;
  std::condition_variable finished_;
  bool busy_ = false;
  std::deque<Request*> waiting_;
};

}  // namespace seplflow::sam
