#pragma once

#include <memory>

#include "nets/trainer.hpp"

namespace seplflow::nets {

std::unique_ptr<Trainer> make_trainer(TrainerOptions const& options);

}  // namespace seplflow::nets
