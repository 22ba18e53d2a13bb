#include "data/error.hpp"

namespace seplflow {

Error::~Error() = default;
UsageError::~UsageError() = default;

}  // namespace seplflow
