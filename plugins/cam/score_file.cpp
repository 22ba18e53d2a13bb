// The stages that load the scores of a sample from one file: cam.npy and cam.pkl.
#include <string>
#include <utility>
#include <vector>

#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/python_file.hpp>
#include "score_reader.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

using Read = Pickle (*)(fs::path const&);  // throws Error, with the file

// A file format.
struct ScoreFileKind {
  Endings endings;  // of NAME; the first is that of published files
  Read read;        // the published format
  Read read_any;    // whatever is unambiguous
};

ScoreFileKind const kNpy = {{".npy", ".npz", ".pt", ".pth"}, &read_npy, &read_python_file};
ScoreFileKind const kPkl = {{".pkl"}, &read_pickle_file, &read_pickle_file};

// Throws when the sample has a file that another stage reads.
void name_other_stage(fs::path const& folder, Sample const& sample, fs::path const& missing) {
  for (auto const& [ending, stage] :
       {std::pair(".npy", "cam.npy"), {".npz", "cam.npy"}, {".pt", "cam.npy"}, {".pth", "cam.npy"},
        {".pkl", "cam.pkl"}, {".h5", "cam.h5"}, {".hdf5", "cam.h5"}}) {
    fs::path const other = sample_file(folder, sample, ending);
    if (!is_there(other)) continue;
    throw Error("there is no CAM file " + missing.string() + ", but there is " +
                other.filename().string() + ", which " + stage + " reads");
  }
}

template <ScoreFileKind const& kind>
struct ScoreFile : ScoreReader {
  fs::path dir;

  void check(OptionCheck& check) const { check_scores(check); }
  std::vector<fs::path> files(Sample const& sample) const {
    return files_in(dir, sample, kind.endings);
  }

  ScoreMaps operator()(SampleContext const& context, Sample const& sample,
                       ImageLabels const* image_labels) const {
    auto const candidates = files(sample);
    fs::path const& path = is_there(candidates.back()) ? candidates.back() : candidates.front();
    if (on_missing == OnMissing::error && !is_there(path)) name_other_stage(dir, sample, path);
    if (is_missing(path, on_missing, "CAM file", "no class, so all background,")) {
      warn_of_missing(context, "CAM file", "has no class", path.string());
      return scores_in(nullptr, context, image_labels, path.string());
    }
    Pickle const pickle = (strict ? kind.read : kind.read_any)(path);
    PickleValue const root = pickle.root();
    return scores_in(&root, context, image_labels, path.string());
  }
};

template <ScoreFileKind const& kind>
void declare_score_file(Plugin& plugin, char const* name, char const* summary,
                        std::string const& forms) {
  using T = ScoreFile<kind>;
  auto& stage =
      plugin.stage<T>(name, summary)
          .inputs("sample", "image_labels")
          .by_default("image_labels")
          .output("scores")
          .option("dir", &T::dir,
                  "folder with NAME" + std::string(kind.endings.front()) + " for each sample",
                  existing_folder(), required());
  add_score_options<T>(stage).details(score_details(forms));
}

}  // namespace

void declare_npy(Plugin& plugin) {
  declare_score_file<kNpy>(
      plugin, "cam.npy", "Reads a method's CAMs from .npy files",
      "- NAME.npz (each entry is a field or a class), NAME.pt and NAME.pth (a tensor or a dict), if "
      "there is no NAME.npy; any of these by its content, whatever its ending.\n");
}

void declare_pkl(Plugin& plugin) {
  declare_score_file<kPkl>(plugin, "cam.pkl",
                           "Reads a method's CAMs from plain pickles, such as RecurSeed's", "");
}

}  // namespace seplflow::cam
