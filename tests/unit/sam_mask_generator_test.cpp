#include <atomic>
#include <thread>
#include <vector>

#include "core/mask_generator.hpp"
#include "support/catch.hpp"

using namespace seplflow;
using namespace seplflow::sam;

namespace {

struct NoMasks : MaskGenerator {
  MaskSet generate(Image const& image, GeneratorOptions const&) const override {
    return MaskSet({}, image.size());
  }
};

}  // namespace

TEST_CASE("a model is opened once for all threads") {
  std::atomic<int> opened = 0;
  GeneratorOnDemand generator;
  std::vector<MaskGenerator const*> got(4);
  {
    std::vector<std::jthread> threads;
    for (auto& each : got) {
      threads.emplace_back([&] {
        each = &generator.get([&] {
          ++opened;
          return std::make_shared<NoMasks const>();
        });
      });
    }
  }
  CHECK(opened == 1);
  CHECK(got == std::vector<MaskGenerator const*>(4, got[0]));
}

TEST_CASE("a model that cannot be opened is tried once and fails the same way every time") {
  int tried = 0;
  GeneratorOnDemand generator;
  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_WITH(generator.get([&]() -> std::shared_ptr<MaskGenerator const> {
      throw Error("damaged " + std::to_string(++tried));
    }),
                      "damaged 1");
  }
}

TEST_CASE("a model that ran out of memory is tried again") {
  GeneratorOnDemand generator;
  CHECK_THROWS_AS(generator.get([]() -> std::shared_ptr<MaskGenerator const> {
    throw OutOfMemory("CUDA out of memory");
  }),
                  OutOfMemory);
  CHECK_NOTHROW(generator.get([] { return std::make_shared<NoMasks const>(); }));
}

TEST_CASE("messages of torch and its libraries about memory are recognised") {
  auto const text = GENERATE(as<std::string>(), "CUDA out of memory. Tried to allocate 2.00 GiB",
                             "[enforce fail] DefaultCPUAllocator: can't allocate memory",
                             "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`",
                             "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling x",
                             "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
                             "GET was unable to find an engine to execute this computation",
                             "Unable to find a valid cuDNN algorithm to run convolution");
  INFO(text);
  CHECK(nets::is_out_of_memory(text));
  CHECK_FALSE(nets::is_out_of_memory("CUDA error: device-side assert triggered"));
  CHECK_THAT(OutOfMemory(text).what(),
             Contains(text) && Contains("points_per_batch") && Contains("batch"));
}
