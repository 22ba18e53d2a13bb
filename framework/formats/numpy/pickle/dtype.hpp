// The names of numpy's element types.
#pragma once

#include <bit>
#include <string_view>

#include "formats/numpy/pickle/store.hpp"

namespace seplflow::pickle {

// "<f4", "|b1", "O", ...; without a byte order, the machine's own. Throws Error for what seplflow
// does not load: text, dates, records, complex numbers, wide ones.
Dtype dtype_of(std::string_view name);

// "<" little, ">" big, "=" and "|" the machine's own. Throws Error for anything else.
std::endian byte_order_of(std::string_view order);

}  // namespace seplflow::pickle
