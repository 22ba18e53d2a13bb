// What all stages that run a network have in common. Needs no torch.
#pragma once

#include <compare>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <seplflow/seplflow.hpp>

namespace seplflow::nets {

enum class Precision { float32, bfloat16 };

struct ModelOptions {
  std::filesystem::path checkpoint;
  std::string device = "auto";  // "cpu", "cuda:N", or "auto": the first GPU if there is one
  Precision precision = Precision::float32;

  auto operator<=>(ModelOptions const&) const = default;
};

// Adds the options `device` and `precision` to a stage that derives from ModelOptions.
template <class T>
StageBuilder<T>& with_device_options(StageBuilder<T>& stage) {
  return stage
      .option("device", &T::device,
              "\"auto\" (the first GPU, or else the CPU), \"cpu\" or \"cuda:N\"")
      .option(
          "precision", &T::precision, "number format of the model",
          choices<Precision>({{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}}));
}

// Refuses a device that does not exist, and warns when "auto" means a CPU. `resolve` returns the
// device that a name stands for, or throws Error; `cost` says what the model needs on a CPU.
void check_device(OptionCheck& check, std::string const& device,
                  std::string (*resolve)(std::string const&), std::string_view cost);

// The memory of the device or of this machine was too small. Trying again may succeed, when others
// use less.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

// The same for a network that takes whole images. `cause` is the message of the allocator.
class OutOfMemoryForImage : public OutOfMemory {
 public:
  explicit OutOfMemoryForImage(std::string const& cause)
      : OutOfMemory(
            "the device has too little memory for the network and this image: lower jobs (on a "
            "CPU, each job works on an image), make the image smaller, or set precision = "
            "\"bfloat16\" (" +
            cause + ")") {}
};

// Whether torch, or a library that it calls, failed with this message because memory was too small.
bool is_out_of_memory(std::string_view message);

// Opens a model when the first image needs it. A failure is final, so that gigabytes are not read
// again for each image only to fail again; but after OutOfMemory the next image tries again.
// Safe to use from any number of threads.
template <class Model>
class OnDemand {
 public:
  using Open = std::function<std::shared_ptr<Model const>()>;

  // Throws what `open` throws; after an Error, all later calls throw it too.
  Model const& get(Open const& open) {
    std::scoped_lock const lock(mutex_);
    if (!failure_.empty()) throw Error(failure_);
    if (model_) return *model_;
    try {
      model_ = open();
    } catch (OutOfMemory const&) {
      throw;
    } catch (Error const& error) {
      failure_ = error.what();
      throw;
    }
    return *model_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Model const> model_;
  std::string failure_;
};

}  // namespace seplflow::nets
