#include "metadata_csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/input_file.hpp>

namespace seplflow::masks {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> kColumns = {
    "id",          "point_input_x", "point_input_y", "predicted_iou", "stability_score",
    "crop_box_x0", "crop_box_y0",   "crop_box_w",    "crop_box_h"};

// These only serve to doubt a mask, so they may be missing.
constexpr std::array<std::string_view, 5> kClaims = {"area", "bbox_x0", "bbox_y0", "bbox_w",
                                                     "bbox_h"};

// Nothing unless the cell is a finite number.
std::optional<double> number_in(std::string_view cell) {
  double number = 0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  bool const whole = error == std::errc() && end == cell.data() + cell.size();
  return whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

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

  std::map<std::uint64_t, MaskMetadata> read() {
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
    return std::move(masks_);
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
    for (std::size_t i = 0; i < kClaims.size(); ++i) {
      auto const found = std::ranges::find(cells, kClaims[i]);
      claim_place_[i] = static_cast<std::size_t>(found - cells.begin());
    }
  }

  void read_row(std::vector<std::string_view> const& cells) {
    std::array<double, kColumns.size()> v{};
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      std::string_view const cell = place_[i] < cells.size() ? cells[place_[i]] : "";
      auto const number = number_in(cell);
      if (!number) {
        fail("\"" + std::string(cell) + "\" in column \"" + std::string(kColumns[i]) +
             "\" is not a number");
      }
      v[i] = *number;
    }
    if (v[0] < 0 || v[0] != std::floor(v[0]) || v[0] > 1e9) fail("the id is not a mask number");
    masks_[static_cast<std::uint64_t>(v[0])] = {
        {v[3], v[4], {v[1], v[2]}, {v[5], v[6], v[7], v[8]}}, claims_in(cells)};
  }

  MaskClaims claims_in(std::vector<std::string_view> const& cells) const {
    std::array<std::optional<double>, kClaims.size()> v;
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (claim_place_[i] < cells.size()) v[i] = number_in(cells[claim_place_[i]]);
    }
    MaskClaims claims{v[0], std::nullopt};
    if (v[1] && v[2] && v[3] && v[4]) claims.box = {*v[1], *v[2], *v[3], *v[4]};
    return claims;
  }

  fs::path const& file_;
  std::size_t line_ = 0;
  bool has_header_ = false;
  std::array<std::size_t, kColumns.size()> place_{};
  std::array<std::size_t, kClaims.size()> claim_place_{};  // beyond all cells without a column
  std::map<std::uint64_t, MaskMetadata> masks_;
};

}  // namespace

std::map<std::uint64_t, MaskMetadata> read_metadata_csv(fs::path const& file) {
  std::error_code error;
  if (fs::status(file, error).type() == fs::file_type::not_found) {
    return {};
  }
  return MetadataReader(file).read();
}

}  // namespace seplflow::masks
