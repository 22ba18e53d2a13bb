// A model that is opened when the first image needs it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/mask_generator.hpp"

namespace seplflow::sam {

// Opens once, whether that goes well or not: gigabytes are not read again for each image only to
// fail again. But where memory did not suffice the next image may have more luck.
// May be used from any number of threads.
class LazyGenerator {
 public:
  using Open = std::function<std::shared_ptr<MaskGenerator const>()>;

  // Throws what `open` throws: Error, for all later calls as well.
  MaskGenerator const& get(Open const& open);

 private:
  std::mutex mutex_;
  std::shared_ptr<MaskGenerator const> generator_;
  std::string failure_;
};

}  // namespace seplflow::sam
