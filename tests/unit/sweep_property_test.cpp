// Many random sweeps: each variant equals the pipeline that one would have written for it alone,
// and the resolved pipeline gives the same sweep.
#include <map>
#include <random>
#include <set>

#include "pipeline/pipeline.hpp"
#include "support/catch.hpp"
#include "support/random_cases.hpp"
#include "support/toy_stages.hpp"

using namespace seplflow;

namespace {

// The settings of a stage, as TOML.
using Settings = std::map<std::string, std::string>;
using Stages = std::vector<std::pair<std::string, Settings>>;

struct Table {
  std::string name;
  Settings settings;
};

// A random sweep, as text, and what its variants are.
class RandomSweep {
 public:
  explicit RandomSweep(unsigned seed) : random_(seed) {
    stages_ = {{"src", {{"use", "'toy.source'"}}},
               {"a", knobs("'src.number'")},
               {"b", knobs("'a'")},
               {"c", {{"use", "'toy.join'"}, {"in", "{ left = 'b', right = 'src.number' }"}}},
               {"tally", {{"use", "'toy.tally'"}, {"in", "{ number = 'c', baseline = 'b' }"}}},
               {"save", {{"use", "'toy.save'"}, {"in", "'c'"}}}};
    if (chance(2)) std::swap(stages_[1], stages_[4]);
    add_axes();
    if (chance(2)) add_variants();
  }

  std::string text() const {
    std::string text = plain(stages_);
    for (auto const& [name, set] : variants_) {
      text += "[[variant]]\nname = '" + name + "'\n";
      if (!set.empty()) text += "set = " + inline_table(set) + "\n";
    }
    if (!axes_.empty()) text += "[sweep]\n";
    for (auto const& [key, values] : axes_) {
      text += "'" + key + "' = [";
      for (std::string const& value : values) text += value + ", ";
      text += "]\n";
    }
    for (auto const& [key, tables] : whole_axes_) {
      if (axes_.empty() && &key == &whole_axes_.front().first) text += "[sweep]\n";
      text += "'" + key + "' = [";
      for (Table const& table : tables) {
        Settings all = table.settings;
        all["name"] = "'" + table.name + "'";
        text += inline_table(all) + ", ";
      }
      text += "]\n";
    }
    return text;
  }

  // The text of each variant alone, in their order.
  std::vector<std::string> alone() const {
    std::vector<Stages> all = {stages_};
    if (!variants_.empty()) {
      all.clear();
      for (auto const& [name, set] : variants_) {
        all.push_back(stages_);
        for (auto const& [key, value] : set) set_in(all.back(), key, value);
      }
    }
    // In the file single options come first; whole stages apply before them all the same.
    std::vector<std::string> texts;
    for (Stages const& base : all) multiply(base, {}, 0, texts);
    return texts;
  }

 private:
  bool chance(unsigned of) { return random_() % of == 0; }
  std::string any(std::vector<std::string> const& of) { return of[random_() % of.size()]; }

  Settings knobs(std::string const& in) {
    Settings settings = {{"use", "'toy.knobs'"}, {"in", in}};
    if (chance(2)) settings["ratio"] = any({"0.5", "0.25", "1"});
    if (chance(2)) settings["path"] = any({"'x'", "'/y/../x'", "'/p/x'", "'${E}/$${F}'"});
    if (chance(3)) settings["on_error"] = any({"'skip'", "'stop'"});
    return settings;
  }

  // Values of which some are equal once they are read.
  std::vector<std::string> values_of(std::string const& option) {
    if (option == "ratio") return {"0", "0.5", "0.75", "1"};
    if (option == "count") return {"1", "2", "10"};
    if (option == "path") return {"'x'", "'../p/x'", "'${E}'", "'/env'", "'a b'"};
    if (option == "words") return {"['a']", "'b'", "[]", "['$${E}', '${E}']"};
    if (option == "factor") return {"1000000", "1e-05", "-0.3", "{ name = 'big', value = 1e300 }"};
    if (option == "text") return {"'t'", "'0.5'", "{ value = 'u', name = 'v' }"};
    if (option == "on_error") return {"'skip'", "'stop'"};
    return {"'b'", "'src.number'", "{ number = 'src.number' }"};  // save.in
  }

  void add_axes() {
    std::vector<std::string> keys = {"a.ratio",  "a.path", "b.count",       "b.words",
                                     "b.factor", "a.text", "save.on_error", "save.in"};
    std::shuffle(keys.begin(), keys.end(), random_);
    keys.resize(random_() % 3);
    for (std::string const& key : keys) {
      auto values = values_of(key.substr(key.find('.') + 1));
      std::shuffle(values.begin(), values.end(), random_);
      values.resize(1 + random_() % values.size());
      axes_.emplace_back(key, values);
    }
    if (!chance(3)) return;
    std::string const key = any({"a", "b"});
    bool const free = std::ranges::none_of(
        axes_, [&](auto const& axis) { return axis.first.starts_with(key + "."); });
    std::vector<Table> tables;
    for (unsigned i = 0; i < 1 + random_() % 3; ++i) {
      Settings settings;
      if (chance(2)) {
        settings["use"] = any({"'toy.knobs'", free ? "'toy.next'" : "'toy.knobs'"});
        if (chance(3)) settings["in"] = "'src.number'";
      }
      if (!settings.contains("use") || settings["use"] == "'toy.knobs'") {
        if (chance(2)) settings["mood"] = any({"'calm'", "'wild'"});
        if (chance(2)) settings["numbers"] = any({"[1, 2]", "[3]"});
      }
      tables.push_back({"n " + std::to_string(i), settings});
    }
    whole_axes_.emplace_back(key, tables);
  }

  void add_variants() {
    for (unsigned i = 0; i < 1 + random_() % 3; ++i) {
      Settings set;
      if (chance(2)) set["c.on_error"] = any({"'skip'", "'stop'"});
      if (chance(2)) set["'tally.in'"] = any({"'c'", "{ number = 'c' }"});
      variants_.emplace_back("v" + std::to_string(i), unquoted(set));
    }
  }

  static Settings unquoted(Settings const& set) {
    Settings result;
    for (auto const& [key, value] : set) {
      std::string name;
      for (char const c : key) {
        if (c != '\'') name += c;
      }
      result[name] = value;
    }
    return result;
  }

  static std::string inline_table(Settings const& settings) {
    std::string text;
    for (auto const& [key, value] : settings) {
      text += (text.empty() ? " '" : ", '") + key + "' = " + value;
    }
    return "{" + text + " }";
  }

  static std::string plain(Stages const& stages) {
    std::string text;
    for (auto const& [name, settings] : stages) {
      text += "[stages." + name + "]\n";
      for (auto const& [key, value] : settings) text += key + " = " + value + "\n";
    }
    return text;
  }

  static Settings& settings_of(Stages& stages, std::string const& name) {
    for (auto& [each, settings] : stages) {
      if (each == name) return settings;
    }
    throw std::logic_error(name);
  }

  static void set_in(Stages& stages, std::string const& key, std::string value) {
    // { name = ..., value = V }
    std::size_t const at = value.find("value = ");
    if (at != std::string::npos) {
      value = value.substr(at + 8);
      value = value.substr(0, value.find_first_of(",}"));
    }
    std::size_t const dot = key.find('.');
    settings_of(stages, key.substr(0, dot))[key.substr(dot + 1)] = value;
  }

  static void swap_in(Stages& stages, std::string const& name, Settings const& table) {
    Settings& settings = settings_of(stages, name);
    if (table.contains("use")) {
      std::erase_if(settings, [](auto const& each) {
        return each.first != "in" && each.first != "on_error";
      });
    }
    for (auto const& [key, value] : table) settings[key] = value;
  }

  // The product of the axes, the last the fastest.
  void multiply(Stages const& base, std::vector<std::pair<std::string, std::string>> chosen,
                std::size_t axis, std::vector<std::string>& texts) const {
    if (axis < axes_.size()) {
      for (std::string const& value : axes_[axis].second) {
        auto more = chosen;
        more.emplace_back(axes_[axis].first, value);
        multiply(base, more, axis + 1, texts);
      }
      return;
    }
    std::vector<Settings> tables = {{}};
    if (!whole_axes_.empty()) {
      tables.clear();
      for (Table const& table : whole_axes_[0].second) tables.push_back(table.settings);
    }
    for (Settings const& table : tables) {
      Stages stages = base;
      if (!whole_axes_.empty()) swap_in(stages, whole_axes_[0].first, table);
      for (auto const& [key, value] : chosen) set_in(stages, key, value);
      texts.push_back(plain(stages));
    }
  }

  std::mt19937 random_;
  Stages stages_;
  std::vector<std::pair<std::string, std::vector<std::string>>> axes_;
  std::vector<std::pair<std::string, std::vector<Table>>> whole_axes_;
  std::vector<std::pair<std::string, Settings>> variants_;
};

PipelineRequest request(std::string const& file = "/p/toy.toml") {
  return toy::request(file, {{"E", "/env"}});
}

using Options = std::vector<std::optional<OptionValue>>;

Options options(PipelineStage const& stage) {
  Options values;
  for (std::size_t i = 0; i < stage.declaration->options.size(); ++i) {
    values.push_back(stage.instance->option(i));
  }
  return values;
}

// The same stages with the same wires, for each stage of a variant.
void require_same(Pipeline const& left, Variant const& a, Pipeline const& right, Variant const& b) {
  REQUIRE(a.stages.size() == b.stages.size());
  for (std::size_t i = 0; i < a.stages.size(); ++i) {
    PipelineStage const& x = left.stages[a.stages[i]];
    PipelineStage const& y = right.stages[b.stages[i]];
    CAPTURE(x.name);
    REQUIRE(x.name == y.name);
    REQUIRE(x.declaration == y.declaration);
    REQUIRE(options(x) == options(y));
    REQUIRE(x.on_error == y.on_error);
    REQUIRE(x.columns == y.columns);
    REQUIRE(x.inputs.size() == y.inputs.size());
    for (std::size_t k = 0; k < x.inputs.size(); ++k) {
      REQUIRE(x.inputs[k].has_value() == y.inputs[k].has_value());
      if (!x.inputs[k]) continue;
      REQUIRE(x.inputs[k]->output == y.inputs[k]->output);
      // The producer is the variant's own stage of that name.
      auto const place = [](Variant const& variant, std::size_t stage) {
        return std::ranges::find(variant.stages, stage) - variant.stages.begin();
      };
      REQUIRE(place(a, x.inputs[k]->stage) == place(b, y.inputs[k]->stage));
    }
    for (std::size_t k = 0; k < y.wanted.size(); ++k) {
      if (y.wanted[k]) REQUIRE(x.wanted[k]);
    }
  }
}

void require_sound(Pipeline const& pipeline) {
  std::vector<std::vector<bool>> wanted;
  for (PipelineStage const& stage : pipeline.stages) {
    wanted.emplace_back(stage.declaration->outputs.size());
    REQUIRE_FALSE(stage.variants.empty());
    REQUIRE(std::ranges::is_sorted(stage.variants));
    for (auto const& input : stage.inputs) {
      if (!input) continue;
      REQUIRE(input->stage < wanted.size() - 1);
      wanted[input->stage][input->output] = true;
      PipelineStage const& producer = pipeline.stages[input->stage];
      REQUIRE(std::ranges::includes(producer.variants, stage.variants));
    }
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    REQUIRE(pipeline.stages[i].wanted == wanted[i]);
    for (std::size_t const variant : pipeline.stages[i].variants) {
      REQUIRE(std::ranges::count(pipeline.variants[variant].stages, i) == 1);
    }
  }
  for (Variant const& variant : pipeline.variants) REQUIRE(names.insert(variant.name).second);
  // Nothing is there twice: stages that do the same serve the same variants' reader.
  std::set<std::string> seen;
  for (PipelineStage const& stage : pipeline.stages) {
    std::string key = stage.name + stage.declaration->name;
    key += stage.on_error ? (*stage.on_error == OnError::skip ? "skip" : "stop") : "";
    for (auto const& input : stage.inputs) {
      key += input ? std::to_string(input->stage) + "." + std::to_string(input->output) : "-";
    }
    std::string const resolved = resolved_toml(pipeline, stage.variants[0]);
    std::size_t const at = resolved.find("[stages." + stage.name + "]");
    key += resolved.substr(at, resolved.find("\n[", at) - at);
    REQUIRE(seen.insert(key).second);
  }
}

}  // namespace

namespace {

// A variant alone has a name of its own.
std::string without_name(std::string const& text) {
  return text.substr(text.find('\n'));
}

std::size_t stage_count(std::string const& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("[stages."); at != text.npos;
       at = text.find("[stages.", at + 1)) {
    ++count;
  }
  return count;
}

// The pipeline without the stages that a variant leaves out.
std::string without_unused(std::string text) {
  for (Problem const& problem : toy::errors(text, request())) {
    CAPTURE(problem.message);
    REQUIRE(problem.message.find("is unused") != std::string::npos);
    std::size_t const quote = problem.message.find('"') + 1;
    std::string const name =
        problem.message.substr(quote, problem.message.find('"', quote) - quote);
    std::size_t const begin = text.find("[stages." + name + "]");
    REQUIRE(begin != std::string::npos);
    std::size_t const end = text.find("\n[", begin);
    text.erase(begin, end == std::string::npos ? end : end + 1 - begin);
  }
  return text;
}

}  // namespace

TEST_CASE("every variant of a sweep equals the pipeline that one would have written for it",
          "[arithmetic]") {
  int sound = 0, shared = 0;
  for (unsigned seed = 0; seed < 900; ++seed) {
    RandomSweep const sweep(seed);
    std::string const text = sweep.text();
    CAPTURE(seed, text);
    std::vector<std::string> const alone = sweep.alone();
    auto const errors = toy::errors(text, request());
    if (!errors.empty()) {
      // The generator creates equal values and unused stages, and no other error.
      for (Problem const& problem : errors) {
        CAPTURE(problem.message);
        bool const known = problem.message.find("are equal") != std::string::npos ||
                           problem.message.find("twice") != std::string::npos ||
                           problem.message.find("unused") != std::string::npos;
        REQUIRE(known);
      }
      continue;
    }
    Pipeline const pipeline = toy::parse(text, request());
    REQUIRE(pipeline.variants.size() == alone.size());
    std::map<std::string, std::vector<std::size_t>> different;
    std::size_t stages = 0;
    for (std::size_t i = 0; i < alone.size(); ++i) {
      CAPTURE(pipeline.variants[i].name, alone[i]);
      bool const uses_all = stage_count(alone[i]) == pipeline.variants[i].stages.size();
      Pipeline const single = toy::parse(uses_all ? alone[i] : without_unused(alone[i]), request());
      require_same(pipeline, pipeline.variants[i], single, single.variants[0]);
      std::string const resolved = resolved_toml(single);
      REQUIRE(without_name(resolved_toml(pipeline, i)) == without_name(resolved));
      // Variants that are equal share all stages.
      auto const [equal, is_new] = different.emplace(resolved, pipeline.variants[i].stages);
      REQUIRE(equal->second == pipeline.variants[i].stages);
      stages += single.stages.size();
    }
    REQUIRE(pipeline.stages.size() <= stages);
    require_sound(pipeline);
    ++sound;
    if (pipeline.stages.size() < stages) ++shared;
  }
  CHECK(sound > 300);
  CHECK(shared > 120);
}

TEST_CASE("the resolved pipeline of a sweep gives the same sweep again") {
  for (unsigned seed = 5000; seed < 5000u + random_cases(600); ++seed) {
    std::string const text = RandomSweep(seed).text() + "[run]\nshard = \"1/3\"\nkeep = \"best\"\n";
    CAPTURE(seed, text);
    if (!toy::errors(text, request()).empty()) continue;
    Pipeline const pipeline = toy::parse(text, request());
    if (!pipeline.sweeps()) continue;
    std::string const resolved = resolved_toml(pipeline);
    CAPTURE(resolved);
    REQUIRE_THAT(resolved, Contains("shard = \"1/3\"\nkeep = \"best\""));
    auto const elsewhere = toy::request("/quite/elsewhere/toy.toml");
    Pipeline const again = toy::parse(resolved, elsewhere);
    REQUIRE(resolved_toml(again) == resolved);
    REQUIRE(again.stages.size() == pipeline.stages.size());
    REQUIRE(again.axes.size() == pipeline.axes.size());
    for (std::size_t i = 0; i < again.axes.size(); ++i) {
      REQUIRE(again.axes[i].key == pipeline.axes[i].key);
      REQUIRE(again.axes[i].values == pipeline.axes[i].values);
    }
    REQUIRE(again.variants.size() == pipeline.variants.size());
    for (std::size_t i = 0; i < again.variants.size(); ++i) {
      REQUIRE(again.variants[i].name == pipeline.variants[i].name);
      REQUIRE(again.variants[i].values == pipeline.variants[i].values);
      REQUIRE(again.variants[i].stages == pipeline.variants[i].stages);
      require_same(again, again.variants[i], pipeline, pipeline.variants[i]);
    }
  }
}
