#include "data/mask_set.hpp"

#include <string>

#include "data/error.hpp"

namespace seplflow {

MaskSet::MaskSet(std::vector<Entry> entries, std::optional<Size> size)
    : entries_(std::move(entries)), size_(size) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Size const own = entries_[i].mask.size();
    if (!size_) size_ = own;
    require_same_size(own, "mask " + std::to_string(i), *size_,
                      size ? "the image" : "mask 0 of the same image");
  }
}

void require_same_size(MaskSet const& masks, LabelMap const& labels, std::string_view labels_name) {
  if (masks.size()) require_same_size(*masks.size(), "the mask set", labels.size(), labels_name);
}

}  // namespace seplflow
