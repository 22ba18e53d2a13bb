// What a folder that a user names is: a run, a sweep, or a variant of one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/run_folder.hpp"

namespace seplflow {

struct RunPlace {
  std::filesystem::path folder;
  std::filesystem::path sweep;      // of a variant: the folder of its sweep; else empty
  std::string variant;              // its name; else empty
  bool is_sweep = false;            // `folder` is that of a sweep
  std::optional<RunRecord> record;  // of the run, or of the sweep; a copied folder may have none
};

// Throws UsageError, with what is there, when the folder does not exist or does not hold a run.
RunPlace run_place(std::filesystem::path const& folder);

// Throws UsageError unless the folder exists.
void require_folder(std::filesystem::path const& folder);

// The names of a sweep's variants, as far as its record has them, and which of them is the best.
struct RunVariants {
  std::vector<std::string> names;
  std::optional<std::size_t> best;
};
RunVariants variants_in(RunRecord const& record);

// ": RUN/variants/A (the best), B, C, D and 45 more", for an error about a sweep; nothing when no
// variant is known.
std::string variants_text(std::filesystem::path const& sweep, RunVariants const& variants);

}  // namespace seplflow
