#include "formats/numpy/pickle/document.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace seplflow::pickle {
namespace {

// By which formats are known.
constexpr std::size_t kLongestMark = 16;

Pickle finished(std::shared_ptr<Store> store, Bytes bytes, std::string_view name,
                ReadRoot const& read_root) {
  try {
    if (bytes.empty()) throw Error("the file is empty");
    store->root = read_root(bytes, *store);
    finish(*store);
  } catch (Error const& error) {
    throw Error(std::string(name) + ": " + error.what());
  }
  return Pickle(std::move(store));
}

}  // namespace

Pickle read_document(std::filesystem::path const& path, ReadRoot const& read_root) {
  auto store = std::make_shared<Store>();
  store->delayed = std::make_unique<DelayedFile>(path);
  Bytes const bytes = store->delayed->bytes();
  store->delayed->need(std::min(bytes.size(), kLongestMark));
  return finished(std::move(store), bytes, path.string(), read_root);
}

Pickle map_document(std::filesystem::path const& path, ReadRoot const& read_root) {
  auto store = std::make_shared<Store>();
  store->mapped = std::make_unique<MappedFile>(path);
  Bytes const bytes = store->mapped->bytes();
  return finished(std::move(store), bytes, path.string(), read_root);
}

Pickle parse_document(Bytes bytes, std::string_view name, ReadRoot const& read_root) {
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

void require_pickle(Bytes bytes) {
  std::string_view const known = known_format(bytes);
  if (!known.empty()) throw Error("this is no pickle, but " + std::string(known));
}

void require_end(std::size_t end, std::size_t size) {
  if (end == size) return;
  throw Error("byte " + std::to_string(end) + ": the pickle ends here, but " +
              std::to_string(size - end) + " bytes follow; seplflow reads one object a file");
}

}  // namespace seplflow::pickle
