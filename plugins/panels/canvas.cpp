#include "canvas.hpp"

#include <algorithm>
#include <cmath>

#include "base/utf8.hpp"

namespace seplflow::panels {
namespace {

constexpr char const* kFont = "DejaVu Sans, sans-serif";

void set_colour(cairo_t* context, Colour const& colour, double opacity = 1) {
  cairo_set_source_rgba(context, colour[0] / 255.0, colour[1] / 255.0, colour[2] / 255.0, opacity);
}

// Sample names are file names, so they may hold bytes that are not text.
std::string shown_text(std::string const& text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t const size = std::max<std::size_t>(1, character_size(text[i]));
    std::string const character = text.substr(i, size);
    bool const is_break = character == "\n" || character == "\t";
    bool const is_shown = is_utf8(character) && !is_control(character) && !is_break;
    shown += is_shown ? character : "\uFFFD";
    i += is_utf8(character) ? size : 1;
  }
  return shown;
}

SurfacePtr new_surface(cairo_format_t format, Size size) {
  SurfacePtr surface(cairo_image_surface_create(format, static_cast<int>(size.width),
                                                static_cast<int>(size.height)));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) {
    throw Error("a picture of " + to_string(size) + " pixels cannot be drawn");
  }
  return surface;
}

SurfacePtr surface_of(std::vector<std::uint8_t> const& rgb, Size size) {
  SurfacePtr surface = new_surface(CAIRO_FORMAT_RGB24, size);
  cairo_surface_flush(surface.get());
  auto* const data = cairo_image_surface_get_data(surface.get());
  auto const stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface.get()));
  for (std::size_t y = 0; y < size.height; ++y) {
    auto* const row = reinterpret_cast<std::uint32_t*>(data + y * stride);
    for (std::size_t x = 0; x < size.width; ++x) {
      std::uint8_t const* const pixel = &rgb[3 * (y * size.width + x)];
      row[x] = std::uint32_t{pixel[0]} << 16 | std::uint32_t{pixel[1]} << 8 | pixel[2];
    }
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

SurfacePtr mask_surface_of(std::vector<std::uint8_t> const& alpha, Size size) {
  SurfacePtr surface = new_surface(CAIRO_FORMAT_A8, size);
  cairo_surface_flush(surface.get());
  auto* const data = cairo_image_surface_get_data(surface.get());
  auto const stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface.get()));
  for (std::size_t y = 0; y < size.height; ++y) {
    std::copy_n(alpha.begin() + static_cast<std::ptrdiff_t>(y * size.width), size.width,
                data + y * stride);
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

// Adds a line between every two neighbours that differ. Coordinates are those of pixels.
void add_outlines(cairo_t* context, std::vector<std::uint16_t> const& of, Size size) {
  std::size_t const width = size.width, height = size.height;
  // The edges along one line are joined as far as they touch.
  auto const add = [&](std::size_t lines, std::size_t steps, auto const& is_edge, auto const& move,
                       auto const& draw) {
    for (std::size_t line = 1; line < lines; ++line) {
      for (std::size_t i = 0; i < steps; ++i) {
        if (!is_edge(line, i)) continue;
        move(line, i);
        while (i + 1 < steps && is_edge(line, i + 1)) ++i;
        draw(line, i + 1);
      }
    }
  };
  auto const at = [&](std::size_t x, std::size_t y) { return of[y * width + x]; };
  auto const point = [](std::size_t v) { return static_cast<double>(v); };
  add(
      height, width, [&](std::size_t y, std::size_t x) { return at(x, y) != at(x, y - 1); },
      [&](std::size_t y, std::size_t x) { cairo_move_to(context, point(x), point(y)); },
      [&](std::size_t y, std::size_t x) { cairo_line_to(context, point(x), point(y)); });
  add(
      width, height, [&](std::size_t x, std::size_t y) { return at(x, y) != at(x - 1, y); },
      [&](std::size_t x, std::size_t y) { cairo_move_to(context, point(x), point(y)); },
      [&](std::size_t x, std::size_t y) { cairo_line_to(context, point(x), point(y)); });
}

// A thin white line on a darker one is visible on every background.
void stroke_outlines(cairo_t* context, double unit) {
  cairo_set_line_cap(context, CAIRO_LINE_CAP_SQUARE);
  cairo_set_source_rgba(context, 0, 0, 0, 0.65);
  cairo_set_line_width(context, 2.4 * unit);
  cairo_stroke_preserve(context);
  cairo_set_source_rgb(context, 1, 1, 1);
  cairo_set_line_width(context, unit);
  cairo_stroke(context);
}

void draw_hatching(cairo_t* context, Rectangle const& place, double unit) {
  double const step = 4.5 * unit;
  cairo_set_source_rgba(context, 0.25, 0.25, 0.25, 0.6);
  cairo_rectangle(context, place.x, place.y, place.width, place.height);
  cairo_fill(context);
  cairo_set_line_cap(context, CAIRO_LINE_CAP_BUTT);
  cairo_set_line_width(context, 1.6 * unit);
  cairo_set_source_rgb(context, 0.85, 0.85, 0.85);
  for (double x = place.x - place.height; x < place.x + place.width; x += step) {
    cairo_move_to(context, x, place.y + place.height);
    cairo_line_to(context, x + place.height, place.y);
  }
  cairo_stroke(context);
}

// Hatching where the mask is set.
void hatch(cairo_t* context, Picture const& picture, Rectangle const& place, double unit,
           cairo_filter_t filter) {
  SurfacePtr const mask = mask_surface_of(picture.ignored, picture.size);
  cairo_push_group(context);
  draw_hatching(context, place, unit);
  cairo_pop_group_to_source(context);
  cairo_save(context);
  cairo_translate(context, place.x, place.y);
  cairo_scale(context, place.width / picture.size.width, place.height / picture.size.height);
  std::unique_ptr<cairo_pattern_t, Released<cairo_pattern_destroy>> const pattern(
      cairo_pattern_create_for_surface(mask.get()));
  cairo_pattern_set_filter(pattern.get(), filter);
  cairo_mask(context, pattern.get());
  cairo_restore(context);
}

void paint(cairo_t* context, cairo_surface_t* surface, cairo_filter_t filter) {
  cairo_set_source_surface(context, surface, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(context), filter);
  cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD);
  cairo_paint(context);
}

// The picture with the pixels of its place, so that a PDF holds no more of them than are printed.
SurfacePtr reduced(cairo_surface_t* surface, Size size, Rectangle const& place) {
  auto const pixels = [](double length) { return static_cast<std::uint32_t>(std::ceil(length)); };
  SurfacePtr small = new_surface(CAIRO_FORMAT_RGB24, {pixels(place.height), pixels(place.width)});
  ContextPtr const context(cairo_create(small.get()));
  cairo_scale(context.get(), place.width / size.width, place.height / size.height);
  paint(context.get(), surface, CAIRO_FILTER_BEST);
  return small;
}

void draw_remark(cairo_t* context, std::string const& remark, Rectangle const& place, double font) {
  double const room = 0.3 * font;
  Paragraph const text(context, remark, 0.9 * font, std::max(1.0, place.width - 2 * room),
                       Align::centre);
  double const y = place.y + (place.height - text.height()) / 2;
  cairo_set_source_rgba(context, 0, 0, 0, 0.75);
  cairo_rectangle(context, place.x, y - room, place.width, text.height() + 2 * room);
  cairo_fill(context);
  text.draw(place.x + room, y, {255, 255, 255});
}

}  // namespace

void require_fonts() {
  PangoFontFamily** families = nullptr;
  int count = 0;
  pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &count);
  g_free(families);
  if (count == 0) {
    throw Error(
        "no font is installed to write titles with; install one, such as Debian's "
        "fonts-dejavu-core, or set titles = [], caption = false and legend = false");
  }
}

Paragraph::Paragraph(cairo_t* context, std::string const& text, double font, double width,
                     Align align)
    : layout_(pango_cairo_create_layout(context)), context_(context) {
  std::unique_ptr<cairo_font_options_t, Released<cairo_font_options_destroy>> const options(
      cairo_font_options_create());
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(pango_layout_get_context(layout_.get()), options.get());
  std::unique_ptr<PangoFontDescription, Released<pango_font_description_free>> const description(
      pango_font_description_from_string(kFont));
  pango_font_description_set_absolute_size(description.get(), font * PANGO_SCALE);
  pango_layout_set_font_description(layout_.get(), description.get());
  std::string const shown = shown_text(text);
  pango_layout_set_text(layout_.get(), shown.data(), static_cast<int>(shown.size()));
  pango_layout_set_wrap(layout_.get(), PANGO_WRAP_WORD_CHAR);
  // A hyphen would look like a part of a name.
  std::unique_ptr<PangoAttrList, Released<pango_attr_list_unref>> const attributes(
      pango_attr_list_new());
  pango_attr_list_insert(attributes.get(), pango_attr_insert_hyphens_new(FALSE));
  pango_layout_set_attributes(layout_.get(), attributes.get());
  pango_layout_set_width(layout_.get(), static_cast<int>(std::ceil(width) * PANGO_SCALE));
  pango_layout_set_alignment(layout_.get(),
                             align == Align::centre ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
  PangoRectangle extents;
  pango_layout_get_extents(layout_.get(), nullptr, &extents);
  width_ = static_cast<double>(extents.width) / PANGO_SCALE;
  height_ = std::ceil(static_cast<double>(extents.height) / PANGO_SCALE);
}

void Paragraph::draw(double x, double y, Colour const& colour) const {
  set_colour(context_, colour);
  cairo_move_to(context_, x, y);
  pango_cairo_show_layout(context_, layout_.get());
}

void draw_picture(cairo_t* context, Picture const& picture, Rectangle const& place, double unit,
                  double font) {
  Size const size = picture.size;
  SurfacePtr surface = surface_of(picture.rgb, size);
  double const scale = place.width / size.width;
  cairo_filter_t const filter = scale >= 1 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BEST;
  cairo_save(context);
  cairo_rectangle(context, place.x, place.y, place.width, place.height);
  cairo_clip(context);
  if (scale < 1) {
    surface = reduced(surface.get(), size, place);
    cairo_save(context);
    cairo_translate(context, place.x, place.y);
    paint(context, surface.get(), CAIRO_FILTER_NEAREST);
    cairo_restore(context);
  }
  cairo_save(context);
  cairo_translate(context, place.x, place.y);
  cairo_scale(context, scale, place.height / size.height);
  if (scale >= 1) paint(context, surface.get(), filter);
  cairo_new_path(context);
  if (!picture.outlined.empty()) add_outlines(context, picture.outlined, picture.size);
  cairo_restore(context);
  if (!picture.outlined.empty()) stroke_outlines(context, unit);
  if (!picture.ignored.empty()) hatch(context, picture, place, unit, filter);
  if (!picture.remark.empty() && font > 0) draw_remark(context, picture.remark, place, font);
  cairo_restore(context);
}

void draw_swatch(cairo_t* context, Rectangle const& place, Colour const& colour, double unit) {
  set_colour(context, colour);
  cairo_rectangle(context, place.x, place.y, place.width, place.height);
  cairo_fill_preserve(context);
  cairo_set_source_rgb(context, 0.3, 0.3, 0.3);
  cairo_set_line_width(context, unit);
  cairo_stroke(context);
}

void draw_hatched_swatch(cairo_t* context, Rectangle const& place, double unit) {
  cairo_save(context);
  cairo_rectangle(context, place.x, place.y, place.width, place.height);
  cairo_clip(context);
  draw_hatching(context, place, unit);
  cairo_restore(context);
}

void draw_heat_bar(cairo_t* context, Rectangle const& place, double unit) {
  Picture bar;
  bar.size = {1, 256};
  for (int heat = 0; heat < 256; ++heat) {
    auto const colour = heat_colour(static_cast<std::uint8_t>(heat));
    bar.rgb.insert(bar.rgb.end(), colour.begin(), colour.end());
  }
  draw_picture(context, bar, place, unit, 0);
}

ContextPtr scratch_context() {
  return ContextPtr(cairo_create(new_surface(CAIRO_FORMAT_RGB24, {1, 1}).get()));
}

Image image_of(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  Size const size{static_cast<std::uint32_t>(cairo_image_surface_get_height(surface)),
                  static_cast<std::uint32_t>(cairo_image_surface_get_width(surface))};
  auto const* const data = cairo_image_surface_get_data(surface);
  auto const stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface));
  std::vector<std::uint8_t> rgb;
  rgb.reserve(3 * size.pixels());
  for (std::size_t y = 0; y < size.height; ++y) {
    auto const* const row = reinterpret_cast<std::uint32_t const*>(data + y * stride);
    for (std::size_t x = 0; x < size.width; ++x) {
      for (int shift : {16, 8, 0}) rgb.push_back(static_cast<std::uint8_t>(row[x] >> shift));
    }
  }
  return Image(size, std::move(rgb));
}

}  // namespace seplflow::panels
