#include "nets/base/model_options.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include "common/refuse_errors.hpp"

namespace seplflow::nets {

void check_device(OptionCheck& check, std::string const& device,
                  std::string (*resolve)(std::string const&), std::string_view cost) {
  static std::regex const known("auto|cpu|cuda(:[0-9]{1,2})?");
  if (!std::regex_match(device, known)) {
    check.refuse("device", "there is no device \"" + device +
                               "\"; expected \"auto\", \"cpu\" or \"cuda:N\", where N counts the "
                               "GPUs from 0");
    return;
  }
  if (device == "cpu") return;
  refuse_errors(check, "device", [&] {
    if (resolve(device) != "cpu") return;
    check.warn("device", "libtorch sees no GPU here, so " + std::string(cost) +
                             "; set device = \"cpu\" to confirm this");
  });
}

bool is_out_of_memory(std::string_view message) {
  static constexpr std::array<std::string_view, 7> kSigns = {
      "out of memory",
      "can't allocate memory",
      "CUBLAS_STATUS_ALLOC_FAILED",
      "CUDNN_STATUS_ALLOC_FAILED",
      // Messages of libraries that find no room for their workspace.
      "CUBLAS_STATUS_NOT_INITIALIZED",
      "nable to find an engine to execute",
      "nable to find a valid cuDNN algorithm",
  };
  return std::ranges::any_of(
      kSigns, [&](std::string_view sign) { return message.find(sign) != std::string_view::npos; });
}

}  // namespace seplflow::nets
