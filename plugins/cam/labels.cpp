#include "common/cam_methods.hpp"
#include "common/image_level_rule.hpp"
#include "common/label_options.hpp"
#include "common/sample_file.hpp"
#include "stages.hpp"

namespace seplflow::cam {
namespace {

namespace fs = std::filesystem;

// The final pseudo-labels of a method.
struct Labels : LabelOptions {
  fs::path dir;
  std::optional<CamMethod> method;
  OnMissing on_missing = OnMissing::error;
  bool restrict_to_image_labels = false;

  void check(OptionCheck& check) {
    check_restriction(check, restrict_to_image_labels);
    check_label_options(check);
  }

  std::vector<fs::path> files(Sample const& sample) const {
    return label_files(dir, sample);
  }
  bool needs_files() const { return on_missing == OnMissing::error; }

  LabelMap operator()(SampleContext const& context, Sample const& sample,
                      ImageLabels const* image_labels) const {
    return with_image_labels(context, read(context, sample), image_labels, restrict_to_image_labels,
                             "pseudo-label");
  }

 private:
  LabelMap read(SampleContext const& context, Sample const& sample) const {
    fs::path const file = label_file(dir, sample);
    std::string const what = (method ? name_of(*method) + " " : "") + "pseudo-label";
    if (is_missing(file, on_missing, what, "all background")) {
      warn_of_missing(context, what, "is all background", file.string());
      if (sample.size) return LabelMap(*sample.size);
      throw Error("there is no " + what + " " + file.string() + kUnknownSize);
    }
    std::string const name = what + " " + file.string();
    LabelFile read = read_labels(file, sample.classes, name);
    if (sample.size) {
      require_same_size(read.labels.size(), name, *sample.size, "the sample's image");
    }
    if (!read.remark.empty()) context.warn(read.remark, read.detail);
    warn_of_two_values(context, read.labels, "pseudo-labels have", "undecided");
    return std::move(read.labels);
  }
};

}  // namespace

void declare_labels(Plugin& plugin) {
  auto& stage =
      plugin.stage<Labels>("cam.labels", "Reads a method's final pseudo-labels from label files");
  with_label_options(stage)
      .inputs("sample", "image_labels")
      .by_default("image_labels")
      .output("labels")
      .option("dir", &Labels::dir, "folder with NAME.png or NAME.npy for each sample",
              existing_folder(), required())
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
              "0 is background, and 255 means ignore. Every method in the paper publishes its "
              "labels as 8-bit gray or palette PNGs of class ids. A class that the data set does not "
              "have is an error. A sample of COCO may use any name that COCO's files have "
              "(COCO_val2014_000000000139.png, 000000000139.png, 139.png); its id comes "
              "first.\n\n") +
          kLabelFileDetails + "\n\n" + kRestrictDetails);
}

}  // namespace seplflow::cam
