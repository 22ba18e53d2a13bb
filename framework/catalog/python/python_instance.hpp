// A configured stage that works in Python processes. Internal to the catalog.
#pragma once

#include <memory>
#include <optional>
#include <seplflow/detail/stage_instance.hpp>
#include <string>
#include <vector>

#include "catalog/python/worker_pool.hpp"

namespace seplflow {

// What all instances of a stage share.
struct PythonStage {
  std::shared_ptr<WorkerPool> pool;
  std::string file, interpreter;
  std::shared_ptr<std::string const> text, declared;
  StageKind kind = StageKind::transform;
  std::string name, place;  // "vote.py:7 (vote)"
  std::vector<Port> inputs, outputs;
  std::vector<OptionDeclaration> options;  // the file's, then those of all Python stages
  std::vector<std::string> columns;
  bool ordered = false, any_size = false, names_files = false, counts_samples = false;

  std::size_t own_options() const;  // how many are the file's
  bool remembers() const {
    return ordered || kind == StageKind::source || kind == StageKind::observer;
  }
};

// The options that every Python stage has besides its own: python, timeout and workers.
std::vector<OptionDeclaration> options_of_python_stages();

class PythonInstance final : public StageInstance {
 public:
  explicit PythonInstance(std::shared_ptr<PythonStage const> stage);

  void set_option(std::size_t option, OptionValue const& value) override;
  std::optional<OptionValue> option(std::size_t option) const override { return options_[option]; }
  // Creates the stage in a process, where its own code may refuse its options.
  void check(OptionCheck& check) override;

  std::optional<Sample> next() override;
  std::optional<std::uint64_t> count() const override { return count_; }
  Value produce(std::size_t output, SampleContext const& context) const override;
  std::optional<std::vector<Value>> run(SampleContext const& context,
                                        std::span<void const* const> inputs) override;
  std::vector<std::filesystem::path> files(std::size_t output, Sample const& sample) const override;

  // A record is the text with which the process described it.
  std::optional<std::string> save(void const* record) const override;
  Value load(std::string_view bytes) const override;
  Row fold(Sample const& sample, void const* record, RunFile&) override;
  std::vector<std::string> columns() const override { return stage_->columns; }
  Findings finish(RunFile&) override;

 private:
  PythonUse new_use() const;
  PythonJson request(char const* what) const;
  PythonJson ask_home(PythonJson const& request) const;
  std::vector<Value> values_in(PythonJson const& told, PythonWorker& worker,
                               Sample const& sample) const;
  void take_files(PythonJson const& told, PythonWorker& worker, SampleContext const& context) const;
  ClassesPtr classes_of(PythonJson const& told);

  std::shared_ptr<PythonStage const> stage_;
  std::vector<std::optional<OptionValue>> options_;
  std::shared_ptr<PythonUse const> use_;  // since check()
  std::optional<std::uint64_t> count_;
  PythonJson told_classes_;  // of the sample before, which shares its classes with the next
  ClassesPtr classes_;
};

}  // namespace seplflow
