#include <memory>
#include <regex>

#include "core/checkpoint.hpp"
#include "core/lazy_generator.hpp"
#include "core/mask_generator.hpp"
#include "core/prompts.hpp"
#include "stages.hpp"

namespace seplflow::sam {
namespace {

enum class Preset { official, sepl };

// SAM's automatic mask generator.
struct MasksSam : ModelOptions, GeneratorOptions {
  Preset preset = Preset::official;

  void check(OptionCheck& check) {
    if (preset == Preset::sepl) {
      if (!check.given("pred_iou_thresh")) pred_iou_thresh = 0.86;
      if (!check.given("stability_score_thresh")) stability_score_thresh = 0.92;
    }
    if (points_per_side_of(crop_n_layers) == 0) {
      check.refuse("crop_n_points_downscale_factor",
                   "the crops of layer " + std::to_string(crop_n_layers) +
                       " would have no points: raise points_per_side, or lower "
                       "crop_n_points_downscale_factor or crop_n_layers");
    }
    check_device(check);
    try {
      Checkpoint const readable(checkpoint);
    } catch (Error const& error) {
      check.refuse("checkpoint", error.what());
    }
  }

  // The library too: another one may make other masks.
  std::vector<std::filesystem::path> files(Sample const&) const { return {core_file()}; }

  MaskSet operator()(Image const& image) const { return model().generate(image, *this); }

 private:
  std::uint32_t points_per_side_of(std::uint32_t layer) const {
    return sam::points_per_side(points_per_side, crop_n_points_downscale_factor, layer);
  }

  void check_device(OptionCheck& check) const {
    static std::regex const known("auto|cpu|cuda(:[0-9]{1,2})?");
    if (!std::regex_match(device, known)) {
      check.refuse("device", "there is no device \"" + device +
                                 "\"; expected \"auto\", \"cpu\" or \"cuda:N\", where N counts the "
                                 "GPUs from 0");
    } else if (device != "cpu") {
      try {
        if (core().device_called(device) == "cpu") {
          check.warn("device",
                     "libtorch sees no GPU here, so masks are made on the CPU, where a large model "
                     "takes a minute an image; device = \"cpu\" says that this is meant");
        }
      } catch (Error const& error) {
        check.refuse("device", error.what());
      }
    }
  }

  MaskGenerator const& model() const {
    return lazy_->get([this] { return core().open(*this); });
  }

  std::shared_ptr<LazyGenerator> lazy_ = std::make_shared<LazyGenerator>();
};

constexpr char const* kDetails =
    "Runs the Segment Anything Model itself, from the official checkpoints (ViT-B, ViT-L, ViT-H; "
    "https://github.com/facebookresearch/segment-anything) or any that is built alike: sizes are "
    "read from its tensors. Zip and legacy files are read, plain or as `{\"model\": ...}` or "
    "`{\"state_dict\": ...}`, and the names of all tensors may have a prefix, such as the "
    "`module.` of DataParallel. The options of the generator are the official ones, and so are the "
    "masks, their order and their scores. Pixels are those of Pillow's "
    "`Image.open(file).convert(\"RGB\")`, "
    "to the byte: gray becomes three equal channels, a palette its colours, CMYK the naive "
    "inverse, "
    "transparency is dropped, 16 bits of colour lose the lower eight, and 16 bits of gray are cut "
    "off at 255 (so such pictures turn out nearly white: convert them before). An EXIF rotation is "
    "not applied. The resizing to the model's size is Pillow's as well.\n\n"
    "`preset = \"sepl\"` takes the thresholds of the SEPL paper, `pred_iou_thresh = 0.86` and "
    "`stability_score_thresh = 0.92`, where the pipeline does not set them. SAM is slow and its "
    "masks do not depend on the pseudo-labels: write them with `output.masks` once, and read them "
    "with `masks.json` ever after (pipelines/tools/sam_masks.toml).\n\n"
    "On a CPU as many images are worked on at once as the run has jobs, each by one thread (one "
    "after the other with `libopenblas0-serial`, which is not safe for threads: take "
    "`libopenblas0-pthread`); on a GPU one after the other, while other threads decode images and "
    "encode masks; what leaves the GPU is where the runs of masks begin and end. `batch` images "
    "that wait for a GPU are encoded together. A GPU's results differ "
    "from a CPU's in the last digits, and those of `bfloat16` by more. When memory does not "
    "suffice the sample fails: lower `points_per_batch` or `batch`. A resized image has at least "
    "one pixel a side, where the official code refuses one of 1x5000, and an image in which "
    "nothing passes the thresholds has no masks, where the official code fails if there are crops. "
    "The stability of a mask that has no pixel at the lower cutoff either (in an image of 1x1, for "
    "example) is 0 / 0: written as 0, where the official code has NaN.\n\n"
    "Scores are the official ones to 1e-4, but for a mask of few pixels: its stability is a ratio "
    "of numbers of pixels, of which one lies so near to the cutoff now and then (sums of float32 "
    "differ by about 1e-6 with their order, and so from one version of torch to the next) that it "
    "falls on the other side, which changes the ratio by one part in the pixels of the mask.";

}  // namespace

void declare_masks_sam(Plugin& plugin) {
  auto& stage = plugin.stage<MasksSam>("masks.sam", "SAM's masks, made by the model itself");
#ifdef SEPLFLOW_WITHOUT_TORCH
  stage.missing_library("libtorch");
#endif
  stage.inputs("image")
      .output("masks")
      .option("checkpoint", &MasksSam::checkpoint, "the model, sam_vit_h_4b8939.pth for example",
              existing_file(), required())
      .option("preset", &MasksSam::preset,
              "thresholds that are not set are the official ones, or those of the SEPL paper",
              choices<Preset>({{"official", Preset::official}, {"sepl", Preset::sepl}}))
      .option("device", &MasksSam::device,
              "\"auto\" (the first GPU, or else the CPU), \"cpu\" or \"cuda:N\"")
      .option(
          "precision", &MasksSam::precision, "of the model's numbers",
          choices<Precision>({{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}}))
      .option("batch", &MasksSam::batch, "images that a GPU encodes together, at most",
              in_range(1, 64))
      .option("points_per_side", &MasksSam::points_per_side,
              "points along each side of the grid of prompts", in_range(1, 1024))
      .option("points_per_batch", &MasksSam::points_per_batch,
              "points that the model is asked for together: more take more memory",
              in_range(1, 65536))
      .option("pred_iou_thresh", &MasksSam::pred_iou_thresh,
              "masks whose predicted IoU is not above it are left out; 0 or less keeps all")
      .option("stability_score_thresh", &MasksSam::stability_score_thresh,
              "masks whose stability is below it are left out; 0 or less keeps all")
      .option("stability_score_offset", &MasksSam::stability_score_offset,
              "how far the cutoff is moved, up and down, to measure stability", at_least(0))
      .option("box_nms_thresh", &MasksSam::box_nms_thresh,
              "of two masks of a crop whose boxes have a larger IoU the better is kept",
              in_range(0, 1))
      .option("crop_n_layers", &MasksSam::crop_n_layers,
              "layers of crops to look at beside the whole image; layer i has 2^i x 2^i",
              in_range(0, 6))
      .option("crop_nms_thresh", &MasksSam::crop_nms_thresh,
              "the same as box_nms_thresh between crops, where the smaller crop's is kept",
              in_range(0, 1))
      .option("crop_overlap_ratio", &MasksSam::crop_overlap_ratio,
              "how far crops of the first layer overlap, in parts of the image's shorter side",
              in_range(0, 1))
      .option("crop_n_points_downscale_factor", &MasksSam::crop_n_points_downscale_factor,
              "points_per_side is divided by its power in each layer of crops", in_range(1, 64))
      .option("min_mask_region_area", &MasksSam::min_mask_region_area,
              "smaller holes and islands of masks are removed; 0 leaves them", unit("pixels"))
      .details(kDetails);
}

}  // namespace seplflow::sam
