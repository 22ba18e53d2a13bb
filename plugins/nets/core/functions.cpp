#include <seplflow/version.hpp>
#include "nets/base/device.hpp"
#include "nets/core/affinity.hpp"
#include "nets/core/classifier.hpp"
#include "nets/core/deeplab.hpp"
#include "nets/core/layers.hpp"
#include "nets/core/make_trainer.hpp"
#include "nets/networks.hpp"

namespace seplflow::nets {

Weights read_network(NetworkFile const& file, at::ScalarType type, at::Device device) {
  file.state().verify();
  Weights::Tensors tensors;
  file.for_each_tensor([&](std::string const& name, Array const& array) {
    tensors.emplace(name, read_tensor(array, array.axes() == 1 ? at::kFloat : type, device,
                                      file.state().name(), name));
  });
  return Weights(std::move(tensors));
}

Functions const& functions() {
  static constexpr Functions kFunctions{SEPLFLOW_VERSION, resolve_device, open_deeplab,
                                        open_classifier,  open_irn,       open_affinity,
                                        make_trainer};
  return kFunctions;
}

}  // namespace seplflow::nets
