#include "formats/numpy/npy.hpp"

#include "score_file.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

constexpr ScoreFileKind kNpy = {".npy", &read_npy, ".pkl", "cam.pkl"};

}  // namespace

void declare_npy(Plugin& plugin) {
  declare_score_file<kNpy>(plugin, "cam.npy", "Reads a method's CAMs from .npy files");
}

}  // namespace seplflow::cam
