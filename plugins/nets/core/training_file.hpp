// What a training writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "nets/base/weights.hpp"
#include "nets/trainer.hpp"

namespace seplflow::nets {

using Counters = std::map<std::string, std::int64_t>;

// The weights with all official names, as a file of torch.save. Throws Error when a value is
// infinite or NaN.
std::vector<std::uint8_t> encode_network(Network network, Weights::Tensors const& tensors,
                                         Counters const& counters);

// Where a training is.
struct TrainingState {
  Weights::Tensors tensors, velocities;
  Counters counters;
  std::int64_t iteration = 0;
  std::string place;  // of the caller
};

// What must be equal for a training to go on: network, sizes and optimizer, as text.
std::string description_of(TrainerOptions const& options, NetworkShape const& shape);

std::vector<std::uint8_t> encode_training(TrainingState const& state,
                                          std::string const& description);
// Throws Error, naming the file, unless it holds the state of a training of this description, whose
// network has these tensors.
TrainingState read_training(std::filesystem::path const& file, std::string const& description,
                            TensorShapes const& expected);

}  // namespace seplflow::nets
