// What the steps of the job cost on one image: a label map and 77 masks of the size of VOC, or 84
// of the size of COCO, of generated scenes. With Google Benchmark; see README.md.
#include <benchmark/benchmark.h>

#include <seplflow/confusion_matrix.hpp>
#include <seplflow/formats/coco_rle.hpp>
#include <seplflow/formats/png.hpp>
#include <seplflow/mask_set.hpp>
#include <seplflow/overlap_table.hpp>
#include <vector>

#include "scenes/scene.hpp"

namespace {

using namespace seplflow;

struct Case {
  LabelMap truth, pseudo;
  MaskSet masks;
};

// 0: VOC, 1: COCO.
Case const& image(std::int64_t which) {
  static std::vector<Case> const cases = [] {
    std::vector<Case> made;
    for (auto const& [size, count] : {std::pair{Size{375, 500}, 77}, {Size{480, 640}, 84}}) {
      std::vector<MaskSet::Entry> entries;
      for (std::uint64_t i = 0; entries.size() < static_cast<std::size_t>(count); ++i) {
        MaskSet const more = scenes::Scene{{size, 20, 1}, i}.masks();
        for (std::size_t m = 0;
             m < more.count() && entries.size() < static_cast<std::size_t>(count); ++m) {
          entries.push_back({more.mask(m), std::nullopt});
        }
      }
      scenes::Scene const scene{{size, 20, 1}, 0};
      made.push_back({scene.truth(), scene.pseudo(), MaskSet(std::move(entries), size)});
    }
    return made;
  }();
  return cases[static_cast<std::size_t>(which)];
}

void overlap(benchmark::State& state) {
  Case const& of = image(state.range(0));
  of.pseudo.runs();
  for (auto _ : state) benchmark::DoNotOptimize(OverlapTable(of.pseudo, of.masks));
}

void paint(benchmark::State& state) {
  Case const& of = image(state.range(0));
  for (auto _ : state) {
    Canvas canvas(of.pseudo.size());
    for (std::size_t m = 0; m < of.masks.count(); ++m) {
      canvas.paint(of.masks.mask(m), static_cast<Label>(m % 20 + 1));
    }
    benchmark::DoNotOptimize(canvas.labels());
  }
}

void rle_decode(benchmark::State& state) {
  Case const& of = image(state.range(0));
  std::vector<std::string> texts;
  for (std::size_t m = 0; m < of.masks.count(); ++m)
    texts.push_back(encode_coco_rle(of.masks.mask(m)));
  for (auto _ : state) {
    for (std::string const& text : texts) {
      benchmark::DoNotOptimize(decode_coco_rle(of.pseudo.size(), text));
    }
  }
}

void confusion(benchmark::State& state) {
  Case const& of = image(state.range(0));
  of.pseudo.runs();
  of.truth.runs();
  for (auto _ : state) {
    ConfusionMatrix matrix(21);
    matrix.add(of.truth, of.pseudo, PredictedIgnore::miss);
    benchmark::DoNotOptimize(matrix);
  }
}

void label_encode(benchmark::State& state) {
  Case const& of = image(state.range(0));
  of.pseudo.pixels();
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode_label_png(of.pseudo, LabelColours::voc_palette));
  }
}

void label_decode(benchmark::State& state) {
  auto const file = encode_label_png(image(state.range(0)).pseudo, LabelColours::voc_palette);
  for (auto _ : state) benchmark::DoNotOptimize(decode_label_png(file, "label"));
}

void mask_decode(benchmark::State& state) {
  Case const& of = image(state.range(0));
  std::vector<std::vector<std::uint8_t>> files;
  for (std::size_t m = 0; m < of.masks.count(); ++m)
    files.push_back(encode_mask_png(of.masks.mask(m)));
  for (auto _ : state) {
    for (auto const& file : files) benchmark::DoNotOptimize(decode_mask_png(file, "mask"));
  }
}

void sizes(benchmark::internal::Benchmark* each) {
  each->ArgName("COCO")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
}

BENCHMARK(overlap)->Apply(sizes);
BENCHMARK(paint)->Apply(sizes);
BENCHMARK(rle_decode)->Apply(sizes);
BENCHMARK(confusion)->Apply(sizes);
BENCHMARK(label_encode)->Apply(sizes);
BENCHMARK(label_decode)->Apply(sizes);
BENCHMARK(mask_decode)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
