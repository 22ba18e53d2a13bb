#include "formats/numpy/pickle/document.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace seplflow::pickle {
namespace {

Pickle finished(std::shared_ptr<Store> store, Bytes bytes, std::string_view name,
                ReadRoot read_root) {
  // Texts are decoded once, and nested pickles read once, so that no level of nesting costs more
  // bytes than the file has.
  store->bytes_left = bytes.size() * (kMaxNesting + 1);
  store->values_left = kMaxPickleValues;
  try {
    if (bytes.empty()) throw Error("the file is empty");
    store->root = read_root(bytes, *store);
    check_values(*store);
  } catch (Error const& error) {
    throw Error(std::string(name) + ": " + error.what());
  }
  return Pickle(std::move(store));
}

}  // namespace

Pickle read_document(std::filesystem::path const& path, ReadRoot read_root) {
  constexpr std::size_t kLongestMark = 32;  // by which formats are known
  auto store = std::make_shared<Store>();
  store->lazy = std::make_unique<LazyFile>(path);
  Bytes const bytes = store->lazy->bytes();
  store->lazy->need(std::min(bytes.size(), kLongestMark));
  return finished(std::move(store), bytes, path.string(), read_root);
}

Pickle map_document(std::filesystem::path const& path, ReadRoot read_root) {
  auto store = std::make_shared<Store>();
  store->mapped = std::make_unique<MappedFile>(path);
  Bytes const bytes = store->mapped->bytes();
  return finished(std::move(store), bytes, path.string(), read_root);
}

Pickle parse_document(Bytes bytes, std::string_view name, ReadRoot read_root) {
  return finished(std::make_shared<Store>(), bytes, name, read_root);
}

std::string_view known_format(Bytes bytes) {
  std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  if (text.starts_with("\x93NUMPY")) return "a .npy file of numpy";
  if (text.starts_with("PK\x03\x04")) return "a zip file, as numpy.savez and torch.save write them";
  if (text.starts_with("\x89PNG")) return "a PNG image";
  if (text.starts_with("\xff\xd8\xff")) return "a JPEG image";
  if (text.starts_with("\x1f\x8b")) return "a gzip file";
  if (text.starts_with("\x89HDF")) return "an HDF5 file";
  if (text.starts_with("MATLAB")) return "a MATLAB file";
  return {};
}

}  // namespace seplflow::pickle
