#include "catalog/python/python_instance.hpp"

#include <seplflow/error.hpp>

#include "catalog/python/values.hpp"

namespace seplflow {
namespace {

enum OwnOption : std::size_t { kPython, kTimeout, kWorkers, kOwnOptions };

PythonJson json_of(OptionValue const& value) {
  return std::visit([](auto const& held) { return PythonJson(held); }, value);
}

// JSON has neither NaN nor infinity, so they come as texts.
double number_in(PythonJson const& told) {
  return told.is_object() ? std::stod(told.at("~float").get<std::string>()) : told.get<double>();
}

Cell cell_of(PythonJson const& told) {
  if (told.is_null()) return {};
  if (told.is_boolean()) return Cell(told.get<bool>() ? 1 : 0);
  if (told.is_number_integer()) return Cell(told.get<std::int64_t>());
  if (told.is_string()) return Cell(told.get<std::string>());
  if (told.is_number() || told.contains("~float")) return Cell(number_in(told));
  throw Error("fold() returned a cell that is neither a number nor a text: " + told.dump());
}

Metrics::Value metric_of(PythonJson const& told) {
  if (told.is_null()) return nullptr;
  if (told.is_boolean()) return std::int64_t{told.get<bool>()};
  if (told.is_number_integer()) return told.get<std::int64_t>();
  if (told.is_number()) return told.get<double>();
  if (told.is_string()) return told.get<std::string>();
  if (told.is_object()) {
    Metrics metrics;
    for (auto const& entry : told.at("~dict")) metrics.set(entry.at(0), metric_of(entry.at(1)));
    return metrics;
  }
  Metrics::List list;
  for (auto const& each : told) list.push_back(std::get<Metrics>(metric_of(each)));
  return list;
}

Findings findings_of(PythonJson const& told) {
  Findings findings;
  findings.metrics = std::get<Metrics>(metric_of(told.at("metrics")));
  for (auto const& table : told.at("tables")) {
    findings.summary.push_back({table.at(0), table.at(1), table.at(2)});
  }
  for (auto const& each : told.at("scores")) {
    Score score{each.at(0), number_in(each.at(1))};
    score.metric = each.at(2);
    score.unit = each.at(3);
    score.better = each.at(4) == "less" ? Better::less : Better::more;
    findings.scores.push_back(std::move(score));
  }
  findings.conditions = told.at("conditions");
  findings.remark = told.at("remark");
  findings.warnings = told.at("warnings").get<std::vector<std::string>>();
  return findings;
}

OptionDeclaration own_option(std::string name, OptionType type, std::string help) {
  OptionDeclaration option;
  option.name = std::move(name);
  option.type = type;
  option.help = std::move(help);
  return option;
}

// A note with which a source finds its sample again.
using PythonNote = std::string;

}  // namespace

std::vector<OptionDeclaration> options_of_python_stages() {
  std::vector<OptionDeclaration> options = {
      own_option(
          "python", OptionType::text,
          "the interpreter that runs the stage: an absolute path, or a name on PATH; by default "
          "the one that its file or SEPLFLOW_PYTHON names, or python3"),
      own_option(
          "timeout", OptionType::number,
          "a sample fails when the stage has not finished it in this time; by default there is "
          "no limit"),
      own_option(
          "workers", OptionType::integer,
          "how many processes work for the stage at the same time, at most; by default one for "
          "each thread")};
  options[kTimeout].unit = "seconds";
  options[kTimeout].minimum = 0.001;
  options[kTimeout].maximum = 1e6;
  options[kWorkers].minimum = 1;
  return options;
}

std::size_t PythonStage::own_options() const {
  return options.size() - kOwnOptions;
}

PythonInstance::PythonInstance(std::shared_ptr<PythonStage const> stage)
    : stage_(std::move(stage)) {
  for (OptionDeclaration const& option : stage_->options) options_.push_back(option.default_value);
}

void PythonInstance::set_option(std::size_t option, OptionValue const& value) {
  options_[option] = value;
}

PythonUse PythonInstance::new_use() const {
  std::size_t const own = stage_->own_options();
  PythonUse use;
  use.interpreter = stage_->interpreter;
  if (auto const& python = options_[own + kPython])
    use.interpreter = std::get<std::string>(*python);
  if (auto const& timeout = options_[own + kTimeout]) use.timeout = std::get<double>(*timeout);
  if (auto const& workers = options_[own + kWorkers]) {
    use.at_once = static_cast<std::uint64_t>(std::get<std::int64_t>(*workers));
  }
  use.file = stage_->file;
  use.name = stage_->name;
  use.text = stage_->text;
  use.declared = stage_->declared;
  use.remembers = stage_->remembers();
  PythonJson options = PythonJson::object();
  for (std::size_t i = 0; i < own; ++i) {
    if (options_[i]) options[stage_->options[i].name] = json_of(*options_[i]);
  }
  try {
    use.options = options.dump();
  } catch (PythonJson::exception const&) {
    throw Error("an option is a text that is not UTF-8, which Python needs");
  }
  return use;
}

void PythonInstance::check(OptionCheck& check) {
  try {
    use_ = stage_->pool->add(new_use());
    if (use_->remembers) {
      stage_->pool->with_home(*use_, [](PythonWorker&) {});
    } else {
      stage_->pool->with_worker(*use_, [](PythonWorker&) {});
    }
    if (stage_->counts_samples)
      count_ = ask_home(request("count")).at("count").get<std::uint64_t>();
  } catch (UnusableInterpreter const& error) {
    check.refuse("python", error.what());
  } catch (std::exception const& error) {
    check.refuse("", error.what());
  }
}

PythonJson PythonInstance::request(char const* what) const {
  return {{"do", what}, {"id", use_->number}};
}

PythonJson PythonInstance::ask_home(PythonJson const& request) const {
  PythonJson told;
  stage_->pool->with_home(
      *use_, [&](PythonWorker& worker) { told = worker.call(request, use_->timeout); });
  return told;
}

std::optional<Sample> PythonInstance::next() {
  PythonJson const told = ask_home(request("next")).at("sample");
  if (told.is_null()) return std::nullopt;
  Sample sample;
  sample.id = told.at("id");
  sample.classes = classes_of(told.at("classes"));
  if (auto const& size = told.at("size"); !size.is_null()) {
    sample.size = checked_size(size.at(0).get<std::uint64_t>(), size.at(1).get<std::uint64_t>(),
                               "the sample " + sample.id);
  }
  if (auto const& note = told.at("note"); !note.is_null()) {
    sample.set_note(std::make_shared<PythonNote>(note.get<std::string>()));
  } else {
    sample.set_note(std::make_shared<PythonNote>());
  }
  return sample;
}

ClassesPtr PythonInstance::classes_of(PythonJson const& told) {
  if (classes_ && told == told_classes_) return classes_;
  if (told == "voc12") {
    classes_ = voc12_classes();
  } else if (told == "coco14") {
    classes_ = coco14_classes();
  } else if (told.is_string()) {
    throw Error("a sample has the classes " + told.dump() +
                "; expected a list of names, \"voc12\" or \"coco14\"");
  } else {
    classes_ = std::make_shared<Classes const>(told.get<std::vector<std::string>>());
  }
  told_classes_ = told;
  return classes_;
}

Value PythonInstance::produce(std::size_t output, SampleContext const& context) const {
  PythonJson asked = request("produce");
  asked["sample"] = sent_sample(context.sample());
  auto const& note = context.sample().note<PythonNote>();
  if (!note.empty()) asked["sample"]["note"] = note;
  asked["output"] = output;
  Value value;
  stage_->pool->with_worker(*use_, [&](PythonWorker& worker) {
    PythonJson const told = worker.call(asked, use_->timeout).at("value");
    if (told.is_null()) return;
    value = received_value(told, stage_->outputs[output].type, worker.results().bytes(),
                           context.sample());
  });
  return value;
}

std::optional<std::vector<Value>> PythonInstance::run(SampleContext const& context,
                                                      std::span<void const* const> inputs) {
  SentValues sent;
  PythonJson asked = request("call");
  asked["sample"] = sent_sample(context.sample());
  PythonJson& told_inputs = asked["inputs"] = PythonJson::array();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    told_inputs.push_back(sent.add(stage_->inputs[i].type, inputs[i]));
  }
  asked["size"] = sent.size();
  std::optional<std::vector<Value>> values;
  auto const call = [&](PythonWorker& worker) {
    sent.copy_to(worker.inputs());
    PythonJson const told = worker.call(asked, use_->timeout);
    for (auto const& each : told.at("warnings")) context.warn(each.at(0), each.at(1));
    for (auto const& each : told.at("counts"))
      context.count(each.at(0), each.at(1).get<std::uint64_t>());
    if (stage_->kind == StageKind::observer) {
      values = {std::make_shared<std::string const>(told.at("record").get<std::string>())};
      return;
    }
    if (stage_->kind == StageKind::transform && told.at("values").is_null()) return;
    values.emplace();
    if (stage_->kind == StageKind::sink) return take_files(told.at("files"), worker, context);
    values = values_in(told.at("values"), worker, context.sample());
  };
  if (stage_->ordered) {
    stage_->pool->with_home(*use_, call);
  } else {
    stage_->pool->with_worker(*use_, call);
  }
  return values;
}

std::vector<Value> PythonInstance::values_in(PythonJson const& told, PythonWorker& worker,
                                             Sample const& sample) const {
  Sample of_any_size = sample;
  if (stage_->any_size) of_any_size.size.reset();
  auto const block = worker.results().bytes();
  std::vector<Value> values;
  try {
    for (std::size_t i = 0; i < told.size(); ++i) {
      values.push_back(received_value(told[i], stage_->outputs[i].type, block, of_any_size));
    }
  } catch (Error const& error) {
    throw Error(stage_->place + ": " + error.what());
  }
  return values;
}

void PythonInstance::take_files(PythonJson const& told, PythonWorker& worker,
                                SampleContext const& context) const {
  auto const block = worker.results().bytes();
  for (auto const& each : told) {
    context.output().write(each.at(0).get<std::string>(),
                           received_bytes(block, each.at(1), each.at(2)));
  }
}

std::vector<std::filesystem::path> PythonInstance::files(std::size_t /*output*/,
                                                         Sample const& sample) const {
  std::vector<std::filesystem::path> files;
  if (!stage_->names_files || stage_->kind == StageKind::source) return files;
  PythonJson asked = request("files");
  asked["sample"] = sent_sample(sample);
  stage_->pool->with_worker(*use_, [&](PythonWorker& worker) {
    PythonJson const told = worker.call(asked, use_->timeout);
    for (auto const& file : told.at("files")) files.emplace_back(file.get<std::string>());
  });
  return files;
}

std::optional<std::string> PythonInstance::save(void const* record) const {
  if (stage_->kind != StageKind::observer) return std::nullopt;
  return *static_cast<std::string const*>(record);
}

Value PythonInstance::load(std::string_view bytes) const {
  if (!PythonJson::accept(bytes)) throw Error("a record of a Python stage is not JSON");
  return std::make_shared<std::string const>(bytes);
}

Row PythonInstance::fold(Sample const& sample, void const* record, RunFile&) {
  PythonJson asked = request("fold");
  asked["sample"] = sent_sample(sample);
  asked["record"] = *static_cast<std::string const*>(record);
  PythonJson const told = ask_home(asked);
  Row row;
  for (auto const& cell : told.at("row")) row.push_back(cell_of(cell));
  if (row.size() != stage_->columns.size()) {
    throw Error(stage_->place + ": fold() returned " + std::to_string(row.size()) +
                " cells, but the stage has " + std::to_string(stage_->columns.size()) + " columns");
  }
  return row;
}

Findings PythonInstance::finish(RunFile&) {
  return findings_of(ask_home(request("finish")));
}

}  // namespace seplflow
