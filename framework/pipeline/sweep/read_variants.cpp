#include "pipeline/sweep/read_variants.hpp"

#include <algorithm>
#include <set>

#include "pipeline/option_text.hpp"
#include "pipeline/sweep/names.hpp"

namespace seplflow {
namespace {

class VariantReader {
 public:
  explicit VariantReader(SweepContext const& context) : context_(context) {}

  NamedVariant read(Setting const& table) {
    variant_.place = table.value_place;
    bool has_name = false;
    for (Setting const& each : settings_of(table)) {
      if (each.key == "name") {
        has_name = true;
        read_name(each);
      } else if (each.key == "set") {
        read_changes(each);
      } else {
        context_.complain(each.place, "a [[variant]] has no \"" + each.key + "\"" +
                                          did_you_mean(each.key, {"name", "set"}) +
                                          " (it has name and set = { \"stage.option\" = value })");
      }
    }
    if (!has_name) {
      context_.complain(variant_.place, "the variant has no name; add name = \"...\"");
    }
    return std::move(variant_);
  }

 private:
  void read_name(Setting const& setting) {
    variant_.place = setting.value_place;
    auto const name = context_.text(setting);
    if (!name) return;
    variant_.name = folder_name(*name);
    if (name->empty() || *name == "." || *name == "..") {
      context_.complain(setting.value_place,
                        "the name of a variant names its folder, so it "
                        "cannot be " +
                            toml_string(*name));
    }
  }

  void read_changes(Setting const& set) {
    if (!set.value->is_table()) {
      context_.complain(set.value_place,
                        "\"set\" must be a table: set = { \"stage.option\" = value }");
      return;
    }
    std::vector<Change> options;
    for (Setting const& each : settings_of(set)) {
      auto const target = read_target(each.key, each.place, context_);
      if (!target) continue;
      if (target->is_whole() && !each.value->is_table()) {
        context_.complain(each.value_place, "\"" + each.key + "\" is a stage; set \"" + each.key +
                                                ".OPTION\", or give it a table of options");
        continue;
      }
      Change change =
          target->is_whole() ? table_change(each, target->stage) : option_change(each, *target);
      for (auto const* const others : {&variant_.changes, &options}) refuse_twice(*others, change);
      (target->is_whole() ? variant_.changes : options).push_back(std::move(change));
    }
    // As on axes, single options come over whole tables.
    std::ranges::move(options, std::back_inserter(variant_.changes));
  }

  void refuse_twice(std::vector<Change> const& others, Change const& change) const {
    for (Change const& other : others) {
      if (other.stage != change.stage) continue;
      for (Setting const& setting : change.settings) {
        if (std::ranges::find(other.settings, setting.key, &Setting::key) == other.settings.end()) {
          continue;
        }
        context_.complain(
            setting.place,
            "the variant sets " + context_.document.quoted(change.stage, setting.key) + " twice");
      }
    }
  }

  SweepContext const& context_;
  NamedVariant variant_;
};

}  // namespace

void read_variants(Setting const& list, SweepContext const& context) {
  auto const* const tables = list.value->as_array();
  if (!tables || !std::ranges::all_of(*tables, [](auto const& each) { return each.is_table(); })) {
    context.complain(list.value_place, "\"variant\" must be a list of tables, written [[variant]]");
    return;
  }
  std::set<std::string> names;
  for (toml::node const& each : *tables) {
    NamedVariant variant = VariantReader(context).read(element(list, each));
    if (!names.insert(variant.name).second && !variant.name.empty()) {
      context.complain(variant.place, "two variants are called \"" + variant.name + "\"");
    }
    context.document.variants.push_back(std::move(variant));
  }
}

}  // namespace seplflow
