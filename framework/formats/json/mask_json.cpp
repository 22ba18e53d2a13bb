#include "formats/json/mask_json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "formats/file.hpp"
#include "formats/json/mask_records.hpp"

namespace seplflow {
namespace {

// The size that all masks of the file have, as far as anything tells it.
std::optional<Size> common_size(MaskRecords const& file, std::string_view name,
                                std::optional<Size> image_size) {
  std::optional<Size> size = image_size ? image_size : file.image_size;
  std::string source = image_size ? "the image" : "\"image\" in the file";
  if (size && file.image_size) {
    require_same_size(*file.image_size, "\"image\" in " + std::string(name), *size, source);
  }
  for (std::size_t i = 0; i < file.records.size(); ++i) {
    std::optional<Size> const own = file.records[i].segmentation.size;
    if (!own) continue;
    if (!size) {
      size = own;
      source = "record " + std::to_string(i);
    }
    // Spelled out only when needed: this is checked for every mask.
    if (*own != *size) {
      require_same_size(*own, std::string(name) + ", record " + std::to_string(i), *size, source);
    }
  }
  return size;
}

MaskSet parse(simdjson::padded_string_view json, std::string_view name,
              std::optional<Size> image_size, std::uint64_t min_area) {
  if (json.empty()) {
    throw Error(std::string(name) + " is empty (0 bytes); expected the masks of an image as JSON");
  }
  simdjson::ondemand::parser parser;
  MaskRecords const file = read_mask_records(parser, json, name);
  std::optional<Size> const size = common_size(file, name, image_size);
  std::vector<MaskSet::Entry> entries;
  entries.reserve(file.records.size());
  for (std::size_t i = 0; i < file.records.size(); ++i) {
    try {
      Mask mask = mask_of(file.records[i].segmentation, size);
      if (mask.area() >= min_area) entries.push_back({std::move(mask), file.records[i].info});
    } catch (Error const& error) {
      JsonPlace{name, "record", i}.fail(error.what());
    }
  }
  return MaskSet(std::move(entries), size);
}

}  // namespace

MaskSet read_mask_json(std::filesystem::path const& path, std::optional<Size> image_size,
                       std::uint64_t min_area) {
  InputFile file(path);
  simdjson::padded_string text = padded(file.size());
  auto* const bytes = reinterpret_cast<std::uint8_t*>(text.data());
  std::size_t const size = file.read({bytes, file.size()});
  simdjson::padded_string_view const json(text.data(), size,
                                          text.size() + simdjson::SIMDJSON_PADDING);
  return parse(json, path.string(), image_size, min_area);
}

MaskSet parse_mask_json(std::span<std::uint8_t const> bytes, std::string_view name,
                        std::optional<Size> image_size, std::uint64_t min_area) {
  simdjson::padded_string text = padded(bytes.size());
  std::ranges::copy(bytes, text.data());
  return parse(text, name, image_size, min_area);
}

}  // namespace seplflow
