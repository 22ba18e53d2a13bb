#include <seplflow/size.hpp>

#include <seplflow/error.hpp>

namespace seplflow {

std::string to_string(Size size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width);
}

Size checked_size(std::uint64_t height, std::uint64_t width, std::string_view what) {
  bool const fits = height > 0 && width > 0 && height <= kMaxPixels && width <= kMaxPixels &&
                    height * width <= kMaxPixels;
  if (!fits) {
    throw Error(std::string(what) + " has the size " + std::to_string(height) + "x" +
                std::to_string(width) + " (height x width); seplflow reads images of 1 to " +
                std::to_string(kMaxPixels) + " pixels");
  }
  return {static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width)};
}

void require_same_size(Size a, std::string_view a_name, Size b, std::string_view b_name) {
  if (a == b) return;
  bool const transposed = a.height == b.width && a.width == b.height;
  throw Error(std::string(a_name) + " is " + to_string(a) + " but " + std::string(b_name) + " is " +
              to_string(b) + " (height x width); " +
              (transposed
                   ? "one is the other transposed: one was saved with width first, or the image "
                     "was turned by its EXIF orientation, or only one of them was"
                   : "they must have the same size; do both belong to the same data set?"));
}

}  // namespace seplflow
