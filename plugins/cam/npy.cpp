#include "formats/npy.hpp"

#include "score_file.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

constexpr ScoreFileKind kNpy = {".npy", &read_npy, ".pkl", "cam.pkl"};

struct Npy : ScoreFile {
  std::vector<std::filesystem::path> files(Sample const& sample) const {
    return sample_files(dir, sample, kNpy.ending);
  }
  ScoreMaps operator()(Sample const& sample) const { return load(sample, kNpy); }
};

}  // namespace

void declare_npy(Plugin& plugin) {
  declare_score_file(plugin.stage<Npy>("cam.npy", "A method's CAMs from .npy files"),
                     "folder with NAME.npy for every sample")
      .details(kScoreFileDetails);
}

}  // namespace seplflow::cam
