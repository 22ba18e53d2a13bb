#include <string>

#include <seplflow/formats/mask_json.hpp>
#include <seplflow/formats/png.hpp>
#include "base/number_text.hpp"
#include "stages.hpp"

namespace seplflow::output {
namespace {

enum class Format { json, png };

// A float in the form of Python: 1.0, not 1.
std::string python_float(double value) {
  std::string const text = shortest(value);
  bool const whole = text.find_first_not_of("-0123456789") == std::string::npos;
  return whole ? text + ".0" : text;
}

// A row of amg.py's metadata.csv.
std::string metadata_row(std::size_t number, Mask const& mask, MaskInfo const& info) {
  MaskBox const box = written_box(mask, info);
  std::string row = std::to_string(number) + ',' + std::to_string(mask.area());
  for (std::int64_t const each : {box.left, box.top, box.width(), box.height()}) {
    row += ',' + std::to_string(each);
  }
  for (double const each :
       {info.point[0], info.point[1], info.predicted_iou, info.stability_score}) {
    row += ',' + python_float(each);
  }
  for (double const each : info.crop_box) row += ',' + shortest(each);
  return row;
}

std::string metadata_csv(MaskSet const& masks) {
  std::string text =
      "id,area,bbox_x0,bbox_y0,bbox_w,bbox_h,point_input_x,point_input_y,predicted_iou,"
      "stability_score,crop_box_x0,crop_box_y0,crop_box_w,crop_box_h";
  for (std::size_t i = 0; i < masks.count(); ++i) {
    if (auto const& info = masks.info(i)) text += '\n' + metadata_row(i, masks.mask(i), *info);
  }
  return text;
}

// Writes masks in the formats of amg.py.
struct Masks {
  Format format = Format::json;

  void operator()(SampleContext const& context, MaskSet const& masks) const {
    std::string const& id = context.sample().id;
    if (format == Format::json) {
      write(context, id + ".json", encode_mask_json(masks));
      return;
    }
    for (std::size_t i = 0; i < masks.count(); ++i) {
      context.output().write(id + '/' + std::to_string(i) + ".png", encode_mask_png(masks.mask(i)));
    }
    write(context, id + "/metadata.csv", metadata_csv(masks));
  }

 private:
  static void write(SampleContext const& context, std::string const& file,
                    std::string const& text) {
    context.output().write(file, {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()});
  }
};

}  // namespace

void declare_masks(Plugin& plugin) {
  plugin.stage<Masks>("output.masks", "Writes masks in the formats of segment-anything's amg.py")
      .inputs("masks")
      .option("format", &Masks::format,
              "one JSON file per image, or a folder of PNG files with metadata.csv",
              choices<Format>({{"json", Format::json}, {"png", Format::png}}))
      .details(
          "`json` writes RUN/STAGE/NAME.json with the records of `amg.py --convert-to-rle`, for "
          "`masks.json`. `png` writes RUN/STAGE/NAME/0.png, 1.png, ... (255 inside) and "
          "metadata.csv, for `masks.png`, and takes many times the space and time. Boxes are those "
          "of amg.py: x, y, and the differences between the last and first column and row. Masks "
          "that were read without scores (unlike those of SA-1B and amg.py) are written without "
          "scores.");
}

}  // namespace seplflow::output
