#include "pipeline/wiring.hpp"

#include <algorithm>
#include <functional>

#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

std::vector<std::string> names_of(std::vector<Port> const& ports) {
  std::vector<std::string> names;
  for (Port const& port : ports) names.push_back(port.name);
  return names;
}

class Wiring {
 public:
  Wiring(Drafts& drafts, Document const& document, Environment const& environment,
         std::vector<Problem>& problems)
      : drafts_(drafts), document_(document), environment_(environment), problems_(problems) {}

  std::vector<std::size_t> wire() {
    for (Draft& draft : drafts_.list) connect(draft);
    require_one_source();
    require_acyclic();
    find_unused();
    return std::move(order_);
  }

 private:
  void complain(Place const& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void connect(Draft& draft) {
    if (!draft.stage.declaration) return;
    std::vector<Port> const& inputs = draft.stage.declaration->inputs;
    if (Setting const* const in = draft.entry->find("in")) {
      if (inputs.empty()) {
        complain(in->place, owner(draft) + " is a source and takes no input");
        return;
      }
      if (!in->value) {
        draft.inputs_known = false;
      } else if (in->value->is_table()) {
        connect_by_name(draft, *in);
      } else {
        connect_only(draft, *in);
      }
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
               owner(draft) + " has several inputs; write in = { " + example + " }");
      draft.inputs_known = false;
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
        auto const names = names_of(draft.stage.declaration->inputs);
        complain(wire.place, owner(draft) + " has no input \"" + wire.key + "\"" +
                                 did_you_mean(wire.key, names) + " (it has " + quoted_list(names) +
                                 ")");
        draft.inputs_known = false;
      }
    }
  }

  void connect_port(Draft& draft, std::size_t port, Setting const& wire) {
    std::size_t const before = problems_.size();
    read_wire(draft, port, wire);
    if (problems_.size() > before) draft.inputs_known = false;
  }

  void read_wire(Draft& draft, std::size_t port, Setting const& wire) {
    auto const target = read_text(wire, environment_, problems_);
    if (!target) return;
    std::string const stage = target->substr(0, target->find('.'));
    auto const found = drafts_.index.find(stage);
    if (found == drafts_.index.end()) {
      complain(wire.value_place, owner(draft) + " reads from " + toml_string(stage) +
                                     ", but there is no such stage" +
                                     did_you_mean(stage, stage_names()));
      return;
    }
    Draft& producer = drafts_.list[found->second];
    if (!producer.stage.declaration) {
      draft.stage.inputs[port] = PipelineStage::Input{found->second, 0};
      return;
    }
    auto const output = output_of(producer, *target, wire);
    if (!output) return;
    Port const& gives = producer.stage.declaration->outputs[*output];
    Port const& takes = draft.stage.declaration->inputs[port];
    if (gives.type != takes.type) {
      complain(wire.value_place, owner(draft) + ": input \"" + takes.name + "\" takes " +
                                     takes.type + ", but output \"" + gives.name + "\" of stage " +
                                     toml_string(stage) + " (" + producer.stage.declaration->name +
                                     ") gives " + gives.type);
      return;
    }
    draft.stage.inputs[port] = PipelineStage::Input{found->second, *output};
    producer.stage.wanted[*output] = true;
  }

  std::optional<std::size_t> output_of(Draft const& producer, std::string const& target,
                                       Setting const& wire) {
    std::vector<Port> const& outputs = producer.stage.declaration->outputs;
    if (outputs.empty()) {
      complain(wire.value_place, owner(producer) +
                                     " has no output to read from: it is the end of "
                                     "its line");
      return std::nullopt;
    }
    std::size_t const dot = target.find('.');
    if (dot == std::string::npos) return 0;
    std::string const name = target.substr(dot + 1);
    auto const output = find_port(outputs, name);
    if (!output) {
      auto const names = names_of(outputs);
      complain(wire.value_place, owner(producer) + " has no output \"" + name + "\"" +
                                     did_you_mean(name, names) + " (it has " + quoted_list(names) +
                                     ")");
    }
    return output;
  }

  void require_inputs(Draft& draft) {
    std::vector<Port> const& ports = draft.stage.declaration->inputs;
    bool const all_optional = std::ranges::all_of(ports, &Port::optional);
    bool const any_connected = std::ranges::any_of(
        draft.stage.inputs, [](auto const& input) { return input.has_value(); });
    if (!ports.empty() && all_optional && !any_connected) {
      complain(draft.entry->place, owner(draft) + " has nothing on any of its inputs (" +
                                       quoted_list(names_of(ports)) + ")");
    }
    for (std::size_t i = 0; i < draft.stage.inputs.size(); ++i) {
      Port const& port = draft.stage.declaration->inputs[i];
      if (draft.stage.inputs[i] || port.optional) continue;
      complain(draft.entry->place, owner(draft) + " has nothing on its input \"" + port.name +
                                       "\" (" + port.type + "); add it to in = ...");
    }
  }

  void require_one_source() {
    Draft const* first = nullptr;
    bool all_known = true;
    for (Draft const& draft : drafts_.list) {
      if (!draft.stage.declaration) {
        all_known = false;
      } else if (draft.stage.declaration->kind == StageKind::source) {
        if (first) {
          one_source_ = false;
          complain(draft.entry->place, owner(draft) + " is a second source beside \"" +
                                           first->stage.name +
                                           "\"; a pipeline streams one data set");
        } else {
          first = &draft;
        }
      }
    }
    if (!first && all_known) {
      complain({document_.source}, "the pipeline has no source of samples; add a dataset stage");
    }
  }

  void require_acyclic() {
    std::vector<int> state(drafts_.list.size(), 0);  // 0 not seen, 1 on the path, 2 done
    std::vector<std::size_t> path;
    std::function<void(std::size_t)> const visit = [&](std::size_t i) {
      if (state[i] == 2) return;
      if (state[i] == 1) {
        std::string circle;
        for (auto at = std::ranges::find(path, i); at != path.end(); ++at) {
          circle += drafts_.list[*at].stage.name + " -> ";
        }
        Setting const* const in = drafts_.list[i].entry->find("in");
        complain(in->place, "stages read from each other in a circle: " + circle +
                                drafts_.list[i].stage.name + " (\"a -> b\": a reads from b)");
        cyclic_ = true;
        return;
      }
      state[i] = 1;
      path.push_back(i);
      for (auto const& input : drafts_.list[i].stage.inputs) {
        if (input) visit(input->stage);
      }
      path.pop_back();
      state[i] = 2;
      order_.push_back(i);
    };
    for (std::size_t i = 0; i < drafts_.list.size(); ++i) visit(i);
  }

  void find_unused() {
    if (cyclic_) return;
    std::vector<bool> used(drafts_.list.size());
    bool all_known = true;
    for (auto i = order_.rbegin(); i != order_.rend(); ++i) {
      Draft const& draft = drafts_.list[*i];
      if (!draft.stage.declaration || !draft.inputs_known) all_known = false;
      if (!draft.stage.declaration) continue;
      StageKind const kind = draft.stage.declaration->kind;
      if (kind == StageKind::observer || kind == StageKind::sink) used[*i] = true;
      if (!used[*i]) continue;
      for (auto const& input : draft.stage.inputs) {
        if (input) used[input->stage] = true;
      }
    }
    if (!all_known && !use_what_is_named(used)) return;
    for (std::size_t i = 0; i < drafts_.list.size(); ++i) {
      if (used[i] || !drafts_.list[i].stage.declaration) continue;
      bool const is_source = drafts_.list[i].stage.declaration->kind == StageKind::source;
      if (is_source && !one_source_) continue;  // said already
      complain(drafts_.list[i].entry->place,
               owner(drafts_.list[i]) +
                   " is unused: no evaluator and no output depends on it; remove it or connect it");
    }
  }

  // A stage whose wiring could not be read may use all that it names, and means the nearest name
  // where it names nothing. False when even that cannot be told.
  bool use_what_is_named(std::vector<bool>& used) const {
    for (Draft const& draft : drafts_.list) {
      if (draft.stage.declaration && draft.inputs_known) continue;
      Setting const* const in = draft.entry->find("in");
      if (!in) continue;
      if (!in->value) return false;
      auto const* const table = in->value->as_table();
      bool const told =
          table ? std::ranges::all_of(*table,
                                      [&](auto&& wire) { return use_nearest(wire.second, used); })
                : use_nearest(*in->value, used);
      if (!told) return false;
    }
    return true;
  }

  bool use_nearest(toml::node const& wire, std::vector<bool>& used) const {
    auto const target = wire.value_exact<std::string>();
    if (!target) return false;
    auto const name = nearest(target->substr(0, target->find('.')), stage_names());
    if (name) use(drafts_.index.at(*name), used);
    return name.has_value();
  }

  std::vector<std::string> stage_names() const {
    std::vector<std::string> names;
    for (auto const& [name, index] : drafts_.index) names.push_back(name);
    return names;
  }

  void use(std::size_t stage, std::vector<bool>& used) const {
    if (used[stage]) return;
    used[stage] = true;
    for (auto const& input : drafts_.list[stage].stage.inputs) {
      if (input) use(input->stage, used);
    }
  }

  Drafts& drafts_;
  Document const& document_;
  Environment const& environment_;
  std::vector<Problem>& problems_;
  std::vector<std::size_t> order_;
  bool one_source_ = true;
  bool cyclic_ = false;
};

}  // namespace

std::vector<std::size_t> wire(Drafts& drafts, Document const& document,
                              Environment const& environment, std::vector<Problem>& problems) {
  return Wiring(drafts, document, environment, problems).wire();
}

}  // namespace seplflow
