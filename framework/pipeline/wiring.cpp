#include <algorithm>
#include <functional>

#include "base/error_of.hpp"
#include "pipeline/check.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

std::vector<std::string> names_of(std::vector<Port> const& ports) {
  std::vector<std::string> names;
  for (Port const& port : ports) names.push_back(port.name);
  return names;
}

// "type lab.Edges has size 24, alignment 8, version 0 in /plugins/lab.so"
std::string with_fingerprint(Port const& port, StageDeclaration const& stage) {
  return "type " + port.type + " has " + port.fingerprint + " in " +
         (stage.library.empty() ? "this program" : stage.library);
}

class Wiring {
 public:
  Wiring(std::vector<Draft> drafts, Document const& document, Environment const& environment)
      : document_(document), environment_(environment), drafts_(set_.drafts) {
    drafts_ = std::move(drafts);
  }

  DraftSet wire() {
    for (Draft& draft : drafts_) connect(draft);
    require_one_source();
    if (set_.problems.empty()) connect_by_default();
    bool const is_acyclic = sort_stages();
    bool const are_connected = std::ranges::all_of(
        drafts_, [](Draft const& draft) { return draft.stage.declaration && draft.inputs_known; });
    // A stage that seems unused may be the one that an invalid wire means.
    if (is_acyclic && are_connected && set_.problems.empty()) find_used();
    set_.is_sound = are_connected && set_.problems.empty();
    return std::move(set_);
  }

 private:
  void complain(Place const& place, std::string message) {
    set_.problems.push_back({place, std::move(message)});
  }

  void connect(Draft& draft) {
    if (!draft.stage.declaration) return;
    std::vector<Port> const& inputs = draft.stage.declaration->inputs;
    if (Setting const* const in = draft.entry->find("in")) {
      if (inputs.empty()) {
        complain(in->place, label_of(draft) + " is a source and has no inputs");
        return;
      }
      std::size_t const before = set_.problems.size();
      if (in->value && in->value->is_table()) {
        connect_by_name(draft, *in);
      } else if (in->value) {
        connect_only(draft, *in);
      }
      draft.inputs_known = in->value && set_.problems.size() == before;
    }
    if (draft.inputs_known) require_inputs(draft);
  }

  void connect_only(Draft& draft, Setting const& in) {
    std::vector<Port> const& inputs = draft.stage.declaration->inputs;
    auto const required = std::ranges::count_if(inputs, [](Port const& p) { return !p.optional; });
    if (required > 1) {
      std::string example;
      for (Port const& port : inputs) {
        if (!port.optional) example += (example.empty() ? "" : ", ") + port.name + " = \"...\"";
      }
      complain(in.value_place,
               label_of(draft) + " has several inputs; write in = { " + example + " }");
      return;
    }
    auto const port = std::ranges::find(inputs, required == 0, &Port::optional);
    connect_port(draft, static_cast<std::size_t>(port - inputs.begin()), in);
  }

  void connect_by_name(Draft& draft, Setting const& in) {
    for (auto const& [key, value] : *in.value->as_table()) {
      Setting const wire = nested(in, key, value);
      auto const port = find_port(draft.stage.declaration->inputs, wire.key);
      if (port) {
        connect_port(draft, *port, wire);
      } else {
        complain(wire.place,
                 label_of(draft) + no_port("input", wire.key, draft.stage.declaration->inputs));
      }
    }
  }

  void connect_port(Draft& draft, std::size_t port, Setting const& wire) {
    if (wire.value->is_boolean() && draft.stage.declaration->inputs[port].optional) {
      switch_off(draft, port, wire);
      return;
    }
    auto const target = read_text(wire, environment_, set_.problems);
    if (!target) {
      std::string& message = set_.problems.back().message;
      message = label_of(draft) + ": " + message;
      return;
    }
    std::string const stage = target->substr(0, target->find('.'));
    auto const found = document_.find_stage(stage);
    if (!found) {
      complain(wire.value_place, label_of(draft) + " reads from the unknown stage " +
                                     toml_string(stage) +
                                     did_you_mean(stage, document_.stage_names()));
      return;
    }
    Draft& producer = drafts_[*found];
    if (!producer.stage.declaration) {
      draft.stage.inputs[port] = PipelineStage::Input{*found, 0};
      return;
    }
    auto const output = output_of(producer, *target, wire);
    if (!output) return;
    Port const& gives = producer.stage.declaration->outputs[*output];
    Port const& takes = draft.stage.declaration->inputs[port];
    if (gives.type != takes.type) {
      complain(wire.value_place, label_of(draft) + ": input \"" + takes.name + "\" has type " +
                                     takes.type + ", but output \"" + gives.name + "\" of " +
                                     label_of(producer) + " has type " + gives.type);
      return;
    }
    if (gives.fingerprint != takes.fingerprint) {
      complain(wire.value_place,
               label_of(draft) + ": " + with_fingerprint(takes, *draft.stage.declaration) +
                   ", but " + with_fingerprint(gives, *producer.stage.declaration) +
                   "; build both plugins with the same header of this type");
      return;
    }
    draft.stage.inputs[port] = PipelineStage::Input{*found, *output};
    producer.stage.wanted[*output] = true;
  }

  void switch_off(Draft& draft, std::size_t port, Setting const& wire) {
    draft.switched_off[port] = true;
    if (!wire.value->as_boolean()->get()) return;
    complain(wire.value_place, label_of(draft) + ": input \"" + wire.key +
                                   "\" takes the name of a stage, or false to leave it unconnected");
  }

  // Connects the inputs that ask for it to the outputs of the source that have their names.
  void connect_by_default() {
    auto const source = std::ranges::find_if(drafts_, [](Draft const& draft) {
      return draft.stage.declaration && draft.stage.declaration->kind == StageKind::source;
    });
    if (source == drafts_.end()) return;
    auto const place = static_cast<std::size_t>(source - drafts_.begin());
    std::optional<std::vector<bool>> offered;  // an instance of the source tells, if any input asks
    for (Draft& draft : drafts_) {
      if (!draft.stage.declaration) continue;
      for (std::size_t i = 0; i < draft.stage.inputs.size(); ++i) {
        Port const& takes = draft.stage.declaration->inputs[i];
        bool const is_open = takes.by_default && !draft.stage.inputs[i] && !draft.switched_off[i];
        auto const output = find_port(source->stage.declaration->outputs, takes.name);
        if (!is_open || !output) continue;
        Port const& gives = source->stage.declaration->outputs[*output];
        if (gives.type != takes.type || gives.fingerprint != takes.fingerprint) continue;
        if (!offered) offered = offered_outputs(*source);
        if (!(*offered)[*output]) continue;
        draft.stage.inputs[i] = PipelineStage::Input{place, *output};
        source->stage.wanted[*output] = true;
      }
    }
  }

  // By output. An error in an option is reported when the source is configured.
  std::vector<bool> offered_outputs(Draft const& source) const {
    StageDeclaration const& declaration = *source.stage.declaration;
    std::vector<bool> offered(declaration.outputs.size());
    error_of([&] {
      auto const instance = declaration.make();
      std::vector<std::string> given, wanted;
      std::vector<Problem> ignored;
      for (Setting const& setting : option_settings(declaration, source.entry->settings)) {
        auto const option = find_option(declaration, setting.key);
        if (!option || !setting.value) continue;
        auto const value =
            read_option(setting, declaration.options[*option], "", environment_, ignored);
        if (!value) continue;
        instance->set_option(*option, *value);
        given.push_back(setting.key);
      }
      for (std::size_t i = 0; i < offered.size(); ++i) {
        if (source.stage.wanted[i]) wanted.push_back(declaration.outputs[i].name);
      }
      OptionCheck const check(std::move(given), {}, std::move(wanted));
      for (std::size_t i = 1; i < offered.size(); ++i) {
        offered[i] = instance->offers(declaration.outputs[i].name, check);
      }
    });
    return offered;
  }

  std::optional<std::size_t> output_of(Draft const& producer, std::string const& target,
                                       Setting const& wire) {
    std::vector<Port> const& outputs = producer.stage.declaration->outputs;
    if (outputs.empty()) {
      complain(wire.value_place,
               label_of(producer) + " has no outputs: sinks and evaluators are the last stages");
      return std::nullopt;
    }
    std::size_t const dot = target.find('.');
    if (dot == std::string::npos) return 0;
    std::string const name = target.substr(dot + 1);
    auto const output = find_port(outputs, name);
    if (!output) {
      complain(wire.value_place, label_of(producer) + no_port("output", name, outputs));
    }
    return output;
  }

  void require_inputs(Draft& draft) {
    std::vector<Port> const& ports = draft.stage.declaration->inputs;
    bool const all_optional = std::ranges::all_of(ports, &Port::optional);
    bool const any_connected = std::ranges::any_of(
        draft.stage.inputs, [](auto const& input) { return input.has_value(); });
    if (!ports.empty() && all_optional && !any_connected) {
      complain(draft.entry->place, label_of(draft) + " has no connected input; it needs " +
                                       quoted_list(names_of(ports)));
    }
    for (std::size_t i = 0; i < draft.stage.inputs.size(); ++i) {
      Port const& port = draft.stage.declaration->inputs[i];
      if (draft.stage.inputs[i] || port.optional) continue;
      complain(draft.entry->place, "input \"" + port.name + "\" (" + port.type + ") of " +
                                       label_of(draft) + " is not connected; add it to in = ...");
    }
  }

  void require_one_source() {
    std::vector<Draft const*> sources;
    for (Draft const& draft : drafts_) {
      if (!draft.stage.declaration || draft.stage.declaration->kind != StageKind::source) continue;
      sources.push_back(&draft);
      if (sources.size() == 1) continue;
      complain(draft.entry->place, label_of(draft) + " is a second source; \"" +
                                       sources.front()->stage.name +
                                       "\" is already the source of the pipeline");
    }
    bool const all_known =
        std::ranges::all_of(drafts_, [](Draft const& each) { return each.stage.declaration; });
    if (sources.empty() && all_known) {
      complain(
          {document_.source},
          drafts_.empty()
              ? "the pipeline has no stages; begin with a source of samples: [stages.data] and "
                "use = \"dataset.folder\" (run \"seplflow stages\" for the list of stages)"
              : "the pipeline has no source of samples; add a dataset stage");
    }
  }

  // Sets the order. False if there is a cycle, which is reported.
  bool sort_stages() {
    enum class State { unseen, on_path, done };
    std::vector<State> states(drafts_.size(), State::unseen);
    std::vector<std::size_t> path;
    bool is_acyclic = true;
    std::function<void(std::size_t)> const visit = [&](std::size_t i) {
      if (states[i] == State::on_path) {
        report_cycle({std::ranges::find(path, i), path.end()});
        is_acyclic = false;
      }
      if (states[i] != State::unseen) return;
      states[i] = State::on_path;
      path.push_back(i);
      for (auto const& input : drafts_[i].stage.inputs) {
        if (input) visit(input->stage);
      }
      path.pop_back();
      states[i] = State::done;
      set_.order.push_back(i);
    };
    for (std::size_t i = 0; i < drafts_.size(); ++i) visit(i);
    return is_acyclic;
  }

  void report_cycle(std::vector<std::size_t> const& stages) {
    std::string cycle;
    for (std::size_t const stage : stages) cycle += drafts_[stage].stage.name + " -> ";
    Draft const& first = drafts_[stages.front()];
    complain(first.entry->find("in")->place, "the stages form a cycle: " + cycle +
                                                 first.stage.name +
                                                 " (\"a -> b\" means that a reads from b)");
  }

  void find_used() {
    set_.used.resize(drafts_.size());
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].stage.is_end()) mark_used(i, set_.used);
    }
    // What only unused stages read is not wanted.
    for (Draft& draft : drafts_) draft.stage.wanted.assign(draft.stage.wanted.size(), false);
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (!set_.used[i]) continue;
      for (auto const& input : drafts_[i].stage.inputs) {
        if (input) drafts_[input->stage].stage.wanted[input->output] = true;
      }
    }
  }

  // The stage, and all stages that it reads from.
  void mark_used(std::size_t stage, std::vector<bool>& used) const {
    if (used[stage]) return;
    used[stage] = true;
    for (auto const& input : drafts_[stage].stage.inputs) {
      if (input) mark_used(input->stage, used);
    }
  }

  Document const& document_;
  Environment const& environment_;
  DraftSet set_;
  std::vector<Draft>& drafts_;  // of set_
};

}  // namespace

std::string no_port(std::string const& kind, std::string const& name,
                    std::vector<Port> const& ports) {
  auto const names = names_of(ports);
  return " has no " + kind + " \"" + name + "\"" + did_you_mean(name, names) + " (it has " +
         quoted_list(names) + ")";
}

DraftSet wire_stages(std::vector<Draft> drafts, Document const& document,
                     Environment const& environment) {
  return Wiring(std::move(drafts), document, environment).wire();
}

}  // namespace seplflow
