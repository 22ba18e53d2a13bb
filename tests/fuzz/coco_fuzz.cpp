// Reads any bytes as a COCO instances file. The result must be images with ground truth of their
// size, or an Error that names the file.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include <seplflow/error.hpp>
#include "formats/json/coco_instances.hpp"

namespace {

using namespace seplflow;

// Drawing a large image takes long and finds no errors.
constexpr std::size_t kMaxDrawn = 1 << 16;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class F>
void expecting_named_errors(F const& f) {
  try {
    f();
  } catch (Error const& error) {
    require(std::string(error.what()).find("/proc/self/fd/") != std::string::npos);
  }
}

void open_and_draw(std::string const& path) {
  CocoInstances const instances(path);
  for (std::size_t i = 0; i < instances.images().size(); ++i) {
    CocoImage const& image = instances.images()[i];
    for (Label const label : instances.image_labels(i).classes) {
      require(label != kBackground && instances.classes()->contains(label));
    }
    if (image.size.pixels() > kMaxDrawn) continue;
    expecting_named_errors([&] {
      LabelMap const truth = instances.truth(i);
      require(truth.size() == image.size);
      require_labels_in(*instances.classes(), truth, "truth");
      require(label_areas(truth)[kIgnore] == 0);
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static int const file = ::memfd_create("instances", 0);
  require(file >= 0 && ::ftruncate(file, 0) == 0);
  require(::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  expecting_named_errors([] { open_and_draw("/proc/self/fd/" + std::to_string(file)); });
  return 0;
}
