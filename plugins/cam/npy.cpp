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
  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    return load(context, sample, image_labels, kNpy);
  }
};

}  // namespace

void declare_npy(Plugin& plugin) {
  declare_score_file(plugin.stage<Npy>("cam.npy", "A method's CAMs from .npy files"),
                     "folder with NAME.npy for every sample")
      .details(score_file_details());
}

}  // namespace seplflow::cam
