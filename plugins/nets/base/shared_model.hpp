// Models that are open.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "nets/base/torch_call.hpp"

namespace seplflow::nets {

// The model of these options, which the constructor of Model takes. A model takes gigabytes, so all
// who ask for equal options, such as the variants of a sweep, share one.
template <class Model, class Options>
std::shared_ptr<Model const> open_shared(Options const& options) {
  static std::mutex mutex;
  static std::map<Options, std::weak_ptr<Model const>> models;
  std::scoped_lock const lock(mutex);
  std::weak_ptr<Model const>& known = models[options];
  if (auto model = known.lock()) return model;
  auto const model = std::make_shared<Model const>(options);
  known = model;
  return model;
}

// The same for a network, from any thread that may not have used torch yet.
template <class Model, class Options>
std::shared_ptr<Model const> opened(Options const& options) {
  return call_torch([&] {
    keep_freed_memory();
    return open_shared<Model>(options);
  });
}

}  // namespace seplflow::nets
