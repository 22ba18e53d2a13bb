#include "common/cam_methods.hpp"
#include "common/image_level_rule.hpp"
#include "common/on_missing.hpp"
#include "formats/image/png.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

// The pseudo-labels that a CAM method published.
struct Labels {
  fs::path dir;
  std::optional<CamMethod> method;
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check(OptionCheck& check) const { check_restriction(check, restrict_to_image_labels); }

  std::vector<fs::path> files(Sample const& sample) const {
    return sample_files(dir, sample, ".png");
  }
  bool needs_files() const { return on_missing == OnMissing::error; }

  LabelMap operator()(SampleContext const& context, Sample const& sample,
                      ImageLabels const* image_labels) const {
    return with_image_labels(context, read(sample), image_labels, restrict_to_image_labels,
                             "pseudo-label");
  }

 private:
  LabelMap read(Sample const& sample) const {
    fs::path const file = sample_file(dir, sample, ".png");
    std::string const what = (method ? to_text(*method) + " " : "") + "pseudo-label";
    if (is_missing(file, on_missing, what, "all background")) {
      if (sample.size) return LabelMap(*sample.size);
      throw Error("there is no " + what + " " + file.string() +
                  ", and its size is not known either: the data set has no image or truth of this "
                  "sample");
    }
    LabelMap labels = read_label_png(file);
    std::string const name = what + " " + file.string();
    if (sample.classes) require_labels_in(*sample.classes, labels, name);
    if (sample.size) require_same_size(labels.size(), name, *sample.size, "the sample's image");
    return labels;
  }
};

}  // namespace

void declare_labels(Plugin& plugin) {
  plugin.stage<Labels>("cam.labels", "A method's final pseudo-labels, as PNG files")
      .inputs("sample", "image_labels")
      .output("labels")
      .option("dir", &Labels::dir, "folder with NAME.png for every sample", existing_folder(),
              required())
      .option("method", &Labels::method,
              "the method that made them; it goes into messages and the record of the run, since "
              "the final labels of all methods are read alike",
              cam_method_choices())
      .option("on_missing", &Labels::on_missing,
              "what a sample without a file is: an error, or empty (all background)",
              on_missing_choices())
      .option("restrict_to_image_labels", &Labels::restrict_to_image_labels, kRestrictHelp)
      .details(
          std::string(
              "8-bit gray or palette PNGs, taken as raw class ids: 0 background, 255 ignore. Every "
              "method of the paper publishes its labels so. An RGB PNG is refused, since colours "
              "cannot be told from class ids, and so is a class that the data set does not have. A "
              "sample of COCO is looked for under all names that its files go by "
              "(COCO_val2014_000000000139.png, 000000000139.png, 139.png), its id first.\n\n") +
          kRestrictDetails);
}

}  // namespace seplflow::cam
