// Values of ports on their way to a worker and back. Internal to the catalog.
#pragma once

#include <cstdint>
#include <memory>
#include <seplflow/port.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/python/python_json.hpp"
#include "catalog/python/shared_block.hpp"

namespace seplflow {

// Whether stages in Python can have ports of this type, and the port. Throws Error for other types.
Port python_port(std::string name, std::string_view type, bool optional);

// Lays values out for a worker.
class SentValues {
 public:
  // Notes a value of this type, which must live until copy_to(), and returns its description for
  // the worker. Null for a value that is null.
  PythonJson add(std::string_view type, void const* value);

  std::size_t size() const { return size_; }
  void copy_to(SharedBlock& block) const;

 private:
  struct Part {
    std::size_t offset;
    std::span<std::uint8_t const> bytes;
  };

  template <class T>
  std::size_t add_part(std::span<T const> values);
  template <class T>
  std::size_t add_own(std::vector<T> values);

  PythonJson add_image(Image const& image);
  PythonJson add_labels(LabelMap const& labels);
  PythonJson add_scores(ScoreMaps const& scores);
  PythonJson add_masks(MaskSet const& masks);
  PythonJson add_overlaps(OverlapTable const& overlaps);

  std::vector<Part> parts_;
  std::vector<std::shared_ptr<void const>> owned_;
  std::size_t size_ = 0;
};

// The sample as workers get it.
PythonJson sent_sample(Sample const& sample);

// The value of this type that a worker has returned, copied from the block and checked for the
// sample. Throws Error ("it returned ...").
Value received_value(PythonJson const& told, std::string_view type,
                     std::span<std::uint8_t const> block, Sample const& sample);

// The bytes at a place of the block. Throws Error when they are not all in it.
std::span<std::uint8_t const> received_bytes(std::span<std::uint8_t const> block,
                                             std::size_t offset, std::size_t size);

}  // namespace seplflow
