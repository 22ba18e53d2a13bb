#include "report/pictures.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include <seplflow/formats/png.hpp>
#include "base/error_of.hpp"
#include "compare/comparison.hpp"
#include "report/overlay.hpp"
#include "run/replay.hpp"

namespace seplflow {
namespace {

using Output = SampleValues::Output;

constexpr char const* kTruth = "ground truth";

// An image that is shown: why, and its place among those that are shown for the same reason.
struct Choice {
  std::string id;
  std::map<std::string, std::size_t> ranks;  // by "worst", "best", "random", "changed"
};

class Choices {
 public:
  void add(std::string const& id, std::string const& why) {
    auto const [found, is_new] = places_.emplace(id, all_.size());
    if (is_new) all_.push_back({id, {}});
    all_[found->second].ranks.emplace(why, counts_[why]++);
  }
  std::vector<Choice> const& all() const { return all_; }

 private:
  std::vector<Choice> all_;
  std::unordered_map<std::string, std::size_t> places_;
  std::map<std::string, std::size_t> counts_;
};

// FNV-1a, mixed once more, since names often differ in their last digits alone. The same images are
// "random" in all reports, on all machines.
std::uint64_t hash_of(std::string const& id) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (char const c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDULL;
  return hash ^ (hash >> 33);
}

// So many of the images that have a key, the smallest keys first.
template <class Keys>
void add_first(Choices& choices, std::vector<std::string> const& names, Keys const& keys,
               std::size_t count, std::string const& why) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (keys[i] == keys[i]) order.push_back(i);
  }
  count = std::min(count, order.size());
  auto const middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(order.begin(), middle, order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(keys[a], a) < std::pair(keys[b], b);
  });
  for (std::size_t i = 0; i < count; ++i) choices.add(names[order[i]], why);
}

// How much the score of each image of the first run differs in another one, negated.
std::vector<double> differences(std::vector<RunData> const& runs) {
  std::vector<double> most(runs[0].images->names.size(), std::nan(""));
  std::unordered_map<std::string_view, std::size_t> rows;
  for (std::size_t i = 0; i < most.size(); ++i) rows.emplace(runs[0].images->names[i], i);
  auto const column_of = [](RunData const& run) -> std::vector<double> const* {
    return run.images && run.score ? run.images->find(run.score->metric) : nullptr;
  };
  auto const* const first = column_of(runs[0]);
  for (std::size_t r = 1; first && r < runs.size(); ++r) {
    auto const* const other = column_of(runs[r]);
    for (std::size_t i = 0; other && i < other->size(); ++i) {
      auto const row = rows.find(runs[r].images->names[i]);
      if (row == rows.end()) continue;
      double const change = -std::abs((*other)[i] - (*first)[row->second]);
      // Images that are equal are no news.
      if (change < 0 && !(most[row->second] <= change)) most[row->second] = change;
    }
  }
  return most;
}

std::vector<Choice> choose(std::vector<RunData> const& runs, std::size_t count) {
  Choices choices;
  RunData const& first = runs.front();
  std::vector<std::string> const& names = first.images ? first.images->names : first.done;
  auto gains = gains_of(first);
  if (!gains.empty()) {
    add_first(choices, names, gains, count, "worst");
    for (double& gain : gains) gain = -gain;
    add_first(choices, names, gains, count, "best");
  }
  std::vector<std::uint64_t> hashes;
  for (std::string const& name : names) hashes.push_back(hash_of(name));
  add_first(choices, names, hashes, count, "random");
  if (runs.size() > 1 && first.images) {
    add_first(choices, names, differences(runs), count, "changed");
  }
  return choices.all();
}

// Where the pictures of a run come from.
struct Ports {
  std::optional<Output> image, before, after, truth;
};

std::optional<Output> input_of(PipelineStage const& stage, std::string_view name) {
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.declaration->inputs[i].name == name) return stage.inputs[i];
  }
  return std::nullopt;
}

std::optional<Output> first_input(Pipeline const& pipeline, std::string_view name) {
  for (PipelineStage const& stage : pipeline.stages) {
    if (auto const found = input_of(stage, name)) return found;
  }
  return std::nullopt;
}

bool is_label_map(Pipeline const& pipeline, Output const& output) {
  return pipeline.stages[output.stage].declaration->outputs[output.output].type ==
         PortType<LabelMap>::name;
}

// What the evaluator compares; in a run without one, what stages read under these names.
Ports ports_of(Pipeline const& pipeline, std::optional<MainScore> const& score) {
  Ports ports;
  auto const evaluator = std::ranges::find(pipeline.stages, score ? score->stage : std::string(),
                                           &PipelineStage::name);
  if (evaluator != pipeline.stages.end()) {
    ports = {std::nullopt, input_of(*evaluator, "baseline"), input_of(*evaluator, "labels"),
             input_of(*evaluator, "truth")};
  }
  if (!ports.after) ports.after = first_input(pipeline, "labels");
  if (!ports.before) ports.before = first_input(pipeline, "pseudo");
  if (ports.before == ports.after) ports.before.reset();
  for (auto* const port : {&ports.before, &ports.after, &ports.truth}) {
    if (*port && !is_label_map(pipeline, **port)) port->reset();
  }
  if (auto const image = find_port(pipeline.source().declaration->outputs, "image")) {
    ports.image = {pipeline.source_index(), *image};
  }
  return ports;
}

// A source whose images no stage reads may not know where they are.
bool may_have_image(Pipeline const& pipeline, std::size_t output, Sample const& sample) {
  PipelineStage const& source = pipeline.source();
  if (source.wanted[output]) return true;
  bool const is_generated = std::ranges::none_of(
      source.declaration->options, [](auto const& each) { return each.type == OptionType::path; });
  return is_generated || !source.instance->files(output, sample).empty();
}

// The pictures of one image as they are collected from the runs.
struct Panel {
  Json json = Json::object();
  std::array<bool, 256> labels{};
  std::shared_ptr<Sample const> sample;
  std::optional<LabelMap> before;
  std::string missing;
};

// The pictures of one run.
class RunPictures {
 public:
  // `prefix` names the run where there are several: "A: ".
  RunPictures(RunData const& run, std::string prefix, std::vector<std::string> overrides,
              StageCatalog const& catalog)
      : prefix_(std::move(prefix)),
        replay_({run.shown, std::move(overrides)}, catalog),
        ports_(ports_of(replay_.pipeline(), run.score)) {}

  Replay& replay() { return replay_; }
  bool has_labels() const { return ports_.before || ports_.after; }
  // Whether the source does not know the file of an image.
  bool lacks_images() const { return lacks_images_; }

  void add(SampleValues& values, Panel& panel) {
    if (!panel.sample) begin(values, panel);
    add_layer(values, panel, ports_.before, "before");
    add_layer(values, panel, ports_.after, "after");
    for (std::string const& input : replay_.changed_inputs(values.sample())) {
      panel.json["notes"].push_back(prefix_ + "the files of " + input +
                                    " are not those that the run read");
    }
  }

  void add_truth(SampleValues& values, Panel& panel) {
    add_layer(values, panel, ports_.truth, kTruth);
  }

 private:
  void begin(SampleValues& values, Panel& panel) {
    panel.sample = std::make_shared<Sample const>(values.sample());
    if (!ports_.image || !may_have_image(replay_.pipeline(), ports_.image->output, *panel.sample)) {
      lacks_images_ = true;
      return;
    }
    auto const error = error_of([&] {
      auto const image = std::static_pointer_cast<Image const>(values.value(*ports_.image));
      if (!image) return;
      panel.json["image"] = image_uri(*image);
      set_size(panel, image->size());
    });
    if (error) panel.json["notes"].push_back("the image is not shown: " + *error);
  }

  void add_layer(SampleValues& values, Panel& panel, std::optional<Output> const& port,
                 std::string const& name) {
    if (!port) return;
    auto const error = error_of([&] {
      auto const labels = std::static_pointer_cast<LabelMap const>(values.value(*port));
      if (!labels) return;
      bool const is_known = name == "before" && panel.before && *panel.before == *labels;
      if (name == "before") panel.before = *labels;
      if (is_known) return;
      auto const areas = label_areas(*labels);
      for (std::size_t label = 0; label < areas.size(); ++label) {
        panel.labels[label] = panel.labels[label] || areas[label] > 0;
      }
      bool const is_alone = prefix_.empty() || name == kTruth;
      std::string const shown = is_alone ? name : prefix_.substr(0, prefix_.find(':')) + " " + name;
      panel.json["layers"].push_back(
          {{"name", shown}, {"png", overlay_uri(*labels, panel.sample->classes->colours())}});
      set_size(panel, labels->size());
    });
    if (error) panel.missing += (panel.missing.empty() ? "" : "; ") + prefix_ + *error;
  }

  static void set_size(Panel& panel, Size size) {
    panel.json["width"] = size.width;
    panel.json["height"] = size.height;
  }

  std::string prefix_;
  Replay replay_;
  Ports ports_;
  bool lacks_images_ = false;
};

// The errors in a pipeline on one line.
std::string text_of(PipelineError const& error) {
  std::string text;
  for (Problem const& problem : error.problems()) {
    text += (text.empty() ? "" : "; ") + problem.place.source->name + ":" +
            std::to_string(problem.place.line) + ": " + problem.message;
  }
  return text;
}

Json legend_of(Panel const& panel) {
  Json legend = Json::array();
  auto const& names = panel.sample->classes->names();
  for (std::size_t label = 1; label < panel.labels.size(); ++label) {
    if (!panel.labels[label]) continue;
    auto const id = static_cast<Label>(label);
    std::string const name = id < names.size() ? names[id] : id == kIgnore ? "no class" : "";
    legend.push_back({label, name, colour_of(id, panel.sample->classes->colours())});
  }
  return legend;
}

Json finished(Choice const& choice, Panel& panel) {
  Json& json = panel.json;
  json["id"] = choice.id;
  json["why"] = Json::array();
  for (auto const& [why, rank] : choice.ranks) {
    json["why"].push_back(why);
    json["rank"][why] = rank;
  }
  if (json["layers"].empty()) {
    json["missing"] = panel.missing.empty() ? "it has no label maps" : panel.missing;
  } else if (!panel.missing.empty()) {
    json["notes"].push_back(panel.missing);
  }
  if (panel.sample) json["legend"] = legend_of(panel);
  return json;
}

// Those of the chosen images that a run has.
std::vector<std::string> ids_in(RunData const& run, std::vector<Choice> const& choices) {
  auto const& names = run.images ? run.images->names : run.done;
  std::set<std::string_view> const known(names.begin(), names.end());
  std::vector<std::string> ids;
  for (Choice const& choice : choices) {
    if (known.contains(choice.id)) ids.push_back(choice.id);
  }
  return ids;
}

class PanelMaker {
 public:
  PanelMaker(std::vector<RunData> const& runs, std::size_t count,
             std::vector<std::string> const& overrides)
      : runs_(runs), overrides_(overrides), choices_(choose(runs, count)) {
    for (Choice const& choice : choices_) {
      panels_[choice.id].json = {{"layers", Json::array()}, {"notes", Json::array()}};
    }
  }

  Panels make() {
    if (choices_.empty()) return {};
    for (std::size_t r = 0; r < runs_.size(); ++r) {
      auto const why = why_without(r);
      if (!why) continue;
      result_.missing.push_back(prefix(r) + "its pictures cannot be computed again: " + *why);
      for (auto& [id, panel] : panels_) panel.missing += (panel.missing.empty() ? "" : "; ") + *why;
    }
    for (Choice const& choice : choices_) {
      Panel& panel = panels_[choice.id];
      Json json = finished(choice, panel);
      bool const is_after = runs_.size() > 1 || panel.before.has_value();
      if (runs_.size() > 1) json["left"] = "A after";
      json["right"] = runs_.size() > 1 ? "B after" : is_after ? "after" : kTruth;
      result_.json.push_back(std::move(json));
    }
    return std::move(result_);
  }

 private:
  // Names a run where there are several: "A: ".
  std::string prefix(std::size_t run) const {
    return runs_.size() > 1 ? letter(run) + ": " : "";
  }

  // Adds the pictures of a run; a text where that fails. Throws PipelineError for an override.
  std::optional<std::string> why_without(std::size_t run) {
    try {
      add(run);
      return std::nullopt;
    } catch (PipelineError const& error) {
      bool const is_override = std::ranges::any_of(
          error.problems(), [](Problem const& each) { return each.place.source->is_argument(); });
      if (is_override) throw;
      return text_of(error) +
             "; if data was moved, name its new place with --set STAGE.OPTION=VALUE";
    } catch (...) {
      return error_of([] { throw; });
    }
  }

  void add(std::size_t run) {
    std::vector<std::string> const ids = ids_in(runs_[run], choices_);
    if (ids.empty()) return;
    RunPictures pictures(runs_[run], prefix(run), overrides_, catalog_);
    if (!pictures.has_labels()) {
      result_.missing.push_back(prefix(run) +
                                "no stage reads label maps, so there are no pictures");
      return;
    }
    std::string const differs = pictures.replay().what_differs();
    if (!differs.empty()) {
      result_.notes.push_back(prefix(run) +
                              "the pictures were computed again, and may differ from the run: " +
                              differs);
    }
    // The data set may have lost some of them.
    bool const is_whole = !add_samples(run, pictures, ids);
    for (std::string const& id : is_whole ? std::vector<std::string>() : ids) {
      if (auto const why = add_samples(run, pictures, {id})) {
        Panel& panel = panels_[id];
        panel.missing += (panel.missing.empty() ? "" : "; ") + prefix(run) + *why;
      }
    }
    if (pictures.lacks_images()) {
      result_.notes.push_back(prefix(run) +
                              "label maps are shown without their image, because stage \"" +
                              pictures.replay().pipeline().source().name + "\" finds no image");
    }
  }

  // A text when the data set does not have one of the samples, and nothing is added.
  std::optional<std::string> add_samples(std::size_t run, RunPictures& pictures,
                                         std::vector<std::string> const& ids) {
    std::vector<std::string> names;
    for (std::string const& id : ids) names.push_back(bytes_of_text(id));
    std::vector<SampleValues> samples;
    auto const why = error_of([&] { samples = pictures.replay().samples(names); });
    for (std::size_t i = 0; i < samples.size(); ++i) {
      pictures.add(samples[i], panels_[ids[i]]);
      if (run + 1 == runs_.size()) pictures.add_truth(samples[i], panels_[ids[i]]);
    }
    return why;
  }

  std::vector<RunData> const& runs_;
  std::vector<std::string> const& overrides_;
  std::vector<Choice> const choices_;
  StageCatalog const catalog_ = default_catalog();
  std::map<std::string, Panel> panels_;
  Panels result_;
};

}  // namespace

Panels make_panels(std::vector<RunData> const& runs, std::size_t count,
                   std::vector<std::string> const& overrides) {
  return PanelMaker(runs, count, overrides).make();
}

}  // namespace seplflow
