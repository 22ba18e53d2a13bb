// The functions of the library, and the open models.
#include <dlfcn.h>

#include <map>
#include <mutex>

#include "core/generate_masks.hpp"
#include "core/mask_generator.hpp"

namespace seplflow::sam {
namespace {

class ModelGenerator final : public MaskGenerator {
 public:
  explicit ModelGenerator(ModelOptions const& options) : model_(options) {}
  MaskSet generate(Image const& image, GeneratorOptions const& options) const override {
    return generate_masks(model_, image, options);
  }

 private:
  Model model_;
};

// A model takes gigabytes, so the variants of a sweep share one.
std::shared_ptr<MaskGenerator const> open_model(ModelOptions const& options) {
  static std::mutex mutex;
  static std::map<ModelOptions, std::weak_ptr<MaskGenerator const>> models;
  std::scoped_lock const lock(mutex);
  std::weak_ptr<MaskGenerator const>& known = models[options];
  if (auto model = known.lock()) return model;
  auto const model = std::make_shared<ModelGenerator const>(options);
  known = model;
  return model;
}

}  // namespace

std::filesystem::path core_file() {
  Dl_info here{};
  ::dladdr(reinterpret_cast<void const*>(&open_model), &here);
  return here.dli_fname;
}

Core const& core() {
  static constexpr Core kCore{SEPLFLOW_VERSION, resolve_device, open_model};
  return kCore;
}

}  // namespace seplflow::sam
