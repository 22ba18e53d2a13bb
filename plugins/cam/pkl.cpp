#include "formats/pickle.hpp"
#include "score_file.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

constexpr ScoreFileKind kPkl = {".pkl", &read_pickle_file, ".npy", "cam.npy"};

struct Pkl : ScoreFile {
  std::vector<std::filesystem::path> files(Sample const& sample) const {
    return sample_files(dir, sample, kPkl.ending);
  }
  ScoreMaps operator()(Sample const& sample) const { return load(sample, kPkl); }
};

}  // namespace

void declare_pkl(Plugin& plugin) {
  declare_score_file(
      plugin.stage<Pkl>("cam.pkl", "A method's CAMs from bare pickles, as RecurSeed writes them"),
      "folder with NAME.pkl for every sample")
      .details(kScoreFileDetails);
}

}  // namespace seplflow::cam
