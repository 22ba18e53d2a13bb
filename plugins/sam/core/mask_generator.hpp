// What the stage masks.sam needs of the library that is built on torch.
//
// That library is loaded when a pipeline uses the stage, since it takes half a second and hundreds
// of megabytes, which no other pipeline should pay for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/generator_options.hpp"
#include "data/image.hpp"
#include "data/mask_set.hpp"

namespace seplflow::sam {

// A model that makes the masks of images. May be used from any number of threads.
class MaskGenerator {
 public:
  virtual ~MaskGenerator() = default;
  virtual MaskSet generate(Image const& image, GeneratorOptions const& options) const = 0;
};

// The functions of the library. All throw Error.
struct Core {
  char const* version;  // of seplflow; must be the stage's own

  // The name of the device that is meant (model.hpp); throws unless it is there.
  std::string (*device_called)(std::string const& device);
  // The model of a checkpoint on a device. Those who ask for the same one share it.
  std::shared_ptr<MaskGenerator const> (*open)(ModelOptions const& options);
};

// The library; loads it the first time. Throws Error when it cannot be loaded.
Core const& core();

// Where it is loaded from.
std::filesystem::path core_file();

}  // namespace seplflow::sam
