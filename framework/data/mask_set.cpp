#include <seplflow/mask_set.hpp>

#include <cmath>
#include <string>

#include <seplflow/error.hpp>
#include "base/finite.hpp"

namespace seplflow {
namespace {

bool is_finite(MaskInfo const& info) {
  return std::isfinite(info.predicted_iou) && std::isfinite(info.stability_score) &&
         all_finite<double>(info.point) && all_finite<double>(info.crop_box);
}

}  // namespace

MaskSet::MaskSet(std::vector<Entry> entries, std::optional<Size> size)
    : entries_(std::move(entries)), size_(size) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Size const own = entries_[i].mask.size();
    if (!size_) size_ = own;
    if (own != *size_) {
      require_same_size(own, "mask " + std::to_string(i), *size_,
                        size ? "the image" : "mask 0 of the same image");
    }
    if (auto const& info = entries_[i].info; info && !is_finite(*info)) {
      throw Error("mask " + std::to_string(i) +
                  ": its predicted IoU, stability, point or crop box is infinite or not a number");
    }
  }
}

void require_same_size(MaskSet const& masks, LabelMap const& labels, std::string_view labels_name) {
  if (masks.size()) require_same_size(*masks.size(), "the mask set", labels.size(), labels_name);
}

}  // namespace seplflow
