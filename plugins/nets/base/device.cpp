#include "nets/base/device.hpp"

#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "nets/base/torch_call.hpp"

namespace seplflow::nets {

c10::Device device_of(std::string const& name) {
  bool const any = at::hasCUDA();
  if (name == "auto") return any ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  at::Device const device(name);
  if (device.is_cpu()) return device;
  int const count = any ? c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount() : 0;
  // "cuda" alone has the index -1.
  int const index = std::max<int>(device.index(), 0);
  if (index < count) return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
  throw Error(
      "there is no device \"" + name + "\": " +
      (any ? "this machine has " + std::to_string(count) + " GPUs" : "libtorch sees no GPU here") +
      "; set device = \"cpu\" or \"auto\"");
}

std::string resolve_device(std::string const& device) {
  return call_torch([&] { return device_of(device).str(); });
}

c10::ScalarType type_of(Precision precision) {
  return precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat;
}

std::unique_lock<std::mutex> DeviceTurns::take() const {
  bool const side_by_side = device_.is_cpu() && is_blas_thread_safe();
  return side_by_side ? std::unique_lock<std::mutex>() : std::unique_lock(busy_);
}

}  // namespace seplflow::nets
