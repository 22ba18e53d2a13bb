#include "common/faults.hpp"

#include "stages.hpp"

namespace seplflow::label {
namespace {

struct Faults : LabelFaults {
  std::int64_t seed = 0;

  LabelMap operator()(SampleContext const& context, LabelMap const& labels) const {
    return with_faults(labels, *this, static_cast<std::uint64_t>(seed), context.sample().id);
  }
};

}  // namespace

void declare_faults(Plugin& plugin) {
  auto& stage = plugin
                    .stage<Faults>("label.faults",
                                   "Adds faults to pseudo-labels, to measure what rules make of "
                                   "them")
                    .inputs("labels")
                    .output("labels");
  add_label_faults(stage, "")
      .option("seed", &Faults::seed,
              "which faults; the same seed gives the same labels on every machine", at_least(0))
      .details(
          "For measurements: with a known fault of a known strength, a sweep shows which rule "
          "suffers how much. Without any, the output is the input. The input may be a "
          "pseudo-label, or the ground truth, of which this stage then makes a pseudo-label.\n\n"
          "A region is a 4-connected piece of one class, and its size is the square root of its "
          "area. Faults are applied to each region, in this order:\n\n"
          "| Option | At strength s |\n"
          "|---|---|\n"
          "| `swapped` | with probability s the region gets another class of the image, if there "
          "is one |\n"
          "| `partial` | the region loses the share s of its pixels, all on one side of a line "
          "with a random direction |\n"
          "| `eroded` | the region loses what is within s / 2 of its size from its outline; thin "
          "regions vanish |\n"
          "| `dilated` | the region takes the background within s / 2 of its size |\n"
          "| `halo` | the same, with an outline that rises and falls at random |\n"
          "| `shifted` | the region moves by s times its size in a random direction |\n"
          "| `blobs` | three discs of the class, with s times the area that it has in the image, "
          "are painted where there is background |\n\n"
          "What a region takes is background only; pixels of 255 stay, unless a region moves over "
          "them. What is chosen depends on `seed`, the name of the sample and the fault. "
          "`dataset.scenes` has the same faults as options `label_faults`.");
}

}  // namespace seplflow::label
