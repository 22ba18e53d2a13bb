// What the VOC job costs at least: the calls into libpng and simdjson that it cannot do without,
// one thread, and nothing else. For compare.py, which sets seplflow beside it.
//
//   seplflow_bench_floor png|json LIST LABELS TRUTH MASKS
//
// For each name in LIST: decodes LABELS/NAME.png and TRUTH/NAME.png, decodes all of
// MASKS/NAME/*.png or walks the records of MASKS/NAME.json up to their RLE strings (no library
// decodes those), and encodes one label map, the decoded labels, which stand for the result. Files
// are read, nothing is written. libpng and simdjson are set as seplflow sets them. Prints JSON.
#include <png.h>
#include <simdjson.h>

#include <chrono>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Picture {
  std::uint32_t height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

std::vector<std::uint8_t> read_file(fs::path const& path) {
  std::vector<std::uint8_t> bytes(fs::file_size(path));
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  std::size_t const got = file != nullptr ? std::fread(bytes.data(), 1, bytes.size(), file) : 0;
  if (file != nullptr) std::fclose(file);
  if (file == nullptr || got != bytes.size())
    throw std::runtime_error("cannot read " + path.string());
  return bytes;
}

void on_read(png_structp png, png_bytep to, std::size_t size) {
  auto& rest = *static_cast<std::span<std::uint8_t const>*>(png_get_io_ptr(png));
  if (size > rest.size()) png_error(png, "truncated");
  std::memcpy(to, rest.data(), size);
  rest = rest.subspan(size);
}

void decode(fs::path const& path, Picture& picture) {
  std::vector<std::uint8_t> const bytes = read_file(path);
  std::span<std::uint8_t const> rest(bytes);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_read_struct(&png, &info, nullptr);
    throw std::runtime_error("libpng cannot decode " + path.string());
  }
#ifdef PNG_IGNORE_ADLER32  // libpng may be built without
  png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
#endif
  png_set_read_fn(png, &rest, on_read);
  png_read_info(png, info);
  picture.height = png_get_image_height(png, info);
  picture.width = png_get_image_width(png, info);
  picture.pixels.resize(std::size_t{picture.height} * png_get_rowbytes(png, info));
  for (std::uint32_t y = 0; y < picture.height; ++y) {
    png_read_row(png, picture.pixels.data() + y * png_get_rowbytes(png, info), nullptr);
  }
  png_destroy_read_struct(&png, &info, nullptr);
}

void on_write(png_structp png, png_bytep from, std::size_t size) {
  auto& bytes = *static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(png));
  bytes.insert(bytes.end(), from, from + size);
}

void encode(Picture const& picture, std::vector<std::uint8_t>& bytes) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    throw std::runtime_error("libpng cannot encode");
  }
  bytes.clear();
  png_set_write_fn(png, &bytes, on_write, nullptr);
  png_set_IHDR(png, info, picture.width, picture.height, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 1);
  png_set_compression_strategy(png, 0);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
  png_write_info(png, info);
  for (std::uint32_t y = 0; y < picture.height; ++y) {
    png_write_row(png, picture.pixels.data() + std::size_t{y} * picture.width);
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
}

std::size_t decode_masks(fs::path const& folder, Picture& scratch) {
  std::size_t count = 0;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".png") continue;
    decode(entry.path(), scratch);
    ++count;
  }
  return count;
}

std::size_t walk_records(fs::path const& file, std::size_t& characters) {
  simdjson::padded_string const json = simdjson::padded_string::load(file.string());
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document = parser.iterate(json);
  std::size_t count = 0;
  for (auto record : document.get_array()) {
    characters += std::string_view(record["segmentation"]["counts"]).size();
    ++count;
  }
  return count;
}

int run(bool json, fs::path const& list, fs::path const& labels, fs::path const& truth,
        fs::path const& masks) {
  std::vector<std::string> names;
  std::ifstream lines(list);
  for (std::string name; lines >> name;) names.push_back(name);

  using Clock = std::chrono::steady_clock;
  std::size_t mask_count = 0, bytes_out = 0;
  Picture picture, scratch;
  std::vector<std::uint8_t> encoded;
  auto const begin = Clock::now();
  for (std::string const& name : names) {
    decode(labels / (name + ".png"), picture);
    decode(truth / (name + ".png"), scratch);
    mask_count += json ? walk_records(masks / (name + ".json"), bytes_out)
                       : decode_masks(masks / name, scratch);
    encode(picture, encoded);
    bytes_out += encoded.size();
  }
  double const seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  // bytes_out is printed so that no work can be left out as unused.
  std::printf("{\"seconds\": %.6f, \"images\": %zu, \"masks\": %zu, \"bytes\": %zu}\n", seconds,
              names.size(), mask_count, bytes_out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::string const kind = argc == 6 ? argv[1] : "";
  if (kind != "png" && kind != "json") {
    std::fprintf(stderr, "usage: %s png|json LIST LABELS TRUTH MASKS\n", argv[0]);
    return 2;
  }
  return run(kind == "json", argv[2], argv[3], argv[4], argv[5]);
} catch (std::exception const& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
