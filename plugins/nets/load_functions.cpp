#include "nets/base/library.hpp"
#include "nets/networks.hpp"

namespace seplflow::nets {

Functions const& functions() {
  static Functions const& loaded =
      *static_cast<Functions const*>(load_functions("seplflow_nets_functions"));
  return loaded;
}

}  // namespace seplflow::nets
