#include <cstdint>
#include <vector>

#include "cam/resize.hpp"
#include "support/catch.hpp"

using namespace seplflow;
using namespace seplflow::cam;

namespace {

template <class T>
std::vector<T> enlarged(std::vector<T> const& map, Size image, std::uint32_t stride) {
  std::vector<T> result(image.pixels());
  enlarge_strided<T>(map, image, stride, result);
  return result;
}

}  // namespace

TEST_CASE("strided maps are a fourth of the image, rounded up") {
  CHECK(strided_size({281, 500}, 4) == Size{71, 125});
  CHECK(strided_size({1, 4}, 4) == Size{1, 1});
  CHECK(strided_size({5, 8}, 4) == Size{2, 2});
}

TEST_CASE("strided maps are interpolated between pixel centres and cropped to the image") {
  // torch: F.interpolate(torch.tensor([[[[0., 8.]]]]), scale_factor=4, mode="bilinear",
  // align_corners=False)
  std::vector<float> const expected = {0, 0, 1, 3, 5, 7, 8, 8};
  CHECK(enlarged<float>({0, 8}, {1, 8}, 4) == expected);
  CHECK(enlarged<float>({0, 8}, {1, 6}, 4) ==
        std::vector<float>(expected.begin(), expected.begin() + 6));
  CHECK(enlarged<float>({0, 8}, {7, 1}, 4) ==
        std::vector<float>(expected.begin(), expected.begin() + 7));
}

TEST_CASE("strided maps are enlarged in both directions at once") {
  auto const result = enlarged<double>({0, 8, 80, 88, 160, 168}, {12, 8}, 4);
  CHECK(result[0] == 0);
  CHECK(result[7] == 8);
  CHECK(result[2 * 8 + 2] == 10 + 1);
  CHECK(result[5 * 8 + 4] == 70 + 5);
  CHECK(result[6 * 8 + 3] == 90 + 3);
  CHECK(result[11 * 8 + 7] == 168);
}

TEST_CASE("a map with one value has that value everywhere") {
  CHECK(enlarged<float>({0.3F}, {3, 4}, 4) == std::vector<float>(12, 0.3F));
}

TEST_CASE("8-bit maps are resized like cv2.resize, in fixed point") {
  using Pixels = std::vector<std::uint8_t>;
  Pixels const map = {0, 255, 17, 100, 3, 201};
  // cv2.resize(np.array([[0, 255, 17], [100, 3, 201]], np.uint8), (7, 5))
  CHECK(resize_gray(map, {2, 3}, {5, 7}) ==
        Pixels{0,   36,  145, 255, 153, 51, 17, 10, 41,  135, 230, 146, 63, 35, 50, 61,  95, 129,
               120, 112, 109, 90,  81,  55, 28, 94, 160, 182, 100, 86,  44, 3,  88, 173, 201});
  CHECK(resize_gray(map, {2, 3}, {2, 3}) == map);
  CHECK(resize_gray(Pixels{9}, {1, 1}, {2, 2}) == Pixels(4, 9));
}
