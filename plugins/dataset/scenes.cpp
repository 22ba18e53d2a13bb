#include <cmath>
#include <cstdio>

#include "common/faults.hpp"
#include "common/refuse_errors.hpp"
#include "scenes/scene.hpp"
#include "stages.hpp"

namespace seplflow::dataset {
namespace {

// Background and foreground classes 1..count; the first twenty are those of VOC.
ClassesPtr scene_classes(int count) {
  ClassesPtr const voc = voc12_classes();
  if (count == 20) return voc;
  std::vector<std::string> names;
  for (int k = 0; k <= count; ++k) {
    names.push_back(k <= 20 ? voc->names()[k] : "class " + std::to_string(k));
  }
  return std::make_shared<Classes const>(std::move(names));
}

// Generated images with everything that real data sets have.
struct Scenes : MaskFaults, LabelFaults {
  std::int64_t scenes = 100;
  std::vector<double> size = {240, 320};
  int classes = 20;
  std::int64_t seed = 0;

  void check(OptionCheck& check) {
    for (double const extent : size) {
      if (extent != std::floor(extent))
        check.refuse("size", "a size must be a whole number of pixels");
    }
    if (size.empty() || size.size() > 2) {
      check.refuse("size", "write size = [height, width], or one number for a square");
      return;
    }
    refuse_errors(check, "size", [&] {
      options_.size = checked_size(static_cast<std::uint64_t>(size.front()),
                                   static_cast<std::uint64_t>(size.back()), "a scene");
    });
    options_.classes = classes;
    options_.seed = static_cast<std::uint64_t>(seed);
    names_ = scene_classes(classes);
  }

  std::optional<Sample> next() {
    if (next_ == scenes) return std::nullopt;
    char id[32];
    std::snprintf(id, sizeof id, "scene_%06lld", static_cast<long long>(next_));
    Sample sample;
    sample.id = id;
    sample.classes = names_;
    sample.size = options_.size;
    sample.set_note(
        std::make_shared<scenes::Scene const>(options_, static_cast<std::uint64_t>(next_)));
    ++next_;
    return sample;
  }
  std::uint64_t count() const { return static_cast<std::uint64_t>(scenes); }

  Image image(Sample const& sample) const { return of(sample).image(); }
  LabelMap truth(Sample const& sample) const { return of(sample).truth(); }
  ImageLabels image_labels(Sample const& sample) const { return of(sample).image_labels(); }
  LabelMap pseudo(Sample const& sample) const {
    return with_faults(of(sample).pseudo(), *this, options_.seed, sample.id);
  }
  ScoreMaps scores(Sample const& sample) const { return of(sample).scores(); }
  MaskSet masks(Sample const& sample) const {
    MaskSet masks = of(sample).masks();
    if (!MaskFaults::any()) return masks;
    LabelMap const truth = of(sample).truth();
    return with_faults(masks, &truth, *this, options_.seed, sample.id);
  }

 private:
  static scenes::Scene const& of(Sample const& sample) { return sample.note<scenes::Scene>(); }

  scenes::SceneOptions options_;
  ClassesPtr names_;
  std::int64_t next_ = 0;
};

}  // namespace

void declare_scenes(Plugin& plugin) {
  auto& stage =
      plugin
          .stage<Scenes>("dataset.scenes",
                         "Generates images with ground truth, pseudo-labels, CAMs and masks")
          .output("image", &Scenes::image)
          .output("truth", &Scenes::truth)
          .output("image_labels", &Scenes::image_labels)
          .output("pseudo", &Scenes::pseudo)
          .output("scores", &Scenes::scores)
          .output("masks", &Scenes::masks)
          .option("count", &Scenes::scenes, "number of images", at_least(1))
          .option("size", &Scenes::size, "[height, width], or one number for a square",
                  in_range(1, 65536), unit("pixels"))
          .option("classes", &Scenes::classes, "number of foreground classes", in_range(1, 254))
          .option("seed", &Scenes::seed,
                  "which images; the same seed gives the same bytes on every machine", at_least(0));
  add_mask_faults(stage, "mask_faults.");
  add_label_faults(stage, "label_faults.")
      .details(
          "For demonstrations, tests and benchmarks: scores on generated scenes say nothing about "
          "real images. Objects are made of parts and sub-parts. `pseudo` is what a CAM method "
          "might produce: it finds the distinctive parts and some of their surroundings, misses "
          "others, and never contains a class that the image does not show. It is the argmax of "
          "`scores` and a background score of 0.36. `masks` resemble those of SAM: objects, parts, "
          "sub-parts, background, groups and near duplicates, all slightly imperfect. `truth` has "
          "a ring of 255 around objects if the image is large enough.\n\n"
          "`mask_faults` and `label_faults` add faults of a given strength to `masks` and to "
          "`pseudo`, such as `mask_faults = { enveloping = 0.5 }`. By default there are none. They "
          "are those of `masks.faults` with the ground truth as `labels`, and of `label.faults`, "
          "with the same seed; see there. `scores` do not change.");
}

}  // namespace seplflow::dataset
