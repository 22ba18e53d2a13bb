#include "formats/png.hpp"

#include <algorithm>
#include <charconv>

#include "common/on_missing.hpp"
#include "metadata_csv.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

struct NumberedFile {
  std::uint64_t number;
  fs::path path;
};

// NUMBER.png, by number; other files (metadata.csv) are none of the masks.
std::vector<NumberedFile> mask_files(fs::path const& folder) {
  std::vector<NumberedFile> files;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".png") continue;
    std::string const stem = entry.path().stem().string();
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (error != std::errc() || end != stem.data() + stem.size()) {
      throw Error("the mask " + entry.path().string() +
                  " is not named by a number, as amg.py names its masks (0.png, 1.png, ...)");
    }
    files.push_back({number, entry.path()});
  }
  std::ranges::sort(files, {}, &NumberedFile::number);
  return files;
}

// Masks as amg.py writes them: a folder for each image.
struct Png {
  fs::path dir;
  OnMissing on_missing = OnMissing::error;
  std::uint32_t min_area = 0;

  MaskSet operator()(Sample const& sample) const {
    fs::path const folder = dir / sample.id;
    if (is_missing(folder, on_missing, "mask folder", "no masks")) return MaskSet({}, sample.size);
    auto const infos = read_metadata_csv(folder / "metadata.csv");
    std::optional<Size> size = sample.size;
    std::string sized = "the sample's image";
    std::vector<MaskSet::Entry> entries;
    for (NumberedFile const& file : mask_files(folder)) {
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
  plugin.stage<Png>("masks.png", "SAM's masks from folders of PNG files, as amg.py writes them")
      .inputs("sample")
      .output("masks")
      .option("dir", &Png::dir, "folder with a folder NAME for every sample", existing_folder(),
              required())
      .option("on_missing", &Png::on_missing,
              "what a sample without a folder is: an error, or empty (no masks)",
              on_missing_choices())
      .option("min_area", &Png::min_area, "smaller masks are left out", unit("pixels"))
      .details(
          "NAME/0.png, NAME/1.png, ...: 8-bit gray, 255 inside, anything else outside; a mask with "
          "other values but no 255 (0 and 1, say) is refused rather than taken for empty. Scores "
          "and prompts come from NAME/metadata.csv where it is there. `masks.json` reads the same "
          "masks many times faster: let amg.py write RLE (`--convert-to-rle`) where you can.");
}

}  // namespace seplflow::masks
