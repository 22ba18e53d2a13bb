#pragma once

#include <memory>

#include "nets/networks.hpp"

namespace seplflow::nets {

std::shared_ptr<BoundaryNetwork const> open_irn(ModelOptions const& options);
std::shared_ptr<AffinityNetwork const> open_affinity(ModelOptions const& options);

}  // namespace seplflow::nets
