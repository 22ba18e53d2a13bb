#include "figure.hpp"

#include <cairo-pdf.h>

#include <algorithm>
#include <cmath>
#include <seplflow/formats/png.hpp>

#include "base/number_text.hpp"
#include "canvas.hpp"

namespace seplflow::panels {
namespace {

constexpr double kGap = 8;            // between panels without text
constexpr double kSmallest = 160;     // of the longer side of a panel with text
constexpr double kNarrowest = 96;     // room for the words of a title
constexpr double kLargest = 16000;    // of a side of a figure
constexpr double kTallest = 4.0 / 3;  // height of a panel of a figure with a width, by its width
constexpr double kFontShare = 0.025;  // of the width: 6 points in a column of 85 mm
constexpr double kLargestFont = 80;   // of a figure that will be scaled down
constexpr double kPrintedFont = 32;   // of one that is printed as it is: 8 points

Colours const& colours_of(FigureRow const& row, FigureOptions const& options) {
  static Colours const none;
  if (!options.colours.empty()) return options.colours;
  return row.classes ? row.classes->colours() : none;
}

std::string name_of(Label label, ClassesPtr const& classes) {
  bool const is_known = classes && classes->contains(label);
  return is_known ? classes->names()[label] : "class " + std::to_string(label);
}

std::string caption_of(FigureRow const& row, std::string const& group) {
  std::string text = (group.empty() ? "" : group + ":  ") + row.id;
  if (row.before && row.after) {
    text += "    mIoU " + percent(*row.before) + " \u2192 " + percent(*row.after) + " (" +
            percent(*row.gain(), true) + ")";
  } else if (row.after || row.before) {
    text += "    mIoU " + percent(row.after ? *row.after : *row.before);
  }
  return text;
}

// A line of the legend and where its parts are.
struct LegendItem {
  enum class Kind { colour, hatched, heat } kind = Kind::colour;
  Colour colour{};
  std::string text;
};

std::vector<LegendItem> legend_of(LegendNeeds const& needs, ClassesPtr const& classes,
                                  Colours const& colours) {
  std::vector<LegendItem> items;
  for (std::size_t label = 1; label < kIgnore; ++label) {
    if (!needs.classes[label]) continue;
    auto const each = static_cast<Label>(label);
    items.push_back({LegendItem::Kind::colour, colour_of(each, colours), name_of(each, classes)});
  }
  if (needs.ignored) items.push_back({LegendItem::Kind::hatched, {}, "255 (ignored)"});
  if (needs.changes) {
    items.push_back({LegendItem::Kind::colour, kGained, "gained"});
    items.push_back({LegendItem::Kind::colour, kLost, "lost"});
  }
  if (needs.wrong) items.push_back({LegendItem::Kind::colour, kWrong, "wrong before and after"});
  if (needs.heat) {
    std::string const top = needs.scaled_heat ? "the largest of the image" : "1";
    items.push_back({LegendItem::Kind::heat, {}, "score, 0 to " + top});
  }
  return items;
}

// What is known of a row before it is drawn.
struct RowPlan {
  Size size;
  std::string caption;
  double width = 0, height = 0;  // of its panels
};

// Measures a figure, and draws it.
class Figure {
 public:
  Figure(FigureRows const& rows, FigureOptions const& options) : rows_(rows), options_(options) {
    LegendNeeds needs;
    for (std::size_t i = 0; i < rows.count; ++i) {
      FigureRow const row = rows.load(i);
      for (Column const column : options.columns) {
        add_needs(column, row, options.look, needs);
      }
      plans_.push_back({row.size, caption_of(row, rows.group ? rows.group(i) : ""), 0, 0});
      if (!classes_) {
        classes_ = row.classes;
        colours_ = colours_of(row, options);
      }
    }
    if (options.legend) legend_ = legend_of(needs, classes_, colours_);
    measure();
  }

  double width() const { return width_; }
  double height() const { return height_; }

  void draw(cairo_t* context) const {
    cairo_set_source_rgb(context, 1, 1, 1);
    cairo_paint(context);
    double y = margin_;
    bool const caption_first = plans_.size() == 1;
    if (caption_first) y = draw_caption(context, plans_[0], y);
    y = draw_titles(context, y);
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      if (!caption_first) y = draw_caption(context, plans_[i], y);
      draw_panels(context, i, y);
      y += plans_[i].height + row_gap();
    }
    lay_legend(context, y, true);
  }

 private:
  std::size_t columns() const { return options_.columns.size(); }

  void measure() {
    measure_panels();
    bool const has_text = options_.has_text();
    double const panels = cell_ * static_cast<double>(columns());
    double const breadth = options_.width ? static_cast<double>(*options_.width) : panels;
    gap_ = has_text ? std::max(kGap, std::round(0.006 * breadth)) : kGap;
    double const gaps = gap_ * static_cast<double>(columns() - 1);
    if (options_.width) {
      width_ = breadth;
      fit_to_width(gaps);
    } else {
      width_ = panels + gaps;
    }
    font_ = font_of(width_);
    margin_ = std::round(0.4 * font_);
    unit_ = std::max(0.75, 0.0008 * width_);
    if (has_text && !options_.width) width_ += 2 * margin_;
    ContextPtr const scratch = scratch_context();
    height_ = total_height(scratch.get());
    require_drawable();
  }

  double font_of(double width) const {
    if (!options_.has_text()) return 0;
    return std::clamp(kFontShare * width, 11.0, options_.width ? kPrintedFont : kLargestFont);
  }

  void measure_panels() {
    for (RowPlan& row : plans_) {
      double const w = row.size.width, h = row.size.height, longer = std::max(w, h);
      double scale = 1;
      if (options_.height) {
        scale = static_cast<double>(*options_.height) / h;
      } else if (options_.has_text() && longer < kSmallest) {
        scale = std::ceil(kSmallest / longer);
      }
      double const widest = kLargest / static_cast<double>(columns()) - kGap;
      scale = std::min({scale, std::max(widest / w, 1 / w), kLargest / 2 / h});
      row.width = std::max(1.0, std::round(scale * w));
      row.height = std::max(1.0, std::round(scale * h));
      cell_ = std::max(cell_, row.width);
    }
    if (options_.has_text()) cell_ = std::max(cell_, kNarrowest);
  }

  void fit_to_width(double gaps) {
    double const room = 2 * std::round(0.4 * font_of(width_));
    cell_ = (width_ - gaps - room) / static_cast<double>(columns());
    if (cell_ < 1) {
      throw Error("width = " + std::to_string(*options_.width) + " is too narrow for " +
                  counted(columns(), "column"));
    }
    for (RowPlan& row : plans_) {
      double const w = row.size.width, h = row.size.height;
      double const scale = std::min(cell_ / w, kTallest * cell_ / h);
      row.width = std::max(1.0, std::floor(scale * w));
      row.height = std::max(1.0, std::round(scale * h));
    }
  }

  void require_drawable() const {
    if (width_ <= 2 * kLargest && height_ <= 2 * kLargest) return;
    throw Error("the figure would be " + std::to_string(std::lround(height_)) + "x" +
                std::to_string(std::lround(width_)) +
                " pixels, more than can be drawn; set a smaller width or height, or select fewer "
                "samples");
  }

  double total_height(cairo_t* scratch) const {
    double height = 2 * margin_ + titles_height(scratch);
    for (RowPlan const& row : plans_) {
      height += caption_height(scratch, row) + row.height + row_gap();
    }
    double const legend = lay_legend(scratch, 0, false);
    return std::max(1.0, std::ceil(height + (legend > 0 ? legend : -row_gap())));
  }

  double inner_width() const { return width_ - 2 * margin_; }
  double cell_x(std::size_t column) const {
    return margin_ + static_cast<double>(column) * (cell_ + gap_);
  }
  double line_gap() const { return 0.3 * font_; }
  double row_gap() const { return gap_ + (options_.caption ? line_gap() : 0); }

  Paragraph caption(cairo_t* context, RowPlan const& row) const {
    return Paragraph(context, row.caption, font_, inner_width(), Align::left);
  }
  double caption_height(cairo_t* context, RowPlan const& row) const {
    return options_.caption ? caption(context, row).height() + line_gap() : 0;
  }
  double draw_caption(cairo_t* context, RowPlan const& row, double y) const {
    if (options_.caption) caption(context, row).draw(margin_, y);
    return y + caption_height(context, row);
  }

  Paragraph title(cairo_t* context, std::size_t i) const {
    return Paragraph(context, options_.titles[i], font_, cell_, Align::centre);
  }
  double titles_height(cairo_t* context) const {
    double height = 0;
    for (std::size_t i = 0; i < options_.titles.size(); ++i) {
      height = std::max(height, title(context, i).height());
    }
    return height > 0 ? height + line_gap() : 0;
  }
  double draw_titles(cairo_t* context, double y) const {
    double const height = titles_height(context);
    for (std::size_t i = 0; i < options_.titles.size(); ++i) {
      Paragraph const text = title(context, i);
      text.draw(cell_x(i), y + height - line_gap() - text.height());
    }
    return y + height;
  }

  void draw_panels(cairo_t* context, std::size_t i, double y) const {
    FigureRow const row = rows_.load(i);
    RowPlan const& plan = plans_[i];
    for (std::size_t k = 0; k < columns(); ++k) {
      Picture const picture =
          picture_of(options_.columns[k], row, options_.look, colours_of(row, options_));
      double const left = std::round(cell_x(k) + (cell_ - plan.width) / 2);
      draw_picture(context, picture, {left, std::round(y), plan.width, plan.height}, unit_, font_);
    }
  }

  // Places the items from left to right in lines, and draws them. Returns the height that they
  // take.
  double lay_legend(cairo_t* context, double top, bool draws) const {
    if (legend_.empty()) return 0;
    double const size = 0.8 * font_, space = 0.4 * font_, between = 1.2 * font_;
    double x = margin_, y = top + line_gap(), line_height = 0;
    for (LegendItem const& item : legend_) {
      double const swatch = item.kind == LegendItem::Kind::heat ? 4 * size : size;
      double const room = std::max(1.0, inner_width() - swatch - space);
      Paragraph const text(context, item.text, font_, room, Align::left);
      double const width = swatch + space + text.width();
      if (x > margin_ && x + width > width_ - margin_) {
        x = margin_;
        y += line_height + line_gap();
        line_height = 0;
      }
      if (draws) {
        draw_item(context, item, {x, y + 0.25 * font_, swatch, size});
        text.draw(x + swatch + space, y);
      }
      line_height = std::max(line_height, text.height());
      x += width + between;
    }
    return y + line_height - top;
  }

  void draw_item(cairo_t* context, LegendItem const& item, Rectangle const& place) const {
    switch (item.kind) {
      case LegendItem::Kind::colour:
        return draw_swatch(context, place, item.colour, unit_);
      case LegendItem::Kind::hatched:
        return draw_hatched_swatch(context, place, unit_);
      case LegendItem::Kind::heat:
        return draw_heat_bar(context, place, unit_);
    }
  }

  FigureRows const& rows_;
  FigureOptions const& options_;
  std::vector<RowPlan> plans_;
  ClassesPtr classes_;
  Colours colours_;
  std::vector<LegendItem> legend_;
  double cell_ = 1, gap_ = kGap, font_ = 0, margin_ = 0, unit_ = 1, width_ = 0, height_ = 0;
};

cairo_status_t append(void* bytes, unsigned char const* data, unsigned int size) {
  auto& all = *static_cast<std::vector<std::uint8_t>*>(bytes);
  all.insert(all.end(), data, data + size);
  return CAIRO_STATUS_SUCCESS;
}

void require_drawn(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(std::string("cairo cannot draw the figure: ") + cairo_status_to_string(status));
}

}  // namespace

Image draw_image(FigureRows const& rows, FigureOptions const& options) {
  Figure const figure(rows, options);
  SurfacePtr const surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                      static_cast<int>(std::ceil(figure.width())),
                                                      static_cast<int>(figure.height())));
  require_drawn(cairo_surface_status(surface.get()));
  ContextPtr const context(cairo_create(surface.get()));
  figure.draw(context.get());
  require_drawn(cairo_status(context.get()));
  return image_of(surface.get());
}

std::vector<std::uint8_t> draw_pdf(FigureRows const& rows, FigureOptions const& options) {
  constexpr double kPoints = 72.0 / 300;
  Figure const figure(rows, options);
  std::vector<std::uint8_t> bytes;
  SurfacePtr const surface(cairo_pdf_surface_create_for_stream(
      append, &bytes, kPoints * figure.width(), kPoints * figure.height()));
  // The same figure gives the same bytes.
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, "");
  {
    ContextPtr const context(cairo_create(surface.get()));
    cairo_scale(context.get(), kPoints, kPoints);
    figure.draw(context.get());
    require_drawn(cairo_status(context.get()));
  }
  cairo_surface_finish(surface.get());
  require_drawn(cairo_surface_status(surface.get()));
  return bytes;
}

}  // namespace seplflow::panels
