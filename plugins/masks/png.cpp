#include "formats/image/png.hpp"

#include <algorithm>
#include <charconv>

#include "common/sample_file.hpp"
#include "metadata_csv.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

struct NumberedFile {
  std::uint64_t number;
  fs::path path;
};

// The files NUMBER.png, by number; other files (metadata.csv) are ignored.
std::vector<NumberedFile> mask_files(fs::path const& folder) {
  std::vector<NumberedFile> files;
  std::error_code error;
  fs::directory_iterator const entries(folder, error);
  if (error) throw Error("cannot read the mask folder " + folder.string() + ": " + error.message());
  for (fs::directory_entry const& entry : entries) {
    std::string const ending = entry.path().extension().string();
    if (ending != ".png" && ending != ".PNG") continue;
    std::string const stem = entry.path().stem().string();
    std::uint64_t number = 0;
    auto const [end, wrong] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (wrong != std::errc() || end != stem.data() + stem.size()) {
      throw Error("the mask " + entry.path().string() +
                  " is not named by a number; amg.py names its masks 0.png, 1.png, ...");
    }
    files.push_back({number, entry.path()});
  }
  std::ranges::sort(files, {}, &NumberedFile::number);
  auto const twice = std::ranges::adjacent_find(files, {}, &NumberedFile::number);
  if (twice != files.end()) {
    throw Error("mask " + std::to_string(twice->number) + " exists twice: " + twice->path.string() +
                " and " + std::next(twice)->path.string());
  }
  return files;
}

// Masks in the format of amg.py: a folder for each image.
struct Png {
  fs::path dir;
  OnMissing on_missing = OnMissing::error;
  std::uint32_t min_area = 0;

  // Includes the folder itself, which changes when files are added or removed.
  std::vector<fs::path> files(Sample const& sample) const {
    std::vector<fs::path> files = sample_files(dir, sample, "");
    fs::path const folder = files.back();
    files.push_back(folder / "metadata.csv");
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) return files;
    for (NumberedFile& file : mask_files(folder)) files.push_back(std::move(file.path));
    return files;
  }
  bool needs_files() const { return on_missing == OnMissing::error; }

  MaskSet operator()(Sample const& sample) const {
    fs::path const folder = sample_file(dir, sample, "");
    if (is_missing(folder, on_missing, "mask folder", "no masks")) return MaskSet({}, sample.size);
    auto const infos = read_metadata_csv(folder / "metadata.csv");
    auto const files = mask_files(folder);
    // amg.py writes metadata.csv even for an image without masks.
    if (files.empty() && !fs::exists(folder / "metadata.csv") && on_missing == OnMissing::error) {
      throw Error("the mask folder " + folder.string() +
                  " has no masks (0.png, 1.png, ...) and no metadata.csv (set on_missing = "
                  "\"empty\" to use no masks instead)");
    }
    for (auto const& [number, info] : infos) {
      if (std::ranges::find(files, number, &NumberedFile::number) != files.end()) continue;
      throw Error("the mask " + (folder / (std::to_string(number) + ".png")).string() +
                  " is missing, although metadata.csv lists it");
    }
    std::optional<Size> size = sample.size;
    std::string sized = "the sample's image";
    std::vector<MaskSet::Entry> entries;
    for (NumberedFile const& file : files) {
      Mask mask = read_mask_png(file.path);
      if (!size) {
        size = mask.size();
        sized = file.path.string();
      }
      require_same_size(mask.size(), file.path.string(), *size, sized);
      if (mask.area() < min_area) continue;
      auto const info = infos.find(file.number);
      entries.push_back(
          {std::move(mask), info == infos.end() ? std::nullopt : std::optional(info->second)});
    }
    return MaskSet(std::move(entries), size);
  }
};

}  // namespace

void declare_png(Plugin& plugin) {
  plugin
      .stage<Png>("masks.png", "Reads SAM's masks from folders of PNG files, as amg.py writes them")
      .inputs("sample")
      .output("masks")
      .option("dir", &Png::dir, "folder with a subfolder NAME for each sample", existing_folder(),
              required())
      .option(
          "on_missing", &Png::on_missing,
          "what to do about a sample without a folder: report an error, or treat it as empty (no "
          "masks)",
          kOnMissing)
      .option("min_area", &Png::min_area, "drop masks with fewer pixels", unit("pixels"))
      .details(
          "NAME/0.png, NAME/1.png, ... are 8-bit gray: 255 is inside, anything else outside. A "
          "mask with other values but no 255 (such as 0 and 1) is an error rather than an empty "
          "mask. Scores and prompts come from NAME/metadata.csv if it exists. `masks.json` reads "
          "the same masks many times faster: let amg.py write RLE (`--convert-to-rle`) if you can. "
          "The folder of a COCO sample may have any name that COCO's files have "
          "(COCO_val2014_000000000139, 000000000139, 139); its id comes first.");
}

}  // namespace seplflow::masks
