#include "common/faults.hpp"

#include "stages.hpp"

namespace seplflow::masks {
namespace {

struct Faults : MaskFaults {
  std::int64_t seed = 0;

  void check(OptionCheck& check) const {
    if (!needs_objects() || check.connected("labels")) return;
    check.refuse("",
                 "the input \"labels\" is missing: enveloping, merged, parts_only and "
                 "thin_background need a label map that shows where objects are, such as the "
                 "ground truth");
  }

  MaskSet operator()(SampleContext const& context, MaskSet const& masks,
                     LabelMap const* labels) const {
    auto const id = std::string_view(context.sample().id);
    MaskSet faulty = with_faults(masks, labels, *this, static_cast<std::uint64_t>(seed), id);
    context.count("masks", faulty.count());
    return faulty;
  }
};

}  // namespace

void declare_faults(Plugin& plugin) {
  auto& stage =
      plugin
          .stage<Faults>("masks.faults", "Adds faults to masks, to measure what rules make of them")
          .inputs("masks", "labels")
          .output("masks");
  add_mask_faults(stage, "")
      .option("seed", &Faults::seed,
              "which faults; the same seed gives the same masks on every machine", at_least(0))
      .details(
          "For measurements: with a known fault of a known strength, a sweep shows which rule "
          "suffers how much. Without any, the output is the input.\n\n"
          "`labels` shows where objects are: the ground truth, or else the pseudo-label. It is "
          "only needed for the faults that concern objects. An object is a 4-connected piece of "
          "one class; the 254 largest of an image count. A mask is the *whole* of an object if "
          "their IoU is more than 0.5, and a mask of *background* if more than half of it is. "
          "Pixels of 255 are left out.\n\n"
          "Faults are applied in this order:\n\n"
          "| Option | At strength s |\n"
          "|---|---|\n"
          "| `thin_background` | each mask of background is dropped with probability s |\n"
          "| `missing` | each mask is dropped with probability s |\n"
          "| `parts_only` | each object loses its whole masks with probability s, and keeps those "
          "of its parts |\n"
          "| `merged` | with probability s an object is taken for one with the nearest other "
          "object: one mask of both replaces the whole masks of either |\n"
          "| `enveloping` | with probability s a class gets one more mask: all of its objects and "
          "what is around them, to 0.4 to 0.8 of their extent on each side. `t2` of `sepl.select` "
          "keeps such masks |\n"
          "| `jitter` | each mask moves by at most s / 2 of its size in both directions, and its "
          "outline up and down by as much again. The size is the square root of the area |\n\n"
          "Masks keep their order and their scores. Masks that are added come last and have no "
          "scores, so `masks.filter` needs `without_scores` for them. What is chosen depends on "
          "`seed`, the name of the sample and the fault, and what a strength chooses is also "
          "chosen by every larger one. `dataset.scenes` has the same faults as options "
          "`mask_faults`.");
}

}  // namespace seplflow::masks
