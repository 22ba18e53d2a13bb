// Why a stage made of a sample what it made, for people who look at one sample.
#pragma once

#include <seplflow/label_map.hpp>
#include <seplflow/mask.hpp>
#include <seplflow/option.hpp>
#include <seplflow/stage.hpp>

#include <optional>
#include <string>
#include <vector>

namespace seplflow {

// What explain() of a transform returns. `seplflow explain` shows it as a table and as a picture, and
// adds what it can compute itself: the area of each region, and which class won its pixels in the
// label map that the stage returns.
struct Explanation {
  // Where another value of an option changes the decision about an item, all other options being as
  // they are: it is kept on one side of the value, and dropped at the value and on the other side.
  struct Limit {
    std::string option;
    double value;
    bool kept_below = true;  // kept where the option is less than the value; else where it is more
  };

  // Something that the stage decided about, such as a mask.
  struct Item {
    std::optional<Mask> region = {};  // of the size of the sample's image
    std::optional<Label> label = {};  // the class that the item was given; nothing if it has none
    bool kept = false;                // whether it contributes to what the stage returns
    Row facts = {};                   // as many cells as Explanation::columns
    std::vector<Limit> limits = {};   // nothing where no value of an option changes the decision
  };

  // Values of an option that are worth trying on this sample: numbers, or texts of its choices.
  struct Trial {
    std::string option;
    std::vector<OptionValue> values;
  };

  std::string item = "mask";          // what an item is
  std::vector<std::string> columns;   // of the facts: "o_s"; numbers are shown as they are
  std::vector<Item> items;            // in the order in which they are numbered, from 0
  std::vector<std::string> notes;     // on the sample as a whole, one sentence each
  // Tried in all combinations. At most two options and 200 combinations.
  std::vector<Trial> trials;
};

}  // namespace seplflow
