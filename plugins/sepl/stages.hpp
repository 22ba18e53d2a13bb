// The stages of this plugin.
#pragma once

#include <seplflow/seplflow.hpp>

namespace seplflow::sepl {

// Of pixels that are counted.
inline double ratio(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// As the data set names the class, or its id.
inline std::string name_of(SampleContext const& context, Label label) {
  ClassesPtr const& classes = context.sample().classes;
  return classes && classes->contains(label) ? classes->names()[label]
                                             : "class " + std::to_string(label);
}

void declare_assign(Plugin& plugin);
void declare_select(Plugin& plugin);
void declare_consensus(Plugin& plugin);
void declare_oracle(Plugin& plugin);
void declare_reference(Plugin& plugin);

}  // namespace seplflow::sepl
