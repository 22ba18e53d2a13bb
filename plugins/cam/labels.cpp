#include <seplflow/formats/png.hpp>
#include "common/cam_methods.hpp"
#include "common/image_level_rule.hpp"
#include "common/sample_file.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

// The final pseudo-labels of a method.
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
    std::string const what = (method ? name_of(*method) + " " : "") + "pseudo-label";
    if (is_missing(file, on_missing, what, "all background")) {
      if (sample.size) return LabelMap(*sample.size);
      throw Error("there is no " + what + " " + file.string() + kUnknownSize);
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
  plugin.stage<Labels>("cam.labels", "Reads a method's final pseudo-labels from PNG files")
      .inputs("sample", "image_labels")
      .by_default("image_labels")
      .output("labels")
      .option("dir", &Labels::dir, "folder with NAME.png for each sample", existing_folder(),
              required())
      .option(
          "method", &Labels::method,
          "the method that wrote them; used only in messages and in the record of the run, since "
          "the files of all methods are read the same way",
          kCamMethods)
      .option(
          "on_missing", &Labels::on_missing,
          "what to do about a sample without a file: report an error, or treat it as empty (all "
          "background)",
          kOnMissing)
      .option("restrict_to_image_labels", &Labels::restrict_to_image_labels, kRestrictHelp)
      .details(
          std::string(
              "The files are 8-bit gray or palette PNGs of raw class ids: 0 is background, 255 "
              "means ignore. Every method in the paper publishes its labels in this form. Errors "
              "are: an RGB PNG, since its colours are not class ids, and a class that the data set "
              "does not have. A sample of COCO may use any name that COCO's files have "
              "(COCO_val2014_000000000139.png, 000000000139.png, 139.png); its id comes "
              "first.\n\n") +
          kRestrictDetails);
}

}  // namespace seplflow::cam
