#pragma once

#include <memory>

#include "nets/networks.hpp"

namespace seplflow::nets {

std::shared_ptr<DeepLab const> open_deeplab(DeepLabOptions const& options);

}  // namespace seplflow::nets
