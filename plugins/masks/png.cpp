#include <seplflow/formats/input_file.hpp>

#include "common/refuse_errors.hpp"
#include "common/sample_file.hpp"
#include "formats/image/mask_png.hpp"
#include "mask_folder.hpp"
#include "metadata_csv.hpp"
#include "reader.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

enum class Layout { folder, instances };

// Masks in the format of amg.py, a folder for each image, or the instances in a picture.
struct Png : Reader {
  fs::path dir;
  Layout layout = Layout::folder;
  std::optional<std::string> pattern;
  std::optional<std::uint16_t> inside;

  void check(OptionCheck& check) {
    expect_masks(check);
    if (!pattern) pattern = layout == Layout::folder ? "{id}" : "{id}.png";
    refuse_pattern(check, *pattern);
    if (layout == Layout::instances && inside) {
      check.refuse("inside",
                   "`inside` is for pictures of one mask, not for layout = \"instances\"");
    }
    if (layout == Layout::folder && pattern == "{id}") first_ = first_mask_folder(dir);
  }

  // Includes the folder itself, which changes when files are added or removed.
  std::vector<fs::path> files(Sample const& sample) const {
    std::vector<fs::path> files = sample_files(dir, sample, *pattern);
    if (layout == Layout::instances) return files;
    fs::path const folder = files.back();
    files.push_back(folder / "metadata.csv");
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) return files;
    for (NumberedFile& file : mask_folder(folder, last_name(sample), strict).masks) {
      files.push_back(std::move(file.path));
    }
    return files;
  }

  MaskSet operator()(SampleContext const& context, Sample const& sample) const {
    fs::path const path = sample_file(dir, sample, *pattern);
    bool const is_folder = layout == Layout::folder;
    std::string const what = is_folder ? "mask folder" : "picture of instances";
    if (is_missing(path, on_missing, what, "no masks")) {
      return missing(context, what, path.string());
    }
    return settled(context, is_folder ? of_folder(context, path) : of_instances(sample, path));
  }

 private:
  static std::string last_name(Sample const& sample) {
    return fs::path(sample.id).filename().string();
  }

  MaskSet of_instances(Sample const& sample, fs::path const& path) const {
    std::vector<MaskSet::Entry> entries;
    for (Mask& mask : decode_instance_png(read_file(path), path.string())) {
      entries.push_back({std::move(mask), std::nullopt});
    }
    if (!entries.empty()) require_size(entries.front().mask.size(), path.string(), sample);
    return MaskSet(std::move(entries), required_size(sample));
  }

  MaskSet of_folder(SampleContext const& context, fs::path const& folder) const {
    auto const metadata = read_metadata_csv(folder / "metadata.csv");
    auto const [masks, prefix, other] = mask_folder(folder, last_name(context.sample()), strict);
    require_masks(context, folder, masks, other);
    if (!masks.empty()) require_same_names(masks.front().path, prefix);
    for (auto const& [number, each] : metadata) {
      if (std::ranges::find(masks, number, &NumberedFile::number) != masks.end()) continue;
      throw Error("the mask " + (folder / (std::to_string(number) + ".png")).string() +
                  " is missing, although metadata.csv lists it");
    }
    std::optional<Size> size;
    std::string sized;
    MaskFile found{MaskSet({}), masks.size()};
    std::vector<MaskSet::Entry> entries;
    for (NumberedFile const& file : masks) {
      Mask mask = read(context, file.path);
      if (!size) {
        require_size(mask.size(), file.path.string(), context.sample());
        size = mask.size();
        sized = file.path.string();
      }
      require_same_size(mask.size(), file.path.string(), *size, sized);
      auto const known = metadata.find(file.number);
      std::optional<MaskInfo> info;
      if (known != metadata.end()) {
        info = known->second.info;
        bool const is_first = entries.empty();
        if (contradict(known->second.claims, mask, is_first) && found.contradictions++ == 0) {
          found.contradiction = file.path.filename().string() + " has area " +
                                std::to_string(mask.area()) + "; see metadata.csv";
        }
      }
      entries.push_back({std::move(mask), std::move(info)});
    }
    warn_of_contradictions(context, found);
    return MaskSet(std::move(entries), size ? size : required_size(context.sample()));
  }

  // Folders whose masks have different kinds of names come from different programs, or runs of one.
  void require_same_names(fs::path const& mask, std::string const& prefix) const {
    if (!first_ || first_->prefix == prefix) return;
    throw Error("the mask " + mask.string() + " has another kind of name than " +
                first_->masks.front().path.string() +
                "; masks of all samples must be named alike, so create those of one of them again");
  }

  // amg.py writes metadata.csv even for an image without masks.
  void require_masks(SampleContext const& context, fs::path const& folder,
                     std::vector<NumberedFile> const& masks, fs::path const& other) const {
    std::error_code ignored;
    std::string const what = fs::is_directory(other, ignored) ? "folder" : "picture";
    if (!masks.empty()) {
      if (other.empty()) return;
      context.warn("folders of masks hold other pictures or folders, which are not read",
                   other.string());
      return;
    }
    if (!other.empty()) {
      throw Error(
          "the mask folder " + folder.string() + " has no masks (0.png, 1.png, ...), but the " +
          what + " " + other.filename().string() +
          (what == "folder" ? "; if the masks are in it, set pattern = \"{id}/" +
                                  other.filename().string() + "\""
                            : ", which is not a mask that is read here; save masks as PNG"));
    }
    if (is_there(folder / "metadata.csv") || on_missing == OnMissing::empty) return;
    throw Error("the mask folder " + folder.string() +
                " has no masks (0.png, 1.png, ...) and no metadata.csv; is it the right folder? If "
                "the image has no masks, set on_missing = \"empty\"");
  }

  Mask read(SampleContext const& context, fs::path const& path) const {
    MaskPicture picture = decode_mask_picture(read_file(path), path.string(), {inside, strict});
    if (picture.between > 0) {
      context.warn(
          "masks hold values other than two; pixels of at least half the scale (128 of 255) are "
          "inside (for JPEGs this is usual)",
          path.filename().string() + ": " + std::to_string(picture.between) +
              " pixels are neither black nor white");
    }
    if (picture.reorders_palette) {
      context.warn(
          "the palettes of masks put the brighter colour first; the brighter colour is inside",
          path.filename().string());
    }
    return std::move(picture.mask);
  }

  std::optional<MaskFolder> first_;  // of any sample, which shows how masks are named
};

constexpr char const* kPngDetails =
    "NAME/0.png, NAME/1.png, ... are pictures of two values, 255 inside and 0 outside as amg.py "
    "writes them. Scores and prompts come from NAME/metadata.csv if it exists. `masks.json` reads "
    "the same masks many times faster: let amg.py write RLE (`--convert-to-rle`) if you can. The "
    "folder of a COCO sample may have any name that COCO's files have "
    "(COCO_val2014_000000000139, 000000000139, 139); its id comes first. Masks that contradict the "
    "area or the box in metadata.csv are read, with one warning and a count.\n\n"
    "These are read automatically too, and `strict = true` refuses them. Of any two values the "
    "higher is inside, and a picture of one value is an empty mask if that is 0, else a full one. "
    "Of more than two values, those of at least half the scale (128 of 255) are inside, which is "
    "a warning with a count of pixels; `inside = 255` is the exact rule of amg.py instead: only "
    "pixels of 255. A picture may be gray of 1 to 16 bits, a palette (the brighter of two colours "
    "is inside, the higher index of equal ones), RGB of two colours or of gray, and each of these "
    "with transparency, which is the mask if the colours have one value. A folder without PNGs may "
    "hold gray JPEGs of black and white. Names may have a prefix, the same for all masks of a "
    "folder: mask_0.png, NAME_0.png, NAME_mask_0.png.\n\n"
    "Other pictures and subfolders are not read: beside masks they are a warning, and a folder "
    "with "
    "nothing else is an error. `._*`, `.DS_Store`, `Thumbs.db` and `__MACOSX` are ignored.\n\n"
    "`layout = \"instances\"` reads NAME.png instead, a picture of instance numbers: each value "
    "but "
    "0 is a mask, in ascending order. The value is gray of 8 or 16 bits, the index of a palette "
    "(255 "
    "is PASCAL VOC's border and no instance), or R + 256 G + 65536 B of RGB.\n\n"
    "The run counts masks, images without masks, and missing folders. If no image has any mask, "
    "that is an error unless `on_missing` is \"empty\".";

}  // namespace

void declare_png(Plugin& plugin) {
  auto& stage =
      plugin
          .stage<Png>("masks.png",
                      "Reads SAM's masks from folders of PNG files, as amg.py writes them")
          .inputs("sample")
          .output("masks")
          .option("dir", &Png::dir, "folder with a subfolder NAME for each sample",
                  existing_folder(), required())
          .option("layout", &Png::layout,
                  "a folder of masks for each sample, or one picture of instance numbers",
                  choices<Layout>({{"folder", Layout::folder}, {"instances", Layout::instances}}))
          .option("pattern", &Png::pattern,
                  "name of a sample's folder or picture in `dir`, where {id} stands for the name "
                  "of the "
                  "sample; if not set, {id}, or {id}.png for instances")
          .option("inside", &Png::inside,
                  "the value of the pixels inside a mask; all others are outside (without it, the "
                  "picture decides)");
  declare_reader(
      stage,
      "what to do about a sample without a folder: report an error, or treat it as empty "
      "(no masks)")
      .details(kPngDetails);
}

}  // namespace seplflow::masks
