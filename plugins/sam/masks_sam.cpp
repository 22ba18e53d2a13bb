#include <memory>

#include "common/refuse_errors.hpp"
#include "core/checkpoint.hpp"
#include "core/mask_generator.hpp"
#include "core/prompts.hpp"
#include "nets/base/library.hpp"
#include "stages.hpp"

namespace seplflow::sam {
namespace {

enum class Preset { official, sepl };

// Loads the library only when it is called.
std::string resolve_device(std::string const& device) {
  return core().resolve_device(device);
}

// SAM's automatic mask generator.
struct MasksSam : ModelOptions, GeneratorOptions {
  Preset preset = Preset::official;

  void check(OptionCheck& check) {
    if (preset == Preset::sepl) {
      if (!check.given("pred_iou_thresh")) pred_iou_thresh = 0.86;
      if (!check.given("stability_score_thresh")) stability_score_thresh = 0.92;
    }
    if (sam::points_per_side(points_per_side, crop_n_points_downscale_factor, crop_n_layers) == 0) {
      check.refuse("crop_n_points_downscale_factor",
                   "the crops of layer " + std::to_string(crop_n_layers) +
                       " would have no points: raise points_per_side, or lower "
                       "crop_n_points_downscale_factor or crop_n_layers");
    }
    check.reads(nets::library_file());
    nets::check_device(check, device, resolve_device,
                       "SAM runs on the CPU, where a large model takes a minute per image");
    check.expect_some({"masks", "the thresholds drop all masks of SAM", false});
    refuse_errors(check, "checkpoint", [&] { Checkpoint const readable(checkpoint); });
  }

  // The library counts as well, since another one may generate other masks.
  std::vector<std::filesystem::path> files(Sample const&) const { return {nets::library_file()}; }

  MaskSet operator()(SampleContext const& context, Image const& image) const {
    MaskSet masks = generator_->get([this] { return core().open(*this); }).generate(image, *this);
    context.count("masks", masks.count());
    return masks;
  }

 private:
  std::shared_ptr<GeneratorOnDemand> generator_ = std::make_shared<GeneratorOnDemand>();
};

constexpr char const* kDetails =
    "Runs the Segment Anything Model itself. The checkpoint is an official one (ViT-B, ViT-L or "
    "ViT-H from https://github.com/facebookresearch/segment-anything) or any other size of the "
    "same architecture: the sizes are read from its tensors. It may be a zip or a legacy file, "
    "plain or as `{\"model\": ...}` or `{\"state_dict\": ...}`, and all tensor names may have a "
    "prefix, such as the `module.` of DataParallel. Checkpoints of SAM-HQ, MobileSAM, SAM 2 and SAM 3 "
    "are known and refused. When the model is loaded, the checksums of a zip are verified once, which "
    "takes about a second for each gigabyte; a damaged file fails every sample. The options of the generator are the official "
    "ones, and so are the masks, their order and their scores.\n\n"
    "`preset = \"sepl\"` uses the thresholds of the SEPL paper, `pred_iou_thresh = 0.86` and "
    "`stability_score_thresh = 0.92`, unless the pipeline sets them. SAM is slow and its masks do "
    "not depend on pseudo-labels, so generate them once: write them with `output.masks` and read "
    "them with `masks.json` from then on (pipelines/tools/sam_masks.toml).\n\n"
    "On a CPU every job works on an image of its own with one thread (with `libopenblas0-serial`, "
    "which is not thread-safe, images take turns: install `libopenblas0-pthread`). On a GPU images "
    "take turns while other threads decode images and encode masks, and up to `batch` waiting "
    "images are encoded together; only the ends of the masks' runs are copied from the GPU. A "
    "GPU's results differ from a CPU's in the last digits, and those of `bfloat16` differ more. "
    "When memory runs out the sample fails: lower `points_per_batch` or `batch`.\n\n"
    "The pixels are those of Pillow's `Image.open(file).convert(\"RGB\")`, byte for byte: gray "
    "becomes three equal channels, a palette its colours, and CMYK its naive inverse; transparency "
    "is dropped, 16-bit colours lose their lower eight bits, and 16-bit gray values are limited to "
    "255, which makes such images nearly white (convert them first). An EXIF orientation is ignored "
    "unless the data set applies it. Images are resized as Pillow does it, too.\n\n"
    "Scores equal the official ones to within 1e-4, except the stability of very small masks. "
    "Stability is a ratio of pixel counts, and sums of float32 differ by about 1e-6 with their "
    "order, and so between versions of torch: now and then a pixel falls on the other side of the "
    "cutoff and changes the ratio by one part in the pixels of the mask.\n\n"
    "Three results exist where the official code fails: a resized image has at least one pixel a "
    "side (an image of 1x5000); an image in which nothing passes the thresholds has no masks, even "
    "with crops; and the stability of a mask without pixels at the lower cutoff (in an image of "
    "1x1, for example) is 0 instead of NaN.";

}  // namespace

void declare_masks_sam(Plugin& plugin) {
  auto& stage = plugin.stage<MasksSam>("masks.sam", "Generates masks with SAM itself");
#ifdef SEPLFLOW_WITHOUT_TORCH
  stage.missing_library("libtorch");
#endif
  stage.inputs("image")
      .output("masks")
      .option("checkpoint", &MasksSam::checkpoint,
              "file with the weights of the model, such as sam_vit_h_4b8939.pth", existing_file(),
              required())
      .option("preset", &MasksSam::preset,
              "source of the thresholds that are not set: the official code or the SEPL paper",
              choices<Preset>({{"official", Preset::official}, {"sepl", Preset::sepl}}));
  nets::with_device_options(stage)
      .option("batch", &MasksSam::batch, "the most images that a GPU encodes together",
              in_range(1, 64))
      .option("points_per_side", &MasksSam::points_per_side,
              "points along each side of the grid of prompts", in_range(1, 1024))
      .option("points_per_batch", &MasksSam::points_per_batch,
              "points that the model decodes together; more points take more memory",
              in_range(1, 65536))
      .option("pred_iou_thresh", &MasksSam::pred_iou_thresh,
              "drops masks unless their predicted IoU is above this; 0 or less keeps all")
      .option("stability_score_thresh", &MasksSam::stability_score_thresh,
              "drops masks whose stability is below this; 0 or less keeps all")
      .option("stability_score_offset", &MasksSam::stability_score_offset,
              "how far the cutoff moves up and down to measure stability", at_least(0))
      .option("box_nms_thresh", &MasksSam::box_nms_thresh,
              "drops the worse of two masks in a crop when the IoU of their boxes is above this",
              in_range(0, 1))
      .option("crop_n_layers", &MasksSam::crop_n_layers,
              "layers of crops in addition to the whole image; layer i has 2^i x 2^i crops",
              in_range(0, 6))
      .option("crop_nms_thresh", &MasksSam::crop_nms_thresh,
              "like box_nms_thresh, but between crops; keeps the mask of the smaller crop",
              in_range(0, 1))
      .option("crop_overlap_ratio", &MasksSam::crop_overlap_ratio,
              "overlap of the crops in the first layer, as a share of the image's shorter side",
              in_range(0, 1))
      .option("crop_n_points_downscale_factor", &MasksSam::crop_n_points_downscale_factor,
              "in layer i of crops, points_per_side is divided by the i-th power of this",
              in_range(1, 64))
      .option("min_mask_region_area", &MasksSam::min_mask_region_area,
              "removes smaller holes and islands from masks; 0 keeps them", unit("pixels"))
      .details(kDetails);
}

}  // namespace seplflow::sam
