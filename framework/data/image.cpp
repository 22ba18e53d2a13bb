#include <seplflow/image.hpp>

#include <seplflow/error.hpp>

namespace seplflow {

Image::Image(Size size, std::vector<std::uint8_t> rgb)
    : size_(checked_size(size.height, size.width, "an image")), rgb_(std::move(rgb)) {
  if (rgb_.size() != 3 * size_.pixels()) {
    throw Error("an image of " + to_string(size_) + " (height x width) needs " +
                std::to_string(3 * size_.pixels()) + " samples but was given " +
                std::to_string(rgb_.size()));
  }
}

}  // namespace seplflow
