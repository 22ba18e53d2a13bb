#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <seplflow/formats/npy.hpp>
#include <seplflow/score_maps.hpp>
#include "stages.hpp"

namespace seplflow::output {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they are");

// The bits of a float16 in a float that holds it exactly.
std::uint16_t half_bits(float value) {
  auto const bits = std::bit_cast<std::uint32_t>(value);
  std::uint32_t const sign = bits >> 16 & 0x8000U, magnitude = bits & 0x7fffffffU;
  constexpr std::uint32_t kLeastNormal = 113U << 23, kInfinite = 143U << 23;  // 2^-14, 2^16
  if (magnitude >= kInfinite) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude >= kLeastNormal) {
    return static_cast<std::uint16_t>(sign | (magnitude - (112U << 23)) >> 13);
  }
  // Multiples of 2^-24.
  return static_cast<std::uint16_t>(
      sign | static_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p24F));
}

template <class T>
void append(std::vector<std::uint8_t>& bytes, std::span<T const> values) {
  auto const* const begin = reinterpret_cast<std::uint8_t const*>(values.data());
  bytes.insert(bytes.end(), begin, begin + values.size_bytes());
}

// The scores in their own type.
std::vector<std::uint8_t> bytes_of(ScoreMaps const& scores) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    if (scores.precision() != Precision::half) {
      scores.visit_plane(k, [&](auto plane) { append(bytes, plane); });
      continue;
    }
    std::vector<std::uint16_t> halves;
    std::ranges::transform(scores.plane(k), std::back_inserter(halves), half_bits);
    append(bytes, std::span<std::uint16_t const>(halves));
  }
  return bytes;
}

ElementType type_of(ScoreMaps const& scores) {
  if (scores.precision() == Precision::half) return ElementType::float16;
  return scores.precision() == Precision::full ? ElementType::float64 : ElementType::float32;
}

ArrayToWrite array_of(std::string name, ScoreMaps const& scores,
                      std::span<std::uint8_t const> bytes) {
  return {std::move(name),
          type_of(scores),
          {scores.classes().size(), scores.size().height, scores.size().width},
          bytes};
}

// Writes CAMs as IRN does.
struct Cams {
  void operator()(SampleContext const& context, ScoreMaps const& scores,
                  ScoreMaps const* strided) const {
    if (strided) require_fit(scores, *strided);
    std::vector<std::int64_t> keys;
    for (Label const label : scores.classes()) {
      if (label == kBackground) {
        throw Error(
            "the scores have a map for background, but IRN's files count classes from 0 without "
            "background; connect scores without one");
      }
      keys.push_back(std::int64_t{label} - 1);
    }
    std::vector<std::uint8_t> key_bytes;
    append(key_bytes, std::span<std::int64_t const>(keys));
    std::vector<ArrayToWrite> arrays = {{"keys", ElementType::int64, {keys.size()}, key_bytes}};
    auto const cam = strided ? bytes_of(*strided) : std::vector<std::uint8_t>();
    if (strided) arrays.push_back(array_of("cam", *strided, cam));
    auto const high_res = bytes_of(scores);
    arrays.push_back(array_of("high_res", scores, high_res));
    context.output().write(context.sample().id + ".npy", encode_npy_dict(arrays));
  }

 private:
  static void require_fit(ScoreMaps const& scores, ScoreMaps const& strided) {
    constexpr std::uint32_t kStride = 4;
    Size const size = scores.size();
    Size const quarter{(size.height + kStride - 1) / kStride, (size.width + kStride - 1) / kStride};
    if (strided.size() != quarter) {
      throw Error("the strided scores are " + to_string(strided.size()) +
                  " (height x width), but a quarter of the scores, rounded up, is " +
                  to_string(quarter) + "; connect outputs of the same stage");
    }
    if (!std::ranges::equal(strided.classes(), scores.classes())) {
      throw Error(
          "scores and strided have maps of different classes; connect outputs of the same stage");
    }
  }
};

}  // namespace

void declare_cams(Plugin& plugin) {
  plugin.stage<Cams>("output.cams", "Writes CAMs as IRN does, for cam.npy and for Python")
      .inputs("scores", "strided")
      .details(
          "Writes RUN/STAGE/NAME.npy, which `numpy.load(file, allow_pickle=True).item()` reads "
          "without torch, and `cam.npy` with `method = \"irn\"`. It is a dict of numpy arrays, as "
          "IRN's `make_cam.py` writes it:\n\n"
          "| Key | Holds |\n"
          "|---|---|\n"
          "| `keys` | int64, the classes of the maps, counted from 0 without background |\n"
          "| `cam` | the maps of `strided`, of shape (classes, height / 4, width / 4), rounded up; "
          "only if it is connected |\n"
          "| `high_res` | the maps of `scores`, of shape (classes, height, width) |\n\n"
          "The values keep their type, float32 for `cam.classifier`. Scores with a map for "
          "background are an error, because this form has no place for it. In IRN's own files "
          "`keys` and `cam` are tensors, for which Python needs torch; its scripts also read "
          "arrays, except that `make_sem_seg_labels.py` must turn `cam` into a tensor with "
          "`torch.from_numpy`.");
}

}  // namespace seplflow::output
