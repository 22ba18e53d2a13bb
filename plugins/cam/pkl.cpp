#include "formats/numpy/pickle.hpp"
#include "score_file.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

constexpr ScoreFileKind kPkl = {".pkl", &read_pickle_file, ".npy", "cam.npy"};

}  // namespace

void declare_pkl(Plugin& plugin) {
  declare_score_file<kPkl>(plugin, "cam.pkl",
                           "Reads a method's CAMs from plain pickles, such as RecurSeed's");
}

}  // namespace seplflow::cam
