#include "formats/numpy/torch_file.hpp"

#include <string>

#include "base/error.hpp"
#include "formats/numpy/pickle/document.hpp"
#include "formats/numpy/pickle/torch.hpp"

namespace seplflow {
namespace {

pickle::Cell read_root(pickle::Bytes bytes, pickle::Store& store) {
  return pickle::read_torch(bytes, store, 0);
}

}  // namespace

Pickle read_torch_file(std::filesystem::path const& path) {
  return pickle::map_document(path, read_root);
}

Pickle parse_torch_file(std::span<std::uint8_t const> bytes, std::string_view name) {
  return pickle::parse_document(bytes, name, read_root);
}

}  // namespace seplflow
