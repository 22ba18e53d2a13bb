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
  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    return load(context, sample, image_labels, kPkl);
  }
};

}  // namespace

void declare_pkl(Plugin& plugin) {
  declare_score_file(
      plugin.stage<Pkl>("cam.pkl", "A method's CAMs from bare pickles, as RecurSeed writes them"),
      "folder with NAME.pkl for every sample")
      .details(score_file_details());
}

}  // namespace seplflow::cam
