#include "data/error.hpp"

namespace seplflow {

Error::~Error() = default;

}  // namespace seplflow
