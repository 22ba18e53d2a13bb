#include "core/lazy_generator.hpp"

#include "core/out_of_memory.hpp"

namespace seplflow::sam {

MaskGenerator const& LazyGenerator::get(Open const& open) {
  std::scoped_lock const lock(mutex_);
  if (!failure_.empty()) throw Error(failure_);
  if (generator_) return *generator_;
  try {
    generator_ = open();
  } catch (OutOfMemory const&) {
    throw;
  } catch (Error const& error) {
    failure_ = error.what();
    throw;
  }
  return *generator_;
}

}  // namespace seplflow::sam
