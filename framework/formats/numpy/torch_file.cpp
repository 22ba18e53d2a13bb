#include "formats/numpy/torch_file.hpp"

#include "formats/numpy/pickle/document.hpp"
#include "formats/numpy/pickle/torch.hpp"

namespace seplflow {
Pickle read_torch_file(std::filesystem::path const& path) {
  return pickle::map_document(path, pickle::read_torch);
}

Pickle parse_torch_file(std::span<std::uint8_t const> bytes, std::string_view name) {
  return pickle::parse_document(bytes, name, pickle::read_torch);
}

}  // namespace seplflow
