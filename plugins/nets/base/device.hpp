// The device that a network runs on.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <mutex>
#include <string>

#include "nets/base/model_options.hpp"

namespace seplflow::nets {

// What ModelOptions::device stands for on this machine. Throws Error when it does not exist.
c10::Device device_of(std::string const& name);

// The same as text: "cpu" or "cuda:1".
std::string resolve_device(std::string const& device);

c10::ScalarType type_of(Precision precision);

// Lets one thread at a time use a device, except for a CPU, where each image has its own thread.
class DeviceTurns {
 public:
  explicit DeviceTurns(c10::Device device) : device_(device) {}

  c10::Device device() const { return device_; }
  // Waits for the turn of the calling thread, which lasts as long as the lock.
  std::unique_lock<std::mutex> take() const;

 private:
  c10::Device device_;
  mutable std::mutex busy_;
};

}  // namespace seplflow::nets
