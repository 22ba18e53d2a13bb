#include <algorithm>
#include <map>

#include "pipeline/sweep/expand.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kLongestName = 255;

// The position of the source among the stages of the variant.
std::size_t source_position(Pipeline const& pipeline, Variant const& variant) {
  for (std::size_t i = 0; i < variant.stages.size(); ++i) {
    if (pipeline.stages[variant.stages[i]].declaration->kind == StageKind::source) return i;
  }
  return 0;
}

std::vector<Problem> require_one_source(Pipeline const& pipeline, Sweep const& sweep) {
  Variant const& first = pipeline.variants.front();
  std::size_t const expected = source_position(pipeline, first);
  for (std::size_t i = 1; i < pipeline.variants.size(); ++i) {
    Variant const& variant = pipeline.variants[i];
    std::size_t const source = source_position(pipeline, variant);
    if (variant.stages[source] == first.stages[expected]) continue;
    return {{sweep.difference(0, i, {expected, source}),
             "the variants \"" + first.name + "\" and \"" + variant.name +
                 "\" read different data, but all variants of a sweep share one data set; run "
                 "them separately with --set"}};
  }
  return {};
}

std::vector<Problem> require_usable_names(Pipeline const& pipeline, Sweep const& sweep) {
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < pipeline.variants.size(); ++i) {
    std::string const& name = pipeline.variants[i].name;
    auto const [known, is_new] = names.emplace(name, i);
    if (!is_new) {
      return {{sweep.difference(known->second, i), "two variants have the name \"" + name + "\""}};
    }
    if (name.size() > kLongestName) {
      return {{sweep.difference(0, i),
               "the folder of a variant is named after it, so the name cannot be longer than " +
                   std::to_string(kLongestName) + " bytes; \"" + name.substr(0, 60) + "...\" has " +
                   std::to_string(name.size()) +
                   "; give the values names: { name = \"...\", value = ... }"}};
    }
  }
  return {};
}

// Two values of an axis, or two named variants, must differ in some combination with the others. In
// a single one they need not: a fault of the masks makes no difference to a method without masks.
template <class ValueOf>
void require_different_values(Pipeline const& pipeline, Sweep const& sweep, ValueOf const& value_of,
                              std::vector<Problem>& problems) {
  struct Choice {
    std::size_t first;  // variant
    std::vector<std::vector<std::size_t>> stages;
  };
  std::vector<Choice> choices;
  std::map<std::decay_t<decltype(value_of(pipeline.variants[0]))>, std::size_t> places;
  for (std::size_t i = 0; i < pipeline.variants.size(); ++i) {
    auto const [place, is_new] = places.emplace(value_of(pipeline.variants[i]), choices.size());
    if (is_new) choices.push_back({i, {}});
    choices[place->second].stages.push_back(pipeline.variants[i].stages);
  }
  std::map<std::vector<std::vector<std::size_t>>, std::size_t> known;
  for (Choice& choice : choices) {
    auto const [same, is_new] = known.emplace(std::move(choice.stages), choice.first);
    if (is_new) continue;
    problems.push_back({sweep.difference(same->second, choice.first),
                        "the variants \"" + pipeline.variants[same->second].name + "\" and \"" +
                            pipeline.variants[choice.first].name +
                            "\" are equal in all stages; remove one of them"});
  }
}

std::vector<Problem> require_different_stages(Pipeline const& pipeline, Sweep const& sweep) {
  std::vector<Problem> problems;
  for (std::size_t a = 0; a < pipeline.axes.size(); ++a) {
    auto const value_of = [a](Variant const& variant) { return variant.values[a]; };
    require_different_values(pipeline, sweep, value_of, problems);
  }
  auto const label_of = [](Variant const& variant) -> std::string const& { return variant.label; };
  require_different_values(pipeline, sweep, label_of, problems);
  return problems;
}

}  // namespace

std::vector<Problem> check_variants(Pipeline const& pipeline, Sweep const& sweep) {
  for (auto const& check : {require_one_source, require_usable_names, require_different_stages}) {
    auto problems = check(pipeline, sweep);
    if (!problems.empty()) return problems;
  }
  return {};
}

}  // namespace seplflow
