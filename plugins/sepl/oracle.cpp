#include <algorithm>
#include <tuple>
#include <vector>

#include "common/cells.hpp"
#include "stages.hpp"

namespace seplflow::sepl {
namespace {

// Pixels of one cell with the same pseudo-label and ground truth.
struct Portion {
  std::uint32_t cell;
  Label pseudo, truth;
  std::uint64_t pixels;
  auto key() const { return std::tie(cell, pseudo, truth); }
};

using Portions = std::span<Portion const>;

std::vector<Portion> portions_of(Cells const& cells, LabelMap const& pseudo,
                                 LabelMap const& truth) {
  std::vector<Portion> portions;
  for_each_piece(cells, std::array{&pseudo.runs(), &truth.runs()},
                 [&](std::uint32_t cell, std::array<Label, 2> labels, std::uint32_t pixels) {
                   portions.push_back({cell, labels[0], labels[1], pixels});
                 });
  std::ranges::sort(portions, {}, [](Portion const& each) { return each.key(); });
  std::size_t last = 0;
  for (std::size_t i = 1; i < portions.size(); ++i) {
    if (portions[i].key() == portions[last].key()) {
      portions[last].pixels += portions[i].pixels;
    } else {
      portions[++last] = portions[i];
    }
  }
  portions.resize(last + 1);
  return portions;
}

// Calls f with those of each value of `member`, which follow each other.
template <class T, class F>
void for_each_group(Portions portions, T Portion::*member, F&& f) {
  while (!portions.empty()) {
    auto const end = std::ranges::find_if(
        portions, [&](Portion const& each) { return each.*member != portions.front().*member; });
    auto const size = static_cast<std::size_t>(end - portions.begin());
    f(portions.first(size));
    portions = portions.subspan(size);
  }
}

std::uint64_t pixels_of(Portions portions, Label truth) {
  std::uint64_t pixels = 0;
  for (Portion const& each : portions) pixels += each.truth == truth ? each.pixels : 0;
  return pixels;
}

// What pixels with one pseudo-label in one cell become if the cell gets the class.
Label choice_for(Portions portions, Label of_cell) {
  Label const pseudo = portions.front().pseudo;
  bool const keeps =
      pseudo != kIgnore && pixels_of(portions, pseudo) >= pixels_of(portions, of_cell);
  return keeps ? pseudo : of_cell;
}

// The class for a cell with which most of its pixels are right, the lowest of several.
Label best_class(Portions cell, bool is_covered) {
  std::array<bool, 256> shown{};
  shown[kBackground] = true;
  for (Portion const& each : cell) shown[each.truth] = shown[each.truth] || is_covered;
  Label best = kBackground;
  std::uint64_t most = 0;
  for (int label = 0; label < kIgnore; ++label) {
    if (!shown[label]) continue;
    auto const of_cell = static_cast<Label>(label);
    std::uint64_t right = 0;
    for_each_group(cell, &Portion::pseudo, [&](Portions portions) {
      right += pixels_of(portions, choice_for(portions, of_cell));
    });
    if (right > most) {
      best = of_cell;
      most = right;
    }
  }
  return best;
}

LabelMap best_labels(LabelMap const& pseudo, MaskSet const& masks, LabelMap const& truth) {
  require_same_size(masks, pseudo, "the pseudo-label");
  require_same_size(truth.size(), "the ground truth", pseudo.size(), "the pseudo-label");
  Cells const cells(masks, pseudo.size());
  std::vector<std::vector<std::pair<Label, Label>>> choices(cells.count());
  for_each_group(portions_of(cells, pseudo, truth), &Portion::cell, [&](Portions cell) {
    std::uint32_t const number = cell.front().cell;
    Label const of_cell = best_class(cell, !cells.masks_over(number).empty());
    for_each_group(cell, &Portion::pseudo, [&](Portions portions) {
      choices[number].emplace_back(portions.front().pseudo, choice_for(portions, of_cell));
    });
  });
  std::vector<Run> runs;
  std::uint32_t end = 0;
  for_each_piece(cells, std::array{&pseudo.runs()},
                 [&](std::uint32_t cell, std::array<Label, 1> labels, std::uint32_t pixels) {
                   auto const choice =
                       std::ranges::find(choices[cell], labels[0], &std::pair<Label, Label>::first);
                   end += pixels;
                   runs.push_back({end, choice->second});
                 });
  return LabelMap(LabelRuns(pseudo.size(), std::move(runs)));
}

}  // namespace

void declare_oracle(Plugin& plugin) {
  plugin
      .stage<&best_labels>(
          "sepl.oracle",
          "Labels an image as well as any choice of its masks could, by looking at "
          "the ground truth")
      .inputs("pseudo", "masks", "truth")
      .output("labels")
      .details(
          "Shows what the masks allow, so that the rest of the loss is that of the selection. It "
          "is an upper bound and not a method, because it reads the ground truth.\n\n"
          "The masks cut the image into cells: pixels that are in the same masks. A rule that "
          "gives classes to masks paints the whole of a cell with one class, except where the "
          "pseudo-label shows through. So the stage chooses for each cell:\n\n"
          "- one class for the whole cell, background included. A cell that no mask covers can "
          "only be background.\n"
          "- for each class of the pseudo-label in the cell, whether its pixels keep it.\n\n"
          "Of all these choices it takes the one with most right pixels, which is exact: cells do "
          "not depend on each other, and within a cell every choice is tried. Where choices are "
          "equal, pixels keep the pseudo-label, and then the lowest class id is taken. Pixels "
          "whose ground truth is 255 do not count; they become what the choice for their cell "
          "makes of them. A pseudo-label of 255 is never kept.\n\n"
          "No result of `sepl.select` or `sepl.reference` has more right pixels in any image, "
          "with any options. Neither has any other rule that paints masks in some order over or "
          "under the pseudo-label. The bound can be too high: where masks cross, no order of "
          "painting may reach it, and `sepl.select` keeps the pseudo-label of a class in all cells "
          "or in none. What is counted are the right pixels of each image, so another result may "
          "have a higher mIoU over the data set. `sepl.consensus` can exceed the bound, because it "
          "also paints what no mask covers.\n\n"
          "Example: a mask covers a cat and, for a third of its area, the carpet. The pseudo-label "
          "shows half of the cat. With this mask the best is the whole mask as cat: the carpet in "
          "it is wrong. A second mask of that part of the carpet makes a cell of its own of it, "
          "which becomes background, and everything is right.");
}

}  // namespace seplflow::sepl
