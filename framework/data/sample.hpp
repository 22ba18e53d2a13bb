// One element of a data set on its way through a pipeline.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "data/classes.hpp"
#include "data/size.hpp"

namespace seplflow {

// Identity of a sample; pictures and labels travel on ports of their own. Immutable once emitted.
struct Sample {
  std::string id;            // names its files: "2007_000032", or "train/0001" in subfolders
  ClassesPtr classes;        // of its data set
  std::optional<Size> size;  // of its image, where the data set knows without decoding it
  std::uint64_t index = 0;   // place in the order of its data set, from 0; set by the engine
  std::shared_ptr<void const> source_data;  // its source's own, for that source's other outputs
};

// Why files must not be named after this id ("is an absolute path", ...); nothing when they may.
// An id is a relative path of ordinary names, so that it stays inside the folder it is put in.
std::optional<std::string> why_unsafe_id(std::string_view id);

}  // namespace seplflow
