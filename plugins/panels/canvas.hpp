// Drawing with cairo and pango: pictures, outlines and wrapped text. Lengths are in pixels.
#pragma once

#include <cairo.h>
#include <pango/pangocairo.h>

#include <cstdint>
#include <memory>
#include <seplflow/seplflow.hpp>
#include <string>
#include <vector>

#include "picture.hpp"

namespace seplflow::panels {

template <auto Release>
struct Released {
  template <class T>
  void operator()(T* object) const {
    Release(object);
  }
};
using SurfacePtr = std::unique_ptr<cairo_surface_t, Released<cairo_surface_destroy>>;
using ContextPtr = std::unique_ptr<cairo_t, Released<cairo_destroy>>;

// Throws Error unless text can be drawn, and says what to install.
void require_fonts();

struct Rectangle {
  double x = 0, y = 0, width = 0, height = 0;
};

enum class Align { left, centre };

// Text that is wrapped to a width, within words where they are longer.
class Paragraph {
 public:
  Paragraph(cairo_t* context, std::string const& text, double font, double width, Align align);

  double height() const { return height_; }
  double width() const { return width_; }  // of the widest line
  // Draws it with its upper left corner at the place.
  void draw(double x, double y, Colour const& colour = {0, 0, 0}) const;

 private:
  std::unique_ptr<PangoLayout, Released<g_object_unref>> layout_;
  cairo_t* context_;
  double width_ = 0, height_ = 0;
};

// Fills the rectangle with the picture. `unit` is the thickness of a thin line.
void draw_picture(cairo_t* context, Picture const& picture, Rectangle const& place, double unit,
                  double font);

// A field of the legend: a colour, or the hatching of pixels that are ignored.
void draw_swatch(cairo_t* context, Rectangle const& place, Colour const& colour, double unit);
void draw_hatched_swatch(cairo_t* context, Rectangle const& place, double unit);
// From heat 0 on the left to 255 on the right.
void draw_heat_bar(cairo_t* context, Rectangle const& place, double unit);

// A surface to measure text on.
ContextPtr scratch_context();

// The pixels of a surface of CAIRO_FORMAT_RGB24.
Image image_of(cairo_surface_t* surface);

}  // namespace seplflow::panels
