#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/python_file.hpp>

#include <algorithm>
#include <cmath>

#include <seplflow/formats/coco_rle.hpp>
#include "base/number_text.hpp"
#include "common/refuse_errors.hpp"
#include "common/sample_file.hpp"
#include "formats/mask_levels.hpp"
#include "reader.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;
using Kind = PickleValue::Kind;

constexpr std::string_view kExpected =
    "a list of dicts as SamAutomaticMaskGenerator.generate() returns it, or an array of shape "
    "(N, H, W)";
constexpr std::string_view kPattern = "{id}.npy";

// Reads the masks of one file.
class NpyMasks {
 public:
  NpyMasks(std::string name, std::optional<Size> size, bool strict)
      : name_(std::move(name)), size_(size), strict_(strict) {}

  MaskFile read(PickleValue const& root) {
    PickleValue const value = strict_ ? root : masks_in(root);
    if (value.is(Kind::array)) {
      read_stack(value.array());
    } else if (value.is(Kind::list) || value.is(Kind::tuple)) {
      for (std::size_t i = 0; i < value.size(); ++i) read_record(i, value.item(i));
    } else if (is_one_by_one(value)) {
      for (std::size_t i = 0; i < value.size(); ++i) read_record(i, value.value(i));
    } else {
      fail("holds " + root.description() + "; expected " + std::string(kExpected));
    }
    bool const is_empty = entries_.empty();
    found_.masks = MaskSet(std::move(entries_), is_empty ? size_ : std::nullopt);
    found_.records = found_.masks.count();
    return std::move(found_);
  }

  std::uint64_t between() const { return between_; }
  bool is_channels_last() const { return channels_last_; }

 private:
  [[noreturn]] void fail(std::string const& problem) const { throw Error(name_ + " " + problem); }

  // What a dict, or a .npz file, holds as "masks", or as its only entry.
  static PickleValue masks_in(PickleValue const& root) {
    if (!root.is(Kind::dict)) return root;
    if (auto const masks = root.find("masks")) return *masks;
    return root.size() == 1 ? root.value(0) : root;
  }

  // What np.savez(file, *masks) writes: arr_0, arr_1, ..., each an array of H x W.
  bool is_one_by_one(PickleValue const& value) const {
    if (strict_ || !value.is(Kind::dict) || value.size() == 0) return false;
    for (std::size_t i = 0; i < value.size(); ++i) {
      bool const is_next = value.key(i).is(Kind::text) &&
                           value.key(i).text() == "arr_" + std::to_string(i) &&
                           value.value(i).is(Kind::array) && value.value(i).array().axes() == 2;
      if (!is_next) return false;
    }
    return true;
  }

  // ---- Arrays ----

  // N x H x W, N x 1 x H x W, 1 x N x H x W, H x W, or H x W x N if only that fits the image.
  void read_stack(Array const& array) {
    auto const shape = array.shape();
    bool const has_size = size_.has_value();
    auto const is_image = [&](std::uint64_t h, std::uint64_t w) {
      return has_size && size_->height == h && size_->width == w;
    };
    if (array.axes() == 2) return add(mask_of(array, 0));
    if (array.axes() == 4 && shape[1] == 1) {
      for (std::uint64_t i = 0; i < shape[0]; ++i) add(mask_of(array.at(i).at(0), i));
      return;
    }
    if (array.axes() == 4 && shape[0] == 1 && is_image(shape[2], shape[3]) && !strict_) {
      return read_stack(array.at(0));
    }
    if (array.axes() != 3) {
      fail("holds " + array.description() + "; expected " + std::string(kExpected));
    }
    channels_last_ = is_image(shape[0], shape[1]) && !is_image(shape[1], shape[2]) && !strict_;
    if (channels_last_) return read_channels(array);
    for (std::uint64_t i = 0; i < shape[0]; ++i) add(mask_of(array.at(i), i));
  }

  void read_channels(Array const& array) {
    ArrayLayout const& layout = array.layout();
    for (std::uint64_t n = 0; n < layout.shape[2]; ++n) {
      ArrayLayout one = layout;
      one.offset += n * layout.strides[2];
      one.shape.pop_back();
      one.strides.pop_back();
      add(mask_of(Array(std::move(one), array.storage()), n));
    }
  }

  void add(Mask mask) { entries_.push_back({std::move(mask), std::nullopt}); }

  // H x W values.
  Mask mask_of(Array const& array, std::uint64_t number) {
    std::string const name = name_ + ", mask " + std::to_string(number);
    if (array.axes() != 2) {
      throw Error(name + ": " + array.description() + "; expected an array of shape (H, W)");
    }
    Size const size = checked_size(array.shape()[0], array.shape()[1], name);
    if (array.type() == ElementType::boolean && array.is_contiguous()) {
      auto const bytes = array.contiguous_bytes();
      return mask_where(size, [&](std::size_t i) { return bytes[i] != 0; });
    }
    std::vector<float> const values = array.to_vector<float>();
    if (std::ranges::any_of(values, [](float v) { return !std::isfinite(v); })) {
      throw Error(name + " holds infinite values or NaN");
    }
    auto const [low, high] = std::ranges::minmax(values);
    bool const is_share = is_floating_point(array.type()) && high <= 1;
    LevelMask levels = mask_of_levels(size, values, is_share ? 1 : 255, name);
    bool const is_plain = low == 0 && (high == 0 || high == 1 || high == 255);
    if (strict_ && (levels.between > 0 || !is_plain)) {
      throw Error(name + " holds values from " + shortest(low) + " to " + shortest(high) +
                  "; expected 0 and 1, or 0 and 255, as strict = true asks for");
    }
    between_ += levels.between;
    return std::move(levels.mask);
  }

  // ---- generate()'s dicts ----

  void read_record(std::size_t i, PickleValue const& value) {
    std::string const where = "holds, as item " + std::to_string(i) + ", ";
    if (value.is(Kind::array)) return add(mask_of(value.array(), i));
    if (!value.is(Kind::dict)) {
      fail(where + value.description() + "; expected " + std::string(kExpected));
    }
    auto const segmentation = value.find("segmentation");
    if (!segmentation) fail(where + value.description() + " without 'segmentation'");
    Mask mask = segmentation->is(Kind::array) ? mask_of(segmentation->array(), i)
                                              : mask_of_rle(*segmentation, i);
    if (contradicts(value, mask) && found_.contradictions++ == 0) {
      found_.contradiction = "item " + std::to_string(i) + " has area " +
                             shortest(number_in(value, "area").value_or(0)) + ", and its mask " +
                             std::to_string(mask.area());
    }
    entries_.push_back({std::move(mask), info_of(value)});
  }

  // {"size": [H, W], "counts": text, bytes or a list}
  Mask mask_of_rle(PickleValue const& rle, std::size_t i) const {
    std::string const where = "holds, as segmentation of item " + std::to_string(i) + ", ";
    auto const size = rle.is(Kind::dict) ? rle.find("size") : std::nullopt;
    auto const counts = rle.is(Kind::dict) ? rle.find("counts") : std::nullopt;
    if (!size || !counts) {
      fail(where + rle.description() + "; expected an array or {'size', 'counts'}");
    }
    auto const extents = numbers_of(*size);
    if (extents.size() != 2 || !(extents[0] >= 1 && extents[1] >= 1 && extents[0] <= kMaxPixels &&
                                 extents[1] <= kMaxPixels)) {
      fail(where + "a size that is not [height, width]");
    }
    Size const of = checked_size(static_cast<std::uint64_t>(extents[0]),
                                 static_cast<std::uint64_t>(extents[1]), name_);
    if (counts->is(Kind::text)) return decode_coco_rle(of, counts->text());
    if (counts->is(Kind::bytes)) {
      auto const bytes = counts->bytes();
      return decode_coco_rle(of, {reinterpret_cast<char const*>(bytes.data()), bytes.size()});
    }
    std::vector<std::uint32_t> runs;
    for (double const count : numbers_of(*counts)) {
      if (!(count >= 0 && count <= kMaxPixels)) fail(where + "a run length " + shortest(count));
      runs.push_back(static_cast<std::uint32_t>(count));
    }
    return Mask::from_counts(of, runs);
  }

  // The numbers of a list, a tuple or an array, or of the first list in it; empty for others.
  static std::vector<double> numbers_of(PickleValue const& value) {
    if (value.is(Kind::array)) return value.array().to_vector<double>();
    std::vector<double> numbers;
    if (!value.is(Kind::list) && !value.is(Kind::tuple)) return numbers;
    for (std::size_t i = 0; i < value.size(); ++i) {
      PickleValue const item = value.item(i);
      if (item.is(Kind::list) || item.is(Kind::tuple) || item.is(Kind::array)) {
        return numbers_of(item);
      }
      if (!item.is(Kind::integer) && !item.is(Kind::number)) return {};
      numbers.push_back(item.number());
    }
    return numbers;
  }

  static std::optional<double> number_in(PickleValue const& dict, std::string_view key) {
    auto const value = dict.find(key);
    if (!value) return std::nullopt;
    if (value->is(Kind::integer) || value->is(Kind::number)) return value->number();
    if (value->is(Kind::array) && value->array().size() == 1) return value->array().number(0);
    return std::nullopt;
  }

  static std::optional<MaskInfo> info_of(PickleValue const& dict) {
    auto const iou = number_in(dict, "predicted_iou"),
               stability = number_in(dict, "stability_score");
    auto const numbers = [&](std::string_view key) {
      auto const value = dict.find(key);
      return value ? numbers_of(*value) : std::vector<double>();
    };
    auto const point = numbers("point_coords"), crop = numbers("crop_box");
    auto const is_finite = [](double each) { return std::isfinite(each); };
    bool const whole = iou && stability && is_finite(*iou) && is_finite(*stability) &&
                       point.size() >= 2 && crop.size() == 4 &&
                       std::ranges::all_of(point, is_finite) &&
                       std::ranges::all_of(crop, is_finite);
    if (!whole) return std::nullopt;
    return MaskInfo{*iou, *stability, {point[0], point[1]}, {crop[0], crop[1], crop[2], crop[3]}};
  }

  static bool contradicts(PickleValue const& dict, Mask const& mask) {
    MaskClaims claims{number_in(dict, "area"), std::nullopt};
    if (auto const box = dict.find("bbox")) {
      auto const numbers = numbers_of(*box);
      if (numbers.size() == 4) claims.box = {numbers[0], numbers[1], numbers[2], numbers[3]};
    }
    return contradict(claims, mask, true);
  }

  std::string name_;
  std::optional<Size> size_;
  bool strict_;
  MaskFile found_{MaskSet({})};
  std::vector<MaskSet::Entry> entries_;
  std::uint64_t between_ = 0;
  bool channels_last_ = false;
};

// Masks that Python saved with numpy or torch.
struct Npy : Reader {
  fs::path dir;
  std::string pattern = std::string(kPattern);

  void check(OptionCheck& check) {
    expect_masks(check);
    refuse_pattern(check, pattern);
  }

  std::vector<fs::path> files(Sample const& sample) const {
    std::vector<fs::path> files = sample_files(dir, sample, pattern);
    if (strict || pattern != kPattern) return files;
    for (char const* const ending : {".npz", ".pt", ".pth"}) {
      if (is_there(files.back())) break;
      for (fs::path& file : sample_files(dir, sample, ending)) files.push_back(std::move(file));
    }
    return files;
  }

  MaskSet operator()(SampleContext const& context, Sample const& sample) const {
    auto const candidates = files(sample);
    fs::path const& path = is_there(candidates.back()) ? candidates.back() : candidates.front();
    if (is_missing(path, on_missing, "mask file", "no masks")) {
      return missing(context, "mask file", path.string());
    }
    NpyMasks reader(path.string(), required_size(sample), strict);
    Pickle const contents = strict ? read_npy(path) : read_python_file(path);
    MaskFile found = reader.read(contents.root());
    require_size(found.masks.size(), path.string(), sample);
    if (reader.between() > 0) {
      context.warn("masks hold values other than two; those of at least half the scale are inside",
                   std::to_string(reader.between()) + " pixels");
    }
    if (reader.is_channels_last()) {
      context.warn("arrays of masks have the masks last (H x W x N), which fits the image",
                   path.filename().string());
    }
    warn_of_contradictions(context, found);
    return settled(context, std::move(found.masks));
  }
};

}  // namespace

void declare_npy(Plugin& plugin) {
  auto& stage = plugin
                    .stage<Npy>("masks.npy",
                                "Reads masks that Python saved with numpy or torch: generate()'s "
                                "list of dicts, or an array")
                    .inputs("sample")
                    .output("masks")
                    .option("dir", &Npy::dir, "folder with NAME.npy for each sample",
                            existing_folder(), required())
                    .option("pattern", &Npy::pattern, kPatternHelp);
  declare_reader(stage,
                 "what to do about a sample without a file: report an error, or treat it as empty "
                 "(no masks)")
      .details(
          "A file holds the list of dicts that `SamAutomaticMaskGenerator.generate()` returns, "
          "with "
          "binary masks or COCO RLE, or an array of N x H x W values. Pickles in it are parsed, "
          "never executed. All masks must have the size of the image, if it is known. `masks.json` "
          "reads the same masks many times faster.\n\n"
          "These are read automatically too, and `strict = true` refuses them: of any two values, "
          "not only 0 and 1 or 0 and 255, the higher is inside; of more, those of at least half "
          "the "
          "scale (0.5 of floats up to 1, else 128 of 255), which is a warning with a count of "
          "pixels; an array of H x W x N if only that fits the image, which is a warning; and a "
          "dict with "
          "such a list or array as `masks` or as its only entry; arr_0, arr_1, ... of H x W as "
          "np.savez writes them; 1 x N x H x W values; where there is no NAME.npy, "
          "NAME.npz, NAME.pt or NAME.pth, and any of these by its content. An array of H x W is "
          "one mask.\n\n"
          "The area and the bounding box of a mask are compared with the `area` and the `bbox` of "
          "its dict. Masks that contradict them are read, with one warning and a count. The run "
          "counts "
          "masks, images without masks, and missing files. If no image has any mask, that is an "
          "error unless `on_missing` is \"empty\".");
}

}  // namespace seplflow::masks
