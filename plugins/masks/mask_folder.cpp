#include "mask_folder.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>

#include <seplflow/error.hpp>
#include "common/sample_file.hpp"

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

// A picture by the parts of its name: PREFIX NUMBER.
struct Named {
  fs::path path;
  std::string prefix;
  std::uint64_t number = 0;
  bool is_numbered = false;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_separator(char c) {
  return c == '_' || c == '-';
}

std::string_view without_sample(std::string_view prefix, std::string_view sample) {
  bool const begins_with_it = prefix.size() > sample.size() && prefix.starts_with(sample) &&
                              is_separator(prefix[sample.size()]);
  return begins_with_it ? prefix.substr(sample.size() + 1) : prefix;
}

// "", "mask_", "2007_000032_", "2007_000032_mask_": no prefix in which a digit could be part of the
// number.
bool is_known_prefix(std::string_view prefix, std::string_view sample) {
  prefix = without_sample(prefix, sample);
  if (prefix.empty()) return true;
  if (is_separator(prefix.back())) prefix.remove_suffix(1);
  return !prefix.empty() && std::ranges::all_of(prefix, is_letter);
}

Named named(fs::path path, std::string_view sample) {
  Named result{std::move(path), {}, 0, false};
  std::string const stem = result.path.stem().string();
  std::size_t const digits = stem.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  result.prefix = stem.substr(0, digits);
  char const* const end = stem.data() + stem.size();
  auto const [rest, error] = std::from_chars(stem.data() + digits, end, result.number);
  result.is_numbered =
      error == std::errc() && rest == end && is_known_prefix(result.prefix, sample);
  return result;
}

enum class PictureKind { png, jpeg, other_picture, none };

PictureKind kind_of(fs::path const& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".png") return PictureKind::png;
  if (ending == ".jpg" || ending == ".jpeg") return PictureKind::jpeg;
  constexpr std::array<std::string_view, 6> kOthers = {".bmp",  ".gif",  ".tif",
                                                       ".tiff", ".webp", ".pgm"};
  return std::ranges::find(kOthers, ending) == kOthers.end() ? PictureKind::none
                                                             : PictureKind::other_picture;
}

struct Contents {
  std::vector<Named> pngs, jpegs;
  fs::path other;
};

Contents contents_of(fs::path const& folder, std::string_view sample) {
  Contents contents;
  std::error_code error;
  fs::directory_iterator const entries(folder, error);
  if (error) throw Error("cannot read the mask folder " + folder.string() + ": " + error.message());
  auto const note = [&](fs::path const& path) {
    if (contents.other.empty() || path < contents.other) contents.other = path;
  };
  for (fs::directory_entry const& entry : entries) {
    if (is_system_file(entry.path())) continue;
    PictureKind const kind = kind_of(entry.path());
    if (entry.is_directory(error) || kind == PictureKind::other_picture) {
      note(entry.path());
    } else if (kind == PictureKind::png) {
      contents.pngs.push_back(named(entry.path(), sample));
    } else if (kind == PictureKind::jpeg) {
      Named jpeg = named(entry.path(), sample);
      if (!jpeg.is_numbered) note(jpeg.path);
      if (jpeg.is_numbered) contents.jpegs.push_back(std::move(jpeg));
    }
  }
  return contents;
}

void require_numbered(Named const& file, bool strict) {
  if (file.is_numbered && (!strict || file.prefix.empty())) return;
  throw Error("the mask " + file.path.string() +
              " is not named by a number; amg.py names its masks 0.png, 1.png, ..." +
              (strict ? "" : ", and mask_0.png or NAME_0.png will do as well"));
}

}  // namespace

MaskFolder mask_folder(fs::path const& folder, std::string_view sample, bool strict) {
  Contents contents = contents_of(folder, sample);
  bool const reads_jpegs = contents.pngs.empty() && !strict;
  std::vector<Named>& files = reads_jpegs ? contents.jpegs : contents.pngs;
  MaskFolder found{{}, {}, contents.other};
  if (!files.empty()) found.prefix = without_sample(files.front().prefix, sample);
  if (!reads_jpegs && !contents.jpegs.empty()) found.other = contents.jpegs.front().path;
  std::ranges::sort(files, {}, [](Named const& file) { return std::tie(file.number, file.path); });
  for (Named& file : files) {
    require_numbered(file, strict);
    if (file.prefix != files.front().prefix) {
      throw Error(
          "the masks " + files.front().path.string() + " and " + file.path.string() +
          " have different prefixes; expected one kind of names, such as 0.png, 1.png, ...");
    }
    found.masks.push_back({file.number, std::move(file.path)});
  }
  auto const twice = std::ranges::adjacent_find(found.masks, {}, &NumberedFile::number);
  if (twice != found.masks.end()) {
    throw Error("mask " + std::to_string(twice->number) + " exists twice: " + twice->path.string() +
                " and " + std::next(twice)->path.string());
  }
  return found;
}

std::optional<MaskFolder> first_mask_folder(fs::path const& dir) {
  fs::path first;
  std::error_code error;
  for (fs::directory_entry const& entry : fs::directory_iterator(dir, error)) {
    bool const is_candidate = !is_system_file(entry.path()) && entry.is_directory(error) &&
                              (first.empty() || entry.path() < first);
    if (is_candidate) first = entry.path();
  }
  if (first.empty()) return std::nullopt;
  try {
    MaskFolder found = mask_folder(first, first.filename().string(), false);
    if (!found.masks.empty()) return found;
  } catch (Error const&) {
    // Its sample, if there is one, fails with the reason.
  }
  return std::nullopt;
}

}  // namespace seplflow::masks
