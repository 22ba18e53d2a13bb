// What the job costs at least: what the fastest libraries need to decode and encode its bytes, one
// thread, and nothing else. For compare.py, which sets seplflow beside it.
//
//   seplflow_bench_floor png|json LIST LABELS TRUTH MASKS
//
// For each name in LIST: decodes LABELS/NAME.png and TRUTH/NAME.png, decodes all of
// MASKS/NAME/*.png or walks the records of MASKS/NAME.json up to their RLE strings (no library
// decodes those), and encodes one label map, the decoded labels, which stand for the result. Files
// are read, nothing is written. PNGs are inflated and deflated by libdeflate and unfiltered in
// place; no checksum of a chunk is computed or compared. JSON is read by simdjson. Prints JSON.
#include <libdeflate.h>
#include <simdjson.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/malloc_settings.hpp"

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

Bytes read_file(fs::path const& path) {
  Bytes bytes(fs::file_size(path));
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  std::size_t const got = file != nullptr ? std::fread(bytes.data(), 1, bytes.size(), file) : 0;
  if (file != nullptr) std::fclose(file);
  if (file == nullptr || got != bytes.size())
    throw std::runtime_error("cannot read " + path.string());
  return bytes;
}

struct Picture {
  std::size_t height = 0, width = 0;
  Bytes rows;  // each behind the byte of its filter
};

std::uint32_t number_at(std::uint8_t const* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

int closest(int left, int above, int above_left) {
  int const to_left = std::abs(above - above_left), to_above = std::abs(left - above_left);
  int const to_above_left = std::abs(left + above - 2 * above_left);
  if (to_left <= to_above && to_left <= to_above_left) return left;
  return to_above <= to_above_left ? above : above_left;
}

// One byte per pixel.
void unfilter(Picture& picture) {
  std::size_t const stride = picture.width + 1;
  Bytes const zeros(stride);
  std::uint8_t const* above = zeros.data();
  for (std::size_t y = 0; y < picture.height; ++y) {
    std::uint8_t* const row = picture.rows.data() + y * stride;
    auto const left = [&](std::size_t x) { return x > 1 ? row[x - 1] : 0; };
    auto const above_left = [&](std::size_t x) { return x > 1 ? above[x - 1] : 0; };
    auto const add = [&](auto const& predicted) {
      for (std::size_t x = 1; x < stride; ++x) {
        row[x] = static_cast<std::uint8_t>(row[x] + predicted(x));
      }
    };
    if (row[0] == 1) add(left);
    if (row[0] == 2) add([&](std::size_t x) { return above[x]; });
    if (row[0] == 3) add([&](std::size_t x) { return (left(x) + above[x]) / 2; });
    if (row[0] == 4) add([&](std::size_t x) { return closest(left(x), above[x], above_left(x)); });
    above = row;
  }
}

class Codec {
 public:
  ~Codec() {
    libdeflate_free_decompressor(inflater_);
    libdeflate_free_compressor(deflater_);
  }

  void decode(fs::path const& path, Picture& picture) {
    Bytes const bytes = read_file(path);
    deflated_.clear();
    for (std::size_t at = 8; at + 12 <= bytes.size();) {
      std::uint8_t const* const chunk = bytes.data() + at;
      std::size_t const length = number_at(chunk);
      std::string_view const type(reinterpret_cast<char const*>(chunk) + 4, 4);
      if (type == "IHDR") {
        picture.width = number_at(chunk + 8);
        picture.height = number_at(chunk + 12);
        if (chunk[16] != 8 || chunk[20] != 0)
          throw std::runtime_error("not a plain PNG: " + path.string());
      } else if (type == "IDAT") {
        deflated_.insert(deflated_.end(), chunk + 8, chunk + 8 + length);
      }
      at += 12 + length;
    }
    picture.rows.resize(picture.height * (picture.width + 1));
    auto const result =
        libdeflate_deflate_decompress(inflater_, deflated_.data() + 2, deflated_.size() - 6,
                                      picture.rows.data(), picture.rows.size(), nullptr);
    if (result != LIBDEFLATE_SUCCESS) throw std::runtime_error("cannot inflate " + path.string());
    unfilter(picture);
  }

  std::size_t encode(Picture& picture) {
    for (std::size_t y = 0; y < picture.height; ++y) picture.rows[y * (picture.width + 1)] = 0;
    deflated_.resize(libdeflate_zlib_compress_bound(deflater_, picture.rows.size()));
    return libdeflate_zlib_compress(deflater_, picture.rows.data(), picture.rows.size(),
                                    deflated_.data(), deflated_.size());
  }

 private:
  libdeflate_decompressor* inflater_ = libdeflate_alloc_decompressor();
  libdeflate_compressor* deflater_ = libdeflate_alloc_compressor(1);
  Bytes deflated_;
};

std::size_t decode_masks(Codec& codec, fs::path const& folder, Picture& scratch) {
  std::size_t count = 0;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".png") continue;
    codec.decode(entry.path(), scratch);
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

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto const seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

int run(bool json, fs::path const& list, fs::path const& labels, fs::path const& truth,
        fs::path const& masks) {
  std::vector<std::string> names;
  std::ifstream lines(list);
  for (std::string name; lines >> name;) names.push_back(name);

  using Clock = std::chrono::steady_clock;
  std::size_t mask_count = 0, bytes_out = 0;
  Picture picture, scratch;
  Codec codec;
  auto const begin = Clock::now();
  double const cpu_before = cpu_seconds();
  for (std::string const& name : names) {
    codec.decode(labels / (name + ".png"), picture);
    codec.decode(truth / (name + ".png"), scratch);
    mask_count += json ? walk_records(masks / (name + ".json"), bytes_out)
                       : decode_masks(codec, masks / name, scratch);
    bytes_out += codec.encode(picture);
  }
  double const seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  // bytes_out is printed so that no work can be left out as unused.
  std::printf(
      "{\"seconds\": %.6f, \"cpu\": %.6f, \"images\": %zu, \"masks\": %zu, \"bytes\": %zu}\n",
      seconds, cpu_seconds() - cpu_before, names.size(), mask_count, bytes_out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::string const kind = argc == 6 ? argv[1] : "";
  if (kind != "png" && kind != "json") {
    std::fprintf(stderr, "usage: %s png|json LIST LABELS TRUTH MASKS\n", argv[0]);
    return 2;
  }
  seplflow::cli::keep_freed_memory();
  return run(kind == "json", argv[2], argv[3], argv[4], argv[5]);
} catch (std::exception const& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
