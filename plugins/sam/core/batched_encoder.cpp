#include "core/batched_encoder.hpp"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <vector>

namespace seplflow::sam {

at::Tensor BatchedEncoder::operator()(at::Tensor const& image) {
  Request request;
  request.image = image;
  std::unique_lock lock(mutex_);
  waiting_.push_back(&request);
  while (!request.done) {
    if (busy_) {
      finished_.wait(lock);
    } else {
      encode_waiting(lock);
    }
  }
  if (request.error) std::rethrow_exception(request.error);
  return request.embedding;
}

void BatchedEncoder::encode_waiting(std::unique_lock<std::mutex>& lock) {
  auto const count = static_cast<std::ptrdiff_t>(std::min(batch_, waiting_.size()));
  std::vector<Request*> const requests(waiting_.begin(), waiting_.begin() + count);
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  busy_ = true;
  lock.unlock();
  at::Tensor embeddings;
  std::exception_ptr error;
  try {
    std::vector<at::Tensor> images;
    for (Request const* const request : requests) images.push_back(request->image);
    embeddings = encode_(images.size() == 1 ? images[0] : at::cat(images));
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  busy_ = false;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i]->error = error;
    if (!error) requests[i]->embedding = embeddings.select(0, static_cast<std::int64_t>(i));
    requests[i]->done = true;
  }
  finished_.notify_all();
}

}  // namespace seplflow::sam
