// Scores near boundaries against the definitions of the published codes, class by class and pixel
// by pixel.
#include <cmath>
#include <random>
#include <vector>

#include "eval/stages.hpp"
#include "support/catch.hpp"
#include "support/metrics_value.hpp"
#include "support/stage_driver.hpp"

using namespace seplflow;

namespace {

using Grid = std::vector<std::vector<int>>;  // rows

struct Picture {
  int height, width;
  Grid truth, labels;
};

Grid grid(int height, int width) {
  return Grid(static_cast<std::size_t>(height), std::vector<int>(static_cast<std::size_t>(width)));
}

LabelMap map_of(Picture const& picture, Grid const& rows) {
  std::vector<Label> pixels;
  for (auto const& row : rows) {
    for (int const label : row) pixels.push_back(static_cast<Label>(label));
  }
  return LabelMap(
      {static_cast<std::uint32_t>(picture.height), static_cast<std::uint32_t>(picture.width)},
      pixels);
}

// ---- The definitions, literally ----

Grid class_mask(Picture const& p, Grid const& rows, int k) {
  Grid mask = grid(p.height, p.width);
  for (int y = 0; y < p.height; ++y) {
    for (int x = 0; x < p.width; ++x) {
      mask[y][x] = rows[y][x] == k && p.truth[y][x] != 255;
    }
  }
  return mask;
}

// mask - erode(pad(mask, 1), 3 x 3, iterations), without the padding.
Grid region_of(Grid const& mask, int iterations) {
  int const height = static_cast<int>(mask.size()), width = static_cast<int>(mask[0].size());
  Grid padded = grid(height + 2, width + 2);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) padded[y + 1][x + 1] = mask[y][x];
  }
  for (int i = 0; i < iterations; ++i) {
    Grid const before = padded;
    for (int y = 0; y < height + 2; ++y) {
      for (int x = 0; x < width + 2; ++x) {
        for (int ny = std::max(0, y - 1); ny <= std::min(height + 1, y + 1); ++ny) {
          for (int nx = std::max(0, x - 1); nx <= std::min(width + 1, x + 1); ++nx) {
            padded[y][x] = padded[y][x] && before[ny][nx];
          }
        }
      }
    }
  }
  Grid region = mask;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) region[y][x] -= padded[y + 1][x + 1];
  }
  return region;
}

Grid contour_of(Grid const& mask) {
  int const height = static_cast<int>(mask.size()), width = static_cast<int>(mask[0].size());
  Grid contour = grid(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      bool const right = x + 1 < width, below = y + 1 < height;
      bool is_edge = right && mask[y][x] != mask[y][x + 1];
      is_edge = is_edge || (below && mask[y][x] != mask[y + 1][x]);
      is_edge = is_edge || (right && below && mask[y][x] != mask[y + 1][x + 1]);
      contour[y][x] = is_edge;
    }
  }
  return contour;
}

struct Sums {
  double region = 0, other_region = 0, both = 0;
  double contour = 0, matched = 0, other_contour = 0, other_matched = 0;
};

int matched(Grid const& contour, Grid const& other, int radius) {
  int const height = static_cast<int>(contour.size()), width = static_cast<int>(contour[0].size());
  int count = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      bool near = false;
      for (int ny = 0; ny < height; ++ny) {
        for (int nx = 0; nx < width; ++nx) {
          int const dy = ny - y, dx = nx - x;
          near = near || (other[ny][nx] != 0 && dy * dy + dx * dx <= radius * radius);
        }
      }
      count += contour[y][x] != 0 && near;
    }
  }
  return count;
}

void add(Sums& sums, Picture const& p, int k, double dilation_ratio, double tolerance) {
  double const diagonal = std::sqrt(p.height * p.height + p.width * p.width);
  int const dilation = std::max(1, static_cast<int>(std::nearbyint(dilation_ratio * diagonal)));
  int const radius = static_cast<int>(std::ceil(tolerance * diagonal));
  Grid const truth = class_mask(p, p.truth, k), labels = class_mask(p, p.labels, k);
  Grid const a = region_of(truth, dilation), b = region_of(labels, dilation);
  Grid const c = contour_of(truth), d = contour_of(labels);
  for (int y = 0; y < p.height; ++y) {
    for (int x = 0; x < p.width; ++x) {
      sums.region += a[y][x];
      sums.other_region += b[y][x];
      sums.both += a[y][x] * b[y][x];
      sums.contour += c[y][x];
      sums.other_contour += d[y][x];
    }
  }
  sums.matched += matched(c, d, radius);
  sums.other_matched += matched(d, c, radius);
}

// ---- Random pictures ----

constexpr int kClasses = 4;

int below(std::mt19937& random, int bound) {
  return static_cast<int>(random() % bound);
}

void draw(Grid& rows, int label, std::mt19937& random) {
  int const height = static_cast<int>(rows.size()), width = static_cast<int>(rows[0].size());
  int const y0 = below(random, height), x0 = below(random, width);
  int const y1 = y0 + 1 + below(random, height - y0), x1 = x0 + 1 + below(random, width - x0);
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) rows[y][x] = label;
  }
}

Picture random_picture(std::mt19937& random) {
  Picture p{1 + below(random, 12), 1 + below(random, 12), {}, {}};
  p.truth = grid(p.height, p.width);
  int const labels[] = {0, 1, 2, 3, 255};
  for (int shapes = below(random, 5); shapes > 0; --shapes) {
    draw(p.truth, labels[below(random, 5)], random);
  }
  p.labels = p.truth;
  for (int shapes = below(random, 3); shapes > 0; --shapes) {
    draw(p.labels, labels[below(random, 5)], random);
  }
  return p;
}

Sample sample_of(std::string id) {
  Sample sample;
  sample.id = std::move(id);
  sample.classes =
      std::make_shared<Classes const>(std::vector<std::string>{"background", "cat", "dog", "cow"});
  return sample;
}

StageDriver boundary(std::map<std::string, OptionValue> options = {}, bool baseline = false) {
  StageSetup setup{std::move(options), {"truth", "labels"}, {}};
  if (baseline) setup.connected_inputs.push_back("baseline");
  return StageDriver(eval::declare_boundary, setup);
}

std::optional<double> score_in(Metrics const& metrics, std::string const& name) {
  auto const* const value = std::get_if<double>(&value_of(metrics, name));
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<double> ratio(double part, double whole) {
  return whole == 0 ? std::nullopt : std::optional(part / whole);
}

std::optional<double> mean(std::vector<std::optional<double>> const& values) {
  double sum = 0, count = 0;
  for (auto const& value : values) {
    sum += value.value_or(0);
    count += value ? 1 : 0;
  }
  return ratio(sum, count);
}

void require_same(std::optional<double> a, std::optional<double> b) {
  REQUIRE(a.has_value() == b.has_value());
  if (a) REQUIRE(*a == Approx(*b).margin(1e-12));
}

// mIoU over the pixels that have another label of the ground truth in the square around them.
std::optional<double> band_iou(std::vector<Picture> const& pictures, int band) {
  std::vector<double> hits(kClasses), unions(kClasses);
  for (Picture const& p : pictures) {
    for (int y = 0; y < p.height; ++y) {
      for (int x = 0; x < p.width; ++x) {
        bool near = false;
        for (int ny = std::max(0, y - band); ny <= std::min(p.height - 1, y + band); ++ny) {
          for (int nx = std::max(0, x - band); nx <= std::min(p.width - 1, x + band); ++nx) {
            near = near || p.truth[ny][nx] != p.truth[y][x];
          }
        }
        if (!near || p.truth[y][x] == 255) continue;
        for (int k = 0; k < kClasses; ++k) {
          hits[k] += p.truth[y][x] == k && p.labels[y][x] == k;
          unions[k] += p.truth[y][x] == k || p.labels[y][x] == k;
        }
      }
    }
  }
  std::vector<std::optional<double>> scores;
  for (int k = 0; k < kClasses; ++k) scores.push_back(ratio(hits[k], unions[k]));
  return mean(scores);
}

}  // namespace

TEST_CASE("eval.boundary equals the published definitions on random pictures") {
  std::mt19937 random(7);
  for (int round = 0; round < 120; ++round) {
    double const dilation_ratio = below(random, 30) / 100.0, tolerance = below(random, 25) / 100.0;
    StageDriver stage = boundary({{"dilation_ratio", dilation_ratio},
                                  {"tolerance", tolerance},
                                  {"bands", std::vector<std::int64_t>{1, 2, 5}}});
    std::vector<Picture> pictures;
    std::vector<Sums> sums(kClasses);
    for (int image = 0; image < 3; ++image) {
      Picture const& p = pictures.emplace_back(random_picture(random));
      stage.observe(sample_of("a"), map_of(p, p.truth), map_of(p, p.labels));
      for (int k = 0; k < kClasses; ++k) add(sums[k], p, k, dilation_ratio, tolerance);
    }
    Metrics const metrics = stage.finish().metrics;
    auto const& classes = std::get<Metrics::List>(value_of(metrics, "classes"));
    std::vector<std::optional<double>> ious, fs;
    for (int k = 0; k < kClasses; ++k) {
      Sums const& s = sums[k];
      auto const precision = ratio(s.other_matched, s.other_contour);
      auto const recall = ratio(s.matched, s.contour);
      double const p = precision.value_or(0), r = recall.value_or(0);
      ious.push_back(ratio(s.both, s.region + s.other_region - s.both));
      fs.push_back(s.contour + s.other_contour == 0 ? std::nullopt
                   : p + r == 0                     ? std::optional(0.0)
                                                    : ratio(2 * p * r, p + r));
      require_same(score_in(classes[k], "boundary_iou"), ious.back());
      require_same(score_in(classes[k], "boundary_precision"), precision);
      require_same(score_in(classes[k], "boundary_recall"), recall);
      require_same(score_in(classes[k], "boundary_f"), fs.back());
    }
    require_same(score_in(metrics, "boundary_iou"), mean(ious));
    require_same(score_in(metrics, "boundary_f"), mean(fs));
    for (int const band : {1, 2, 5}) {
      require_same(score_in(metrics, "trimap_" + std::to_string(band)), band_iou(pictures, band));
    }
  }
}

TEST_CASE("boundary scores of a square that is one pixel too far to the right") {
  // The square has 4 x 4 pixels in a picture of 10 x 10; d is 1, and the radius 1.
  Picture p{10, 10, grid(10, 10), grid(10, 10)};
  for (int y = 3; y < 7; ++y) {
    for (int x = 3; x < 7; ++x) p.truth[y][x] = p.labels[y][x + 1] = 1;
  }
  StageDriver stage = boundary({{"tolerance", 0.07}});
  stage.observe(sample_of("a"), map_of(p, p.truth), map_of(p, p.labels));
  Metrics const cat = std::get<Metrics::List>(value_of(stage.finish().metrics, "classes"))[1];
  // Rings of 12 pixels each have 6 in common.
  CHECK(score_in(cat, "boundary_iou") == 6.0 / 18);
  CHECK(score_in(cat, "boundary_f") == 1.0);
}

TEST_CASE("labels that are right at all known pixels have a score of 1") {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    Picture p = random_picture(random);
    p.labels = p.truth;
    for (auto& row : p.labels) {
      for (int& label : row) label = label == 255 ? below(random, kClasses) : label;
    }
    StageDriver stage = boundary();
    Row const row = stage.observe(sample_of("a"), map_of(p, p.truth), map_of(p, p.labels));
    for (std::size_t i = 1; i < row.size(); ++i) {
      CHECK((row[i] == Cell() || row[i] == Cell(1.0)));
    }
  }
}

TEST_CASE("eval.boundary has a baseline and its gain in rows and metrics") {
  std::mt19937 random(11);
  Picture const p = random_picture(random);
  StageDriver stage = boundary({{"bands", std::vector<std::int64_t>{2}}}, true);
  CHECK(stage.instance().columns() ==
        std::vector<std::string>{"name", "boundary_iou", "boundary_f", "trimap_2",
                                 "baseline_boundary_iou", "baseline_boundary_f",
                                 "baseline_trimap_2", "gain_boundary_iou", "gain_boundary_f",
                                 "gain_trimap_2"});
  Picture const whole{4, 4, {{0, 0, 0, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 0, 0, 0}}, {}};
  LabelMap const truth = map_of(whole, whole.truth), nothing(Size{4, 4});
  Row const row = stage.observe(sample_of("a"), truth, truth, nothing);
  REQUIRE(row.size() == 10);
  CHECK(row[1] == Cell(1.0));
  double const before = std::get<double>(row[4]);
  CHECK(before < 1);
  CHECK(row[7] == Cell(1 - before));
  Findings const findings = stage.finish();
  CHECK(findings.scores.front().baseline == before);
  auto const& gain = std::get<Metrics>(value_of(findings.metrics, "gain"));
  CHECK(score_in(gain, "boundary_iou") == 1 - before);
  auto const& baseline = std::get<Metrics>(value_of(findings.metrics, "baseline"));
  CHECK(std::get<Metrics::List>(value_of(baseline, "classes")).size() == kClasses);
}

TEST_CASE("bands that do not ascend are refused and so are labels that are not classes") {
  CHECK_THAT(boundary({{"bands", std::vector<std::int64_t>{3, 3}}}).problems(),
             Contains("each band must be wider than the one before it"));
  StageDriver stage = boundary();
  CHECK_THROWS_WITH(
      stage.observe(sample_of("a"), LabelMap(Size{1, 2}), LabelMap(Size{1, 2}, {0, 9})),
      Contains("prediction"));
}
