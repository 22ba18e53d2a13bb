// Text of a file, fit for a message.
#pragma once

#include <string>
#include <string_view>

namespace seplflow::pickle {

// At most 60 characters of it, with "..." where it was cut; what is not printable ASCII as \x1f.
std::string printable(std::string_view text);

}  // namespace seplflow::pickle
