#include "core/weights.hpp"

#include "core/checkpoint.hpp"

namespace seplflow::sam {

Weights read_weights(std::filesystem::path const& checkpoint, at::ScalarType type,
                     at::Device device) {
  Checkpoint const file(checkpoint);
  file.state().verify();
  Weights::Tensors tensors;
  file.for_each_tensor([&](std::string const& name, Array const& array) {
    // Positions in the image need full precision.
    bool const positions = name.starts_with("prompt_encoder.pe_layer.");
    tensors.emplace(name, nets::read_tensor(array, positions ? at::kFloat : type, device,
                                            file.state().name(), name));
  });
  return Weights(file.shape(), std::move(tensors));
}

}  // namespace seplflow::sam
