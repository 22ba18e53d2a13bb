#include <seplflow/formats/png.hpp>
#include <seplflow/testing.hpp>

#include <fstream>

using namespace seplflow;
using namespace seplflow::testing;

int main() {
  auto const png = encode_label_png(LabelMap({1, 4}, {1, 1, 0, 0}), LabelColours::voc_palette);
  std::ofstream("a.png", std::ios::binary).write(reinterpret_cast<char const*>(png.data()),
                                                 static_cast<std::streamsize>(png.size()));
  std::ofstream("a.json") << R"([{"segmentation": {"size": [1, 4], "counts": [0, 2, 2]}},
                                 {"segmentation": {"size": [1, 4], "counts": [1, 2, 1]}}])";
  StageKit stage("lab.reader", "dir = '.'");
  auto const masks = stage.run<MaskSet>(voc_sample("a", Size{1, 4}));
  require(masks.count() == 1 && masks.mask(0).area() == 2, "one mask lies inside the region");
}
