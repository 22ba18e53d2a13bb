#include <seplflow/formats/png.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include <seplflow/formats/input_file.hpp>
#include "common/sample_file.hpp"
#include "stages.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

// ---- metadata.csv, which segment-anything's amg.py writes beside its mask PNGs ----

constexpr std::array<std::string_view, 9> kColumns = {
    "id",          "point_input_x", "point_input_y", "predicted_iou", "stability_score",
    "crop_box_x0", "crop_box_y0",   "crop_box_w",    "crop_box_h"};

// The cells of a line; amg.py does not quote them.
std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    std::size_t const end = std::min(line.find(',', begin), line.size());
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

class MetadataReader {
 public:
  explicit MetadataReader(fs::path const& file) : file_(file) {}

  std::map<std::uint64_t, MaskInfo> read() {
    auto const bytes = read_file(file_);
    std::string_view rest(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    while (!rest.empty()) {
      ++line_;
      std::size_t const end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      if (!has_header_) {
        read_header(cells_of(line));
        has_header_ = true;
      } else {
        read_row(cells_of(line));
      }
    }
    return std::move(infos_);
  }

 private:
  [[noreturn]] void fail(std::string const& message) const {
    throw Error(file_.string() + ":" + std::to_string(line_) + ": " + message);
  }

  void read_header(std::vector<std::string_view> const& cells) {
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      auto const found = std::ranges::find(cells, kColumns[i]);
      if (found == cells.end()) {
        fail("the column \"" + std::string(kColumns[i]) + "\" is missing; amg.py writes it");
      }
      place_[i] = static_cast<std::size_t>(found - cells.begin());
    }
  }

  void read_row(std::vector<std::string_view> const& cells) {
    std::array<double, kColumns.size()> v{};
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      std::string_view const cell = place_[i] < cells.size() ? cells[place_[i]] : "";
      auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), v[i]);
      if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(v[i])) {
        fail("\"" + std::string(cell) + "\" in column \"" + std::string(kColumns[i]) +
             "\" is not a number");
      }
    }
    if (v[0] < 0 || v[0] != std::floor(v[0]) || v[0] > 1e9) fail("the id is not a mask number");
    infos_[static_cast<std::uint64_t>(v[0])] = {v[3], v[4], {v[1], v[2]}, {v[5], v[6], v[7], v[8]}};
  }

  fs::path const& file_;
  std::size_t line_ = 0;
  bool has_header_ = false;
  std::array<std::size_t, kColumns.size()> place_{};
  std::map<std::uint64_t, MaskInfo> infos_;
};

// The entry of each mask by the mask's number; empty if the file does not exist. Columns are found
// by name: id, point_input_x, point_input_y, predicted_iou, stability_score, crop_box_x0,
// crop_box_y0, crop_box_w, crop_box_h. Throws Error, with file and line, when a column is missing
// or a value is not a number.
std::map<std::uint64_t, MaskInfo> read_metadata_csv(fs::path const& file) {
  std::error_code error;
  if (fs::status(file, error).type() == fs::file_type::not_found) {
    return {};
  }
  return MetadataReader(file).read();
}

// ---- The masks ----

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
