#include "binding/sample_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>

#include <seplflow/error.hpp>
#include "base/error_of.hpp"
#include "base/text_file.hpp"
#include "catalog/plugin_places.hpp"
#include "engine/parallel.hpp"
#include "pipeline/check.hpp"
#include "pipeline/option_text.hpp"
#include "pipeline/stage_uses.hpp"
#include "run/warning_log.hpp"

namespace seplflow::python {
namespace {

constexpr char const* kUse = "python.stream";

// Values for Python are copies, which it may write to.
template <class T>
Value copied(void const* value) {
  T const& original = *static_cast<T const*>(value);
  if constexpr (std::is_same_v<T, LabelMap>) {
    auto const pixels = original.pixels();
    return std::make_shared<T const>(original.size(), std::vector(pixels.begin(), pixels.end()));
  } else {
    return std::make_shared<T const>(original);
  }
}

using Copier = Value (*)(void const*);

template <class... T>
std::map<std::string, Copier, std::less<>> copiers_of() {
  return {{std::string(PortType<T>::name), &copied<T>}...};
}

Copier copier_of(Port const& port, std::string const& output) {
  static auto const all = copiers_of<Sample, Image, ImageLabels, LabelMap, ScoreMaps, MaskSet,
                                     OverlapTable>();
  auto const found = all.find(port.type);
  if (found != all.end()) return found->second;
  throw UsageError("output \"" + output + "\" is of type " + port.type +
                   ", which cannot be handed to Python");
}

// The last stage of a stream: an observer whose record is the sample itself.
class Handing final : public StageInstance {
 public:
  Handing(std::vector<Copier> copiers, std::shared_ptr<SampleQueue> queue)
      : copiers_(std::move(copiers)), queue_(std::move(queue)) {}

  void set_option(std::size_t, OptionValue const&) override {}
  std::optional<OptionValue> option(std::size_t) const override { return std::nullopt; }
  void check(OptionCheck&) override {}

  std::optional<std::vector<Value>> run(SampleContext const&,
                                        std::span<void const* const> inputs) override {
    auto values = std::make_shared<std::vector<Value>>();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      values->push_back(inputs[i] ? copiers_[i](inputs[i]) : nullptr);
    }
    return std::vector<Value>{std::move(values)};
  }

  Row fold(Sample const& sample, void const* record, RunFile&) override {
    queue_->put({sample, *static_cast<std::vector<Value> const*>(record)});
    return {};
  }
  Findings finish(RunFile&) override { return {}; }

 private:
  std::vector<Copier> const copiers_;
  std::shared_ptr<SampleQueue> const queue_;
};

class HandingFactory final : public StageFactory {
 public:
  HandingFactory(std::vector<Copier> copiers, std::shared_ptr<SampleQueue> queue)
      : copiers_(std::move(copiers)), queue_(std::move(queue)) {}
  std::unique_ptr<StageInstance> make() const override {
    return std::make_unique<Handing>(copiers_, queue_);
  }

 private:
  std::vector<Copier> const copiers_;
  std::shared_ptr<SampleQueue> const queue_;
};

class NoFile final : public RunFile {
 public:
  void write(std::span<std::uint8_t const>) override {}
  std::filesystem::path path() override { throw Error("a stream has no files"); }
  RunFile& beside(std::filesystem::path const&) override { return *this; }
};

using Uses = std::vector<std::pair<std::string, std::string>>;

// The stages of the file and what they use, after `--set STAGE.use=...`.
Uses uses_of(PipelineRequest const& request) {
  Uses uses = stage_uses(request.file);
  for (auto& [stage, use] : uses) {
    std::string const prefix = stage + ".use=";
    for (std::string const& text : request.overrides) {
      if (!text.starts_with(prefix)) continue;
      use = text.substr(prefix.size());
      std::erase(use, '"');
    }
  }
  return uses;
}

// The port that "STAGE.OUTPUT" names; nothing where the checks of the pipeline report why not.
std::optional<Port> port_of_output(std::string const& output, Uses const& uses,
                                   StageCatalog const& catalog) {
  std::size_t const dot = output.find('.');
  std::string const stage = output.substr(0, dot);
  std::vector<std::string> names;
  for (auto const& [name, use] : uses) names.push_back(name);
  auto const known = std::ranges::find(uses, stage, &Uses::value_type::first);
  if (known == uses.end()) {
    throw UsageError("output \"" + output + "\": the pipeline has no stage \"" + stage + "\"" +
                     did_you_mean(stage, names) + " (it has " + quoted_list(names) + ")");
  }
  auto const* const declaration = catalog.find(known->second).declaration;
  if (!declaration) return std::nullopt;
  std::string const label = "stage \"" + stage + "\" (" + known->second + ")";
  if (declaration->outputs.empty()) {
    throw UsageError("output \"" + output + "\": " + label + " has no outputs");
  }
  if (dot == std::string::npos) return declaration->outputs.front();
  std::string const name = output.substr(dot + 1);
  auto const port = find_port(declaration->outputs, name);
  if (port) return declaration->outputs[*port];
  throw UsageError("output \"" + output + "\": " + label +
                   no_port("output", name, declaration->outputs));
}

std::string unused_name(Uses const& uses) {
  std::string name = "python_stream";
  while (std::ranges::find(uses, name, &Uses::value_type::first) != uses.end()) name += "_";
  return name;
}

std::string input_name(std::size_t output) {
  return "output_" + std::to_string(output);
}

// The table of the stage that hands samples to Python, to be added to the pipeline file.
std::string table_of(std::string const& name, std::vector<std::string> const& outputs) {
  std::string in;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    in += (i == 0 ? "" : ", ") + input_name(i) + " = " + toml_string(outputs[i]);
  }
  return "\n[stages." + name + "]\nuse = \"" + kUse + "\"\nin = { " + in + " }\n";
}

StageDeclaration declaration_of(std::vector<Port> const& ports, std::vector<Copier> copiers,
                                std::shared_ptr<SampleQueue> queue) {
  StageDeclaration declaration;
  declaration.name = kUse;
  declaration.summary = "Hand samples to Python";
  declaration.kind = StageKind::observer;
  declaration.folds = true;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    Port input = ports[i];
    input.name = input_name(i);
    input.optional = true;  // a sample without ground truth is not left out
    input.by_default = false;
    declaration.inputs.push_back(std::move(input));
  }
  declaration.factory = std::make_shared<HandingFactory>(std::move(copiers), std::move(queue));
  return declaration;
}

}  // namespace

// ---- The queue ----

void SampleQueue::put(Item item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_closed_ || items_.size() < room_; });
  if (is_closed_) return;
  items_.push_back(std::move(item));
  changed_.notify_all();
}

void SampleQueue::warn(std::string warning) {
  std::scoped_lock const lock(mutex_);
  warnings_.push_back(std::move(warning));
}

void SampleQueue::end(std::string error) {
  std::scoped_lock const lock(mutex_);
  is_ended_ = true;
  error_ = std::move(error);
  changed_.notify_all();
}

SampleQueue::Taken SampleQueue::take(std::chrono::duration<double> patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return is_ended_ || !items_.empty(); });
  Taken taken;
  if (!items_.empty()) {
    taken.item = std::move(items_.front());
    items_.pop_front();
    changed_.notify_all();
  } else if (is_ended_) {
    taken.is_end = true;
    taken.error = error_;
  }
  taken.warnings = std::exchange(warnings_, {});
  return taken;
}

void SampleQueue::close() {
  std::scoped_lock const lock(mutex_);
  is_closed_ = true;
  items_.clear();
  changed_.notify_all();
}

// ---- The stream ----

class SampleStream::Listener final : public RunListener {
 public:
  Listener(Pipeline const& pipeline, SampleQueue& queue) : pipeline_(pipeline), queue_(queue) {}

  std::string deliver(std::size_t, std::vector<OutputFile> const&) override { return {}; }
  RunFile& run_file(std::size_t) override { return no_file_; }
  void row(std::size_t, Row const&) override {}
  void retired(Retired const& retired) override {
    for (WarningCount const& warning : warnings_.add(pipeline_, retired)) {
      queue_.warn(warning.text() + "; further warnings of this kind are not shown");
    }
    for (Failure const& failure : retired.failures) {
      // Otherwise it is the error of the stream.
      if (pipeline_.on_error(pipeline_.stages[failure.stage]) == OnError::stop) continue;
      queue_.warn("sample \"" + retired.sample.id + "\" failed in stage \"" +
                  pipeline_.stages[failure.stage].name + "\" and is left out: " + failure.error);
    }
  }
  void worked(std::size_t, Sample const&, Clock::time_point, Clock::time_point) override {}

 private:
  Pipeline const& pipeline_;
  SampleQueue& queue_;
  WarningLog warnings_;
  NoFile no_file_;
};

SampleStream::SampleStream(StreamRequest const& request) : process_(::getpid()) {
  if (request.outputs.empty()) throw UsageError("outputs: name at least one, such as \"select.labels\"");
  StageCatalog::Settings settings{default_plugin_index()};
  std::vector<Copier> copiers;
  std::string const file = read_text_file(request.pipeline.file);
  Uses const uses = uses_of(request.pipeline);
  {
    StageCatalog const catalog(default_plugin_places(), {}, settings);
    if (uses.empty()) parse_pipeline(file, request.pipeline, catalog);  // throws: nothing can be read
    for (std::string const& output : request.outputs) {
      // The stage is unknown: load_pipeline says so.
      auto port = port_of_output(output, uses, catalog).value_or(detail::port_of<Sample>(""));
      copiers.push_back(copier_of(port, output));
      ports_.push_back(std::move(port));
    }
  }
  std::size_t const room = request.prefetch > 0 ? request.prefetch
                                                : static_cast<std::size_t>(usable_cores());
  queue_ = std::make_shared<SampleQueue>(room);
  catalog_.emplace(default_plugin_places(),
                   std::vector{declaration_of(ports_, std::move(copiers), queue_)}, settings);
  std::string const text = file + table_of(unused_name(uses), request.outputs);
  pipeline_ = parse_pipeline(text, request.pipeline, *catalog_);
  if (pipeline_.variants.size() > 1) {
    throw UsageError(request.pipeline.file.string() + " has " +
                     std::to_string(pipeline_.variants.size()) +
                     " variants, and a stream has one; stream a pipeline without [sweep], or "
                     "pipeline.toml in the folder of a variant");
  }
  keep_loaded(pipeline_);
  for (Problem const& warning : pipeline_.warnings) queue_->warn(warning.message);
  EngineOptions options{pipeline_.run.jobs, pipeline_.run.in_flight, {}};
  for (PipelineStage const& stage : pipeline_.stages) {
    options.ends.push_back(stage.declaration->name == kUse);
  }
  listener_ = std::make_unique<Listener>(pipeline_, *queue_);
  engine_ = std::make_unique<Engine>(pipeline_, options, *listener_);
  WithoutSignals const without_signals;
  thread_ = std::make_unique<std::thread>([this] { work(); });
}

SampleStream::~SampleStream() {
  close();
  if (is_here()) return;
  // The threads of the process that this one was forked from are missing here, and may have been anywhere
  // in what they use: the end of a condition variable would wait for them.
  static_cast<void>(new std::shared_ptr<SampleQueue>(queue_));
  static_cast<void>(thread_.release());
  static_cast<void>(engine_.release());
  static_cast<void>(listener_.release());
}

bool SampleStream::is_here() const {
  return process_ == ::getpid();
}

void SampleStream::work() {
  std::string text;
  if (auto const error = error_of([&] {
        RunTotals const totals = engine_->run();
        if (totals.end == RunEnd::stopped) text = totals.error;
      })) {
    text = *error;
  }
  queue_->end(std::move(text));
}

void SampleStream::close() {
  if (!is_here() || !thread_) return;
  engine_->drain();
  queue_->close();
  thread_->join();
  thread_.reset();
  engine_.reset();
}

}  // namespace seplflow::python
