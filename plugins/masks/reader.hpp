// What all readers of masks have in common.
#pragma once

#include <string>

#include <seplflow/seplflow.hpp>
#include <seplflow/formats/mask_json.hpp>
#include "common/sample_file.hpp"
#include "masks/resize.hpp"

namespace seplflow::masks {

// For messages about masks of another size than the image.
constexpr char const* kSizeHint =
    " (set resize = \"nearest\" if the masks are of this image at another size)";

// The options of every reader. `place` is where the masks of a sample are: "NAME.json".
struct Reader {
  OnMissing on_missing = OnMissing::error;
  std::uint32_t min_area = 0;
  Resize resize = Resize::none;
  bool strict = false;

  bool needs_files() const { return on_missing == OnMissing::error; }

  // The size that all masks must have; nothing where it is unknown, or resize gives it to them.
  std::optional<Size> required_size(Sample const& sample) const;

  // Throws Error, with the way out, unless masks of this size can be those of the sample.
  void require_size(std::optional<Size> size, std::string const& what, Sample const& sample) const;

  // Resizes and drops masks as the options say, and counts them.
  MaskSet settled(SampleContext const& context, MaskSet masks) const;

  // No masks, because `what` is missing: "mask file".
  MaskSet missing(SampleContext const& context, std::string const& what,
                  std::string const& detail) const;

  void warn_of_contradictions(SampleContext const& context, MaskFile const& file) const;

  // Without any mask in a whole run, something is wrong.
  void expect_masks(OptionCheck& check) const;
};

// Declares the options of Reader on a stage.
template <class T>
auto& declare_reader(StageBuilder<T>& stage, std::string const& missing_help) {
  return stage.option("on_missing", &T::on_missing, missing_help, kOnMissing)
      .option("min_area", &T::min_area, "drop masks with fewer pixels", unit("pixels"))
      .option("resize", &T::resize,
              "give masks of another size the size of the image, by the nearest pixel; \"none\" "
              "refuses them",
              kResize)
      .option("strict", &T::strict,
              "read only the formats as their own programs write them, and nothing that this page "
              "marks as automatic");
}

}  // namespace seplflow::masks
