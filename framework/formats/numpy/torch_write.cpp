#include <zlib.h>

#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/torch_file.hpp>
#include "formats/numpy/pickle_write.hpp"

namespace seplflow {
namespace {

using pickle::little;
using pickle::pickled_number;
using pickle::pickled_text;

using FileBytes = std::vector<std::uint8_t>;

constexpr std::string_view kFolder = "archive/";

// A zip whose entries are stored, and begin at multiples of 64 bytes as torch aligns them.
class ZipWriter {
 public:
  explicit ZipWriter(std::size_t expected_bytes) { file_.reserve(expected_bytes); }

  void add(std::string const& name, std::span<std::uint8_t const> data) {
    constexpr std::size_t kHead = 30, kFieldHead = 4, kAlignment = 64;
    std::uint64_t const at = file_.size();
    std::size_t const unpadded = at + kHead + kFolder.size() + name.size() + kFieldHead;
    std::string const padding((kAlignment - unpadded % kAlignment) % kAlignment, 'Z');
    if (unpadded + padding.size() + data.size() > std::numeric_limits<std::uint32_t>::max()) {
      throw Error("a file of torch is written up to 4 GiB; this one would be larger");
    }
    auto const size = little(static_cast<std::uint32_t>(data.size()));
    auto const checksum =
        little(static_cast<std::uint32_t>(::crc32_z(0, data.data(), data.size())));
    std::string const path = std::string(kFolder) + name;
    // Flags, method, time, date; then what both headers have.
    std::string const common = std::string(8, '\0') + checksum + size + size +
                               little(static_cast<std::uint16_t>(path.size()));
    append("PK\x03\x04" + std::string(2, '\0') + common +
           little(static_cast<std::uint16_t>(kFieldHead + padding.size())) + path + "FB" +
           little(static_cast<std::uint16_t>(padding.size())) + padding);
    file_.insert(file_.end(), data.begin(), data.end());
    directory_ += "PK\x01\x02" + std::string(4, '\0') + common + std::string(12, '\0') +
                  little(static_cast<std::uint32_t>(at)) + path;
    ++entries_;
  }
  void add(std::string const& name, std::string_view text) {
    add(name, {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()});
  }

  FileBytes finish() {
    std::uint64_t const begin = file_.size();
    append(directory_);
    // The 64-bit record counts more entries than 65535.
    std::uint64_t const record = file_.size();
    append("PK\x06\x06" + little(std::uint64_t{44}) + std::string(12, '\0') + little(entries_) +
           little(entries_) + little(std::uint64_t{directory_.size()}) + little(begin));
    append("PK\x06\x07" + std::string(4, '\0') + little(record) + little(std::uint32_t{1}));
    append("PK\x05\x06" + std::string(4, '\0') + std::string(12, '\xff') + std::string(2, '\0'));
    return std::move(file_);
  }

 private:
  void append(std::string_view bytes) { file_.insert(file_.end(), bytes.begin(), bytes.end()); }

  FileBytes file_;
  std::string directory_;
  std::uint64_t entries_ = 0;
};

std::string storage_type(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return "FloatStorage";
    case ElementType::float64:
      return "DoubleStorage";
    case ElementType::int64:
      return "LongStorage";
    default:
      throw Error("tensors of " + std::string(name_of(type)) + " are not written");
  }
}

std::string pickled_tuple(std::span<std::uint64_t const> numbers) {
  std::string items;
  for (std::uint64_t const number : numbers) items += pickled_number(number);
  return "(" + items + "t";
}

// A tensor as torch pickles it: a call that builds it from a storage.
std::string pickled_tensor(ArrayToWrite const& tensor, std::string const& key) {
  std::uint64_t const elements = tensor.bytes.size() / element_bytes(tensor.type);
  std::string const storage = "(" + pickled_text("storage") + "ctorch\n" +
                              storage_type(tensor.type) + "\n" + pickled_text(key) +
                              pickled_text("cpu") + pickled_number(elements) + "tQ";
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + pickled_number(0) +
         pickled_tuple(tensor.shape) + pickled_tuple(row_major_strides(tensor.shape)) +
         "\x89"
         "ccollections\nOrderedDict\n)RtR";
}

void require_bytes(ArrayToWrite const& tensor) {
  std::uint64_t const elements = std::accumulate(tensor.shape.begin(), tensor.shape.end(),
                                                 std::uint64_t{1}, std::multiplies());
  std::uint64_t const expected = elements * element_bytes(tensor.type);
  if (tensor.bytes.size() == expected) return;
  throw Error("the tensor \"" + tensor.name + "\" has " + std::to_string(tensor.bytes.size()) +
              " bytes; its shape " + shape_text(tensor.shape) + " needs " +
              std::to_string(expected));
}

}  // namespace

std::vector<std::uint8_t> encode_torch_file(std::span<ArrayToWrite const> tensors,
                                            std::span<TextToWrite const> texts) {
  std::map<std::uint8_t const*, std::string> keys;
  std::vector<std::span<std::uint8_t const>> storages;
  std::string items;
  std::size_t bytes = 0;
  for (ArrayToWrite const& tensor : tensors) {
    require_bytes(tensor);
    auto const [key, fresh] =
        keys.try_emplace(tensor.bytes.data(), std::to_string(storages.size()));
    if (fresh) {
      storages.push_back(tensor.bytes);
      bytes += tensor.bytes.size();
    }
    items += pickled_text(tensor.name) + pickled_tensor(tensor, key->second);
  }
  for (auto const& [name, text] : texts) items += pickled_text(name) + pickled_text(text);
  constexpr std::size_t kPerEntry = 256;
  ZipWriter zip(bytes + items.size() + kPerEntry * (storages.size() + 4));
  zip.add("data.pkl", std::string_view("\x80\x02"
                                       "ccollections\nOrderedDict\n)R(" +
                                       items + "u."));
  for (std::size_t i = 0; i < storages.size(); ++i) {
    zip.add("data/" + std::to_string(i), storages[i]);
  }
  zip.add("byteorder", std::string_view("little"));
  zip.add("version", std::string_view("3\n"));
  return zip.finish();
}

}  // namespace seplflow
