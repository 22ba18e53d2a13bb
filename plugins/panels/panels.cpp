#include <algorithm>
#include <array>
#include <seplflow/formats/png.hpp>
#include <set>

#include "base/number_text.hpp"
#include "common/scoring.hpp"
#include "figure.hpp"
#include "output/stages.hpp"
#include "selection.hpp"
#include "stages.hpp"
#ifndef SEPLFLOW_WITHOUT_CAIRO
#include "canvas.hpp"
#endif

namespace seplflow::panels {
namespace {

constexpr char const* kSheet = "sheet.png";

struct ColumnInfo {
  Column column;
  char const* name;
  char const* title;
  std::vector<char const*> inputs;
  bool by_default = true;
};

// In the order in which they are drawn by default.
std::vector<ColumnInfo> const& column_infos() {
  static std::vector<ColumnInfo> const infos = {
      {Column::image, "image", "image", {"image"}},
      {Column::cam, "cam", "CAM", {"scores"}},
      {Column::pseudo, "pseudo", "pseudo-label", {"pseudo"}},
      {Column::masks, "masks", "masks", {"masks"}},
      {Column::kept, "kept", "kept masks", {"kept", "pseudo"}},
      {Column::labels, "labels", "labels", {"labels"}},
      {Column::truth, "truth", "ground truth", {"truth"}},
      {Column::difference, "difference", "difference", {"pseudo", "labels", "truth"}, false}};
  return infos;
}

// Where a pipeline usually has the value of an input.
std::string source_of(std::string const& input) {
  if (input == "image" || input == "truth") return "\"DATASET." + input + "\"";
  if (input == "kept") return "\"SELECT.kept\", the output of sepl.select";
  if (input == "scores") return "the output of a stage such as cam.npy";
  return "the stage that creates it";
}

// The values of a sample, null where there are none.
struct Values {
  Image const* image;
  LabelMap const *pseudo, *labels, *truth;
  MaskSet const *masks, *kept;
  ScoreMaps const* scores;
};

// The size that all values have.
std::optional<Size> common_size(Values const& values) {
  std::optional<Size> size;
  std::string first;
  auto const add = [&](std::optional<Size> its_size, char const* name) {
    if (!its_size) return;
    if (size) {
      require_same_size(*its_size, name, *size, first);
    } else {
      size = its_size;
      first = name;
    }
  };
  auto const size_of = [](auto const* value) {
    return value ? std::optional(value->size()) : std::nullopt;
  };
  auto const size_of_masks = [](MaskSet const* masks) {
    return masks ? masks->size() : std::nullopt;
  };
  add(size_of(values.image), "the image");
  add(size_of(values.pseudo), "the pseudo-label");
  add(size_of_masks(values.masks), "the masks");
  add(size_of_masks(values.kept), "the kept masks");
  add(size_of(values.labels), "the label map");
  add(size_of(values.truth), "the ground truth");
  add(size_of(values.scores), "the scores");
  return size;
}

// Draws figures of the steps from image to labels.
struct Panels : output::ColourOptions {
  std::vector<std::string> columns;
  std::optional<std::vector<std::string>> titles;
  bool caption = true, legend = true, contours = true;
  Style style = Style::overlay;
  double opacity = 0.6;
  std::optional<std::int64_t> width, height;
  std::optional<std::int64_t> limit;
  std::int64_t seed = 0;
  std::int64_t worst = 0, best = 0, random = 0, first = 0;
  std::vector<std::string> names;
  PredictedIgnore predicted_255 = PredictedIgnore::miss;
  ClassMean mean = ClassMean::with_union;

  // What a contact sheet needs of a sample.
  struct Record {
    std::optional<FigureRow> row;
    std::string bytes;  // of the row, if an earlier run saved it
    std::optional<double> gain;
    Sample sample;  // its id and index
  };

  void check(OptionCheck& check) {
    check_colours(check);
    check_columns(check);
    check_selection(check);
    if (width && height) check.refuse("height", "set either width or height, not both");
    if (titles && !titles->empty() && titles->size() != columns.size()) {
      check.refuse("titles", counted(titles->size(), "title") + " for " +
                                 counted(columns.size(), "column") +
                                 "; write one for each, or [] for none");
    }
    plan();
#ifndef SEPLFLOW_WITHOUT_CAIRO
    if (figure_.has_text()) refuse_errors(check, "titles", require_fonts);
#endif
    selection_.begin({worst, best, random, first, names}, seed);
  }

  Record operator()(SampleContext const& context, Image const* image, LabelMap const* pseudo,
                    MaskSet const* masks, LabelMap const* labels, LabelMap const* truth,
                    MaskSet const* kept, ScoreMaps const* scores) const;

  std::string save(Record const& record) const;
  Record load(std::string_view bytes) const;

  std::filesystem::path run_file() const {
    return selects() ? kSheet : "";
  }
  void fold(Sample const& sample, Record const& record, RunFile& file);
  Findings finish(RunFile& file);

 private:
  bool selects() const {
    return Select{worst, best, random, first, names}.any();
  }

  void check_columns(OptionCheck& check) {
    auto const is_there = [&](ColumnInfo const& info) {
      return std::ranges::all_of(info.inputs,
                                 [&](char const* each) { return check.connected(each); });
    };
    if (columns.empty()) {
      for (ColumnInfo const& info : column_infos()) {
        if (info.by_default && is_there(info)) columns.push_back(info.name);
      }
      if (columns.empty())
        check.refuse("",
                     "nothing is connected that can be drawn; connect image, "
                     "pseudo, masks, labels, truth or scores");
    }
    for (std::string const& column : columns) {
      auto const info = std::ranges::find(column_infos(), column, &ColumnInfo::name);
      if (info == column_infos().end()) {
        check.refuse("columns",
                     "there is no column \"" + column + "\"; the columns are " + all_columns());
        continue;
      }
      if (std::ranges::count(columns, column) > 1) {
        check.refuse("columns", "the column \"" + column + "\" is there twice");
        return;
      }
      for (char const* const input : info->inputs) {
        if (check.connected(input)) continue;
        check.refuse("columns", "the column \"" + column + "\" needs the input \"" + input +
                                    "\"; connect it: in = { ..., " + input + " = ... } to " +
                                    source_of(input));
      }
    }
  }

  static std::string all_columns() {
    std::string text;
    for (ColumnInfo const& info : column_infos()) {
      text += (text.empty() ? "" : ", ") + std::string(info.name);
    }
    return text;
  }

  void check_selection(OptionCheck& check) const {
    for (auto const& [option, count] : {std::pair{"select.worst", worst}, {"select.best", best}}) {
      for (char const* const input : {"pseudo", "labels", "truth"}) {
        if (count == 0 || check.connected(input)) continue;
        check.refuse(option, std::string("the gain of a sample needs the input \"") + input +
                                 "\"; connect it to " + source_of(input));
      }
    }
    if (std::set<std::string>(names.begin(), names.end()).size() < names.size()) {
      check.refuse("select.names", "a name is there twice");
    }
    if (selects() && limit) {
      check.refuse("limit", "`limit` is for figures of all samples; `select` sets its own numbers");
    }
  }

  void plan() {
    figure_ = {{}, {}, caption, legend, width, height, {style, opacity, contours, predicted_255},
               {}};
    for (std::string const& column : columns) {
      auto const info = std::ranges::find(column_infos(), column, &ColumnInfo::name);
      if (info == column_infos().end()) continue;
      figure_.columns.push_back(info->column);
      if (!titles) figure_.titles.push_back(info->title);
    }
    if (titles) figure_.titles = *titles;
    figure_.colours = chosen_colours();
  }

  // As in the table of eval.miou.
  std::optional<double> miou_of(LabelMap const* labels, LabelMap const* truth,
                                ClassesPtr const& classes) const {
    if (!labels || !truth || !classes) return std::nullopt;
    ConfusionMatrix confusion(classes->count());
    confusion.add(*truth, *labels, predicted_255);
    return mean_scores(confusion, mean).iou;
  }

  static std::string drawn_of(Record const& record);
  FigureRow row_of(Sample const& sample, Values const& values) const;
  FigureRow loaded(Candidate const& candidate) const;
  void write_sheet(std::vector<Selection::Group> const& groups, RunFile& file) const;

  FigureOptions figure_;
  Selection selection_;
  ClassesPtr classes_;  // of the samples
};

#ifndef SEPLFLOW_WITHOUT_CAIRO
constexpr std::int64_t kLimit = 1000;
constexpr std::int64_t kSheetWidth = 2008;  // 170 mm at 300 pixels an inch

std::vector<std::uint8_t> png_of_row(FigureRow const& row, FigureOptions const& options) {
  return encode_image_png(draw_image({1, [&](std::size_t) { return row; }}, options));
}

void write(RunFile& file, std::vector<std::uint8_t> const& bytes) {
  file.write(bytes);
}
#endif

FigureRow Panels::row_of(Sample const& sample, Values const& values) const {
  constexpr Size kUnknown{120, 160};
  FigureRow row;
  row.id = sample.id;
  row.classes = sample.classes;
  row.size = common_size(values).value_or(sample.size.value_or(kUnknown));
  if (values.image) row.image = *values.image;
  if (values.pseudo) row.pseudo = *values.pseudo;
  if (values.labels) row.labels = *values.labels;
  if (values.truth) row.truth = *values.truth;
  if (values.masks) row.masks = Regions::of(*values.masks, row.size);
  if (values.kept && values.pseudo) row.kept = kept_regions(*values.kept, *values.pseudo);
  if (values.scores) row.heat = Heat::of(*values.scores);
  row.before = miou_of(values.pseudo, values.truth, sample.classes);
  row.after = miou_of(values.labels, values.truth, sample.classes);
  return row;
}

#ifdef SEPLFLOW_WITHOUT_CAIRO
Panels::Record Panels::operator()(SampleContext const&, Image const*, LabelMap const*,
                                  MaskSet const*, LabelMap const*, LabelMap const*, MaskSet const*,
                                  ScoreMaps const*) const {
  throw Error("this build cannot draw figures");
}
#else
Panels::Record Panels::operator()(SampleContext const& context, Image const* image,
                                  LabelMap const* pseudo, MaskSet const* masks,
                                  LabelMap const* labels, LabelMap const* truth,
                                  MaskSet const* kept, ScoreMaps const* scores) const {
  Sample const& sample = context.sample();
  Record record;
  record.sample.id = sample.id;
  record.sample.index = sample.index;
  auto const drawn = static_cast<std::uint64_t>(limit.value_or(kLimit));
  if (!selects() && drawn > 0 && sample.index >= drawn) {
    context.warn("no figure is drawn after the first " + counted(drawn, "sample") +
                 " (limit); set limit = 0 to draw all");
    return record;
  }
  FigureRow row = row_of(sample, {image, pseudo, labels, truth, masks, kept, scores});
  record.gain = row.gain();
  if (selects()) {
    record.row = std::move(row);
  } else {
    context.output().write(sample.id + ".png", png_of_row(row, figure_));
  }
  return record;
}
#endif

std::string Panels::drawn_of(Record const& record) {
  return record.row ? record.row->save() : record.bytes;
}

std::string Panels::save(Record const& record) const {
  ByteWriter bytes;
  bool const is_saved = selects() && selection_.saves(record.sample, record.gain);
  return bytes.text(record.sample.id)
      .count(record.sample.index)
      .maybe(record.gain)
      .text(is_saved ? drawn_of(record) : "")
      .take();
}

Panels::Record Panels::load(std::string_view bytes) const {
  ByteReader reader(bytes);
  Record record;
  record.sample.id = reader.text();
  record.sample.index = reader.count();
  record.gain = reader.maybe();
  record.bytes = reader.text();
  reader.end();
  return record;
}

void Panels::fold(Sample const& sample, Record const& record, RunFile&) {
  if (!selects()) return;
  classes_ = sample.classes;
  selection_.add(sample, record.gain, [&] { return drawn_of(record); });
}

FigureRow Panels::loaded(Candidate const& candidate) const {
  if (!candidate.bytes.empty()) return FigureRow::load(candidate.bytes, classes_);
  throw Error("what is drawn of sample \"" + candidate.id +
              "\" was not kept by the earlier run, which selected other samples; run the pipeline "
              "again with --overwrite");
}

Findings Panels::finish(RunFile& file) {
  Findings findings;
  if (!selects()) return findings;
  auto const groups = selection_.groups();
  if (groups.empty()) findings.warnings.push_back("no sample was selected, so the sheet is empty");
  for (std::string const& name : selection_.missing_names()) {
    findings.warnings.push_back("select.names: no sample of this run is called \"" + name + "\"");
  }
  write_sheet(groups, file);
  return findings;
}

#ifdef SEPLFLOW_WITHOUT_CAIRO
void Panels::write_sheet(std::vector<Selection::Group> const&, RunFile&) const {}
#else
void Panels::write_sheet(std::vector<Selection::Group> const& groups, RunFile& file) const {
  std::vector<std::pair<std::string, Candidate const*>> shown;
  for (Selection::Group const& group : groups) {
    for (Candidate const& candidate : group.candidates) shown.emplace_back(group.name, &candidate);
  }
  FigureRows const rows{shown.size(), [&](std::size_t i) { return loaded(*shown[i].second); },
                        [&](std::size_t i) { return groups.size() > 1 ? shown[i].first : ""; }};
  FigureOptions sheet = figure_;
  if (!width && !height && sheet.has_text()) sheet.width = kSheetWidth;
  write(file, encode_image_png(draw_image(rows, sheet)));
  write(file.beside("sheet.pdf"), draw_pdf(rows, sheet));
  for (auto const& [group, candidate] : shown) {
    write(file.beside(candidate->id + ".png"), png_of_row(loaded(*candidate), figure_));
  }
}
#endif

constexpr char const* kDetails =
    "Without `select`, writes RUN/STAGE/NAME.png for each of the first `limit` samples. With "
    "`select`, writes RUN/STAGE/NAME.png for each sample that it selects, and all of them in rows "
    "on "
    "one contact sheet, RUN/STAGE/sheet.png and sheet.pdf. In the PDF, text and contours are "
    "vectors.\n\n"
    "| Column | Shows | Inputs |\n"
    "|---|---|---|\n"
    "| `image` | the image | `image` |\n"
    "| `cam` | the largest score of a class at each pixel, as a heat map from 0 to 1, or to the "
    "largest "
    "score of the image if that is above 1 | `scores` |\n"
    "| `pseudo` | the pseudo-label | `pseudo` |\n"
    "| `masks` | all masks, in colours of their own | `masks` |\n"
    "| `kept` | the masks that SEPL kept, in the colour of their class | `kept`, which is an "
    "output of "
    "`sepl.select`, and `pseudo` |\n"
    "| `labels` | the labels | `labels` |\n"
    "| `truth` | the ground truth | `truth` |\n"
    "| `difference` | pixels that became right (gained) or wrong (lost), or stayed wrong | "
    "`pseudo`, "
    "`labels` and `truth` |\n\n"
    "By default, `columns` are those whose inputs are connected, but `difference`. No input is "
    "required, so a data set without images works too. With `style = \"overlay\"` colours lie over "
    "the image, and with \"plain\" on black. Classes have the colours of `colours`, of the data "
    "set, or "
    "of PASCAL VOC. Pixels that are 255 are hatched. The colour of a mask depends on its position "
    "in "
    "the mask set, so it is the same in every figure of the same masks; smaller masks lie on top "
    "of "
    "larger ones.\n\n"
    "The caption is the name of the sample and, with ground truth, its mIoU before and after, "
    "which "
    "is that of `eval.miou` for this image with the same `predicted_255` and `mean`. The gain by "
    "which `select` chooses is the difference. `select.random` chooses the same samples whenever "
    "names and `seed` are the same. A sample that several parts of `select` choose is drawn once. "
    "The sheet is the same for any number of threads, shards and resumed runs.\n\n"
    "`width` is that of the whole figure: 1004 fills a column of a paper, 85 mm at 300 pixels an "
    "inch, and a sheet is 2008 wide by default. `height` is that of each panel. Without them "
    "panels "
    "have the size of the image, and images of less than 160 pixels are enlarged. Text grows with "
    "the "
    "figure. `titles = []`, `caption = false` and `legend = false` remove it; panels then have "
    "exactly the size of the image, with gaps of 8 pixels.\n\n"
    "    [stages.figures]\n"
    "    use     = \"output.panels\"\n"
    "    in      = { image = \"voc.image\", pseudo = \"cam\", kept = \"select.kept\", labels = "
    "\"select\", truth = \"voc.truth\" }\n"
    "    columns = [\"image\", \"pseudo\", \"kept\", \"labels\", \"truth\", \"difference\"]\n"
    "    select  = { worst = 5, best = 5, random = 5 }\n";

}  // namespace

void declare_panels(Plugin& plugin) {
  auto& stage = plugin.stage<Panels>(
      "output.panels", "Writes figures with image, masks, labels and ground truth side by side");
#ifdef SEPLFLOW_WITHOUT_CAIRO
  stage.missing_library("libcairo and libpango");
#endif
  output::with_colours(stage)
      .inputs("image", "pseudo", "masks", "labels", "truth", "kept", "scores")
      .writes_files()
      .option("columns", &Panels::columns,
              "what to draw from left to right: image, cam, pseudo, masks, kept, labels, truth, "
              "difference (default: what is connected)")
      .option("titles", &Panels::titles,
              "a title for each column, or [] for none (default: the names of the columns)")
      .option("caption", &Panels::caption, "write the sample's name and scores above its panels")
      .option("legend", &Panels::legend, "name the colours of the classes below the panels")
      .option("style", &Panels::style, "draw colours over the image, or on black",
              choices<Style>({{"overlay", Style::overlay}, {"plain", Style::plain}}))
      .option("contours", &Panels::contours, "draw a line around each class and mask")
      .option("opacity", &Panels::opacity, "opacity of masks and classes over the image",
              in_range(0, 1))
      .option("width", &Panels::width, "width of the whole figure", in_range(16, 16000),
              unit("pixels"))
      .option("height", &Panels::height, "height of each panel", in_range(1, 8000), unit("pixels"))
      .option("limit", &Panels::limit,
              "draw only the first samples of the data set, so many; 0 draws all (default: 1000)",
              at_least(0))
      .option("select.worst", &Panels::worst, "draw so many samples with the lowest gain in mIoU",
              in_range(0, 200))
      .option("select.best", &Panels::best, "draw so many samples with the highest gain in mIoU",
              in_range(0, 200))
      .option("select.random", &Panels::random, "draw so many samples chosen at random",
              in_range(0, 200))
      .option("select.first", &Panels::first,
              "draw so many samples from the beginning of the data set", in_range(0, 200))
      .option("select.names", &Panels::names, "draw the samples with these names, in this order")
      .option("seed", &Panels::seed, "another number chooses other random samples", at_least(0))
      .option("predicted_255", &Panels::predicted_255, kPredictedIgnoreHelp, kPredictedIgnore)
      .option("mean", &Panels::mean, kClassMeanHelp, kClassMean)
      .details(kDetails);
}

}  // namespace seplflow::panels
