// The log on stderr.
#pragma once

#include <string>

namespace seplflow::cli {

// Shows the log on stderr from a level on: debug, info, warning, error or off. `bar`: a progress
// bar is drawn there too, and must make room.
void log_to_stderr(std::string const& level, bool bar);

}  // namespace seplflow::cli
