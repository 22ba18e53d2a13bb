// One item of a data set on its way through a pipeline.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <seplflow/classes.hpp>
#include <seplflow/size.hpp>

namespace seplflow {

// The identity of a sample; its image and labels travel on other ports. Immutable once emitted.
struct Sample {
  std::string id;            // the name of its files: "2007_000032", or "train/0001" in subfolders
  ClassesPtr classes;        // of its data set
  std::optional<Size> size;  // of its image, if known without decoding it
  std::uint64_t index = 0;   // position in its data set, from 0; set by the engine
  std::shared_ptr<void const> source_data;  // private to its source, for the other outputs of it
};

// Why files must not be named after this id ("is an absolute path", ...); nothing when they may. An
// id is a relative path of ordinary names, so that its files stay inside their folder.
std::optional<std::string> why_unsafe_id(std::string_view id);

}  // namespace seplflow
