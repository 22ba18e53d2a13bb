#include <seplflow/mask_box.hpp>

#include <algorithm>

namespace seplflow {

MaskBox box_around(Mask const& mask) {
  auto const bounds = mask.bounds();
  if (bounds.empty()) return {};
  std::uint32_t const height = mask.size().height;
  std::uint32_t top = height - 1, bottom = 0;
  for (std::size_t i = 0; i < bounds.size(); i += 2) {
    std::uint32_t const begin = bounds[i], last = bounds[i + 1] - 1;
    bool const one_column = begin / height == last / height;
    top = one_column ? std::min(top, begin % height) : 0;
    bottom = one_column ? std::max(bottom, last % height) : height - 1;
  }
  return {bounds.front() / height, top, (bounds.back() - 1) / height, bottom};
}

}  // namespace seplflow
