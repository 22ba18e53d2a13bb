#pragma once

#include <memory>

#include "nets/networks.hpp"

namespace seplflow::nets {

std::shared_ptr<Classifier const> open_classifier(ModelOptions const& options);

}  // namespace seplflow::nets
