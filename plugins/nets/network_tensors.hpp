// The tensors of the networks, and the names that files have for them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nets/shapes.hpp"

namespace seplflow::nets {

// The tensors of a network, by their official names. Refers to the sizes of the shape. IRNet has
// its displacement layers where the shape has channels for them.
TensorTable tensor_table(NetworkShape& shape);

// The official name of a tensor: IRN's files list each under several (stage3.0.1.conv1.weight).
std::string official_name(std::string_view name, Network network);

// All names that the official file of the network has for a tensor.
std::vector<std::string> names_in_file(std::string const& name, Network network);

// Whether a tensor belongs to the layers on top of the pretrained ones.
bool is_head(std::string_view name, Network network);

}  // namespace seplflow::nets
