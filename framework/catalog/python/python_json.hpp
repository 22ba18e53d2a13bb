// What this program and its workers say to each other. Internal to the catalog.
#pragma once

#include <nlohmann/json.hpp>

namespace seplflow {

using PythonJson = nlohmann::json;

}  // namespace seplflow
