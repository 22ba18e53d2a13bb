// What the commands print as JSON or write as a picture, for other programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "run/json.hpp"
#include "run/replay.hpp"

namespace seplflow::cli {

// What `seplflow show FOLDER --json` prints. Throws UsageError for a folder that does not hold a run.
Json shown_run_json(std::filesystem::path const& folder);

// What `seplflow explain --json` prints of a sample, and the picture that --out writes, as PNG. `stage` may
// be empty: the last stages that explain themselves. Throws UsageError when there are none.
Json explanation_json(Replay& replay, SampleValues& values, std::string const& stage);
std::vector<std::uint8_t> explanation_picture(Replay& replay, SampleValues& values,
                                              std::string const& stage);

}  // namespace seplflow::cli
