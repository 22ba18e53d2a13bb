#include "stages.hpp"

namespace seplflow::sepl {
namespace {

struct Assign {
  OverlapTable operator()(LabelMap const& pseudo, MaskSet const& masks) const {
    return OverlapTable(pseudo, masks);
  }

  // How much of each mask lies in its class, and in the class that comes next.
  Explanation explain(SampleContext const& context, LabelMap const& pseudo,
                      MaskSet const& masks) const {
    OverlapTable const overlaps(pseudo, masks);
    Explanation explanation;
    explanation.columns = {"overlap", "o_s", "o_p", "next class", "next overlap"};
    for (std::size_t i = 0; i < masks.count(); ++i) {
      Explanation::Item item{masks.mask(i)};
      item.facts = Row(explanation.columns.size());
      if (auto const k = overlaps.assigned(i)) {
        std::uint64_t const common = overlaps.overlaps(i)[*k];
        item.label = overlaps.classes()[*k];
        item.kept = true;
        item.facts[0] = common;
        item.facts[1] = ratio(common, overlaps.mask_area(i));
        item.facts[2] = ratio(common, overlaps.class_areas()[*k]);
        if (auto const next = next_class(overlaps, i, *k)) {
          item.facts[3] = name_of(context, overlaps.classes()[*next]);
          item.facts[4] = overlaps.overlaps(i)[*next];
        }
      }
      explanation.items.push_back(std::move(item));
    }
    return explanation;
  }

 private:
  // The class that a mask overlaps most but for its own; nothing when it overlaps no other.
  static std::optional<std::size_t> next_class(OverlapTable const& overlaps, std::size_t i,
                                               std::size_t own) {
    std::optional<std::size_t> next;
    auto const common = overlaps.overlaps(i);
    for (std::size_t k = 0; k < common.size(); ++k) {
      if (k != own && common[k] > (next ? common[*next] : 0)) next = k;
    }
    return next;
  }
};

}  // namespace

void declare_assign(Plugin& plugin) {
  plugin
      .stage<Assign>(
          "sepl.assign", "Assigns each mask to the class of the pseudo-label that it overlaps most")
      .inputs("pseudo", "masks")
      .output("overlaps")
      .details(
          "The mask assignment of SEPL (Chen, Mai, Li, Chao, 2023, section 3). If a mask overlaps "
          "several classes equally, it is assigned to the lowest id; a mask that overlaps no class "
          "is dropped. Background (0) and ignore (255) are not classes. The stage depends on no "
          "threshold, so a sweep over `t1` and `t2` shares it.");
}

}  // namespace seplflow::sepl
