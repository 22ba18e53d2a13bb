// The image encoder for several threads on one device.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>

namespace seplflow::sam {

// Encodes images that wait at the same time together: whoever finds the encoder free takes those
// that wait, up to a number, and works for all of them. Nobody waits for a batch to fill up.
class BatchedEncoder {
 public:
  // From images (B, 3, side, side) to embeddings (B, grid, grid, channels).
  using Encode = std::function<at::Tensor(at::Tensor const&)>;

  BatchedEncoder(Encode encode, std::uint32_t batch) : encode_(std::move(encode)), batch_(batch) {}

  // The embedding (grid, grid, channels) of one image (1, 3, side, side). What the encoder throws
  // is thrown to all whose images were in the batch. From any number of threads.
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
