// The library that is built on torch. It is loaded when a pipeline uses a stage that runs a
// network: it takes half a second and hundreds of megabytes, which no other pipeline should pay
// for. All networks share it, so that there is one copy of torch's settings.
#pragma once

#include <filesystem>

namespace seplflow::nets {

// The file that the library is loaded from.
std::filesystem::path library_file();

// Loads the library with the first call and returns its function `entry`, which returns the
// functions of one family of networks. Their struct begins with the version of seplflow, which is
// compared. Throws Error when the library cannot be loaded or is of another version.
void const* load_functions(char const* entry);

}  // namespace seplflow::nets
