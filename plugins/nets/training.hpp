// Training as a fold: what all stages train.* have in common. Needs no torch.
//
// Samples are augmented and normalised by many threads at once. fold() takes them one by one, in the
// order of the run, puts batches together and lets the trainer learn from them. So the weights
// depend on the data, the options and the order of the run alone.
//
// The state of the training is written into the folder that the run keeps for the stage, from time
// to time and only when the samples that it contains are in the ledger. A resumed run restores it
// and takes over the records of these samples, which are their rows of the table; all later samples
// are worked on again.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/seplflow.hpp>
#include "nets/patch.hpp"
#include "nets/trainer.hpp"

namespace seplflow::nets {

// A row of the table: what `iterations` up to this one did.
struct LoggedIterations {
  std::int64_t iteration = 0;
  double loss = 0, rate = 0, seconds = 0;  // loss and seconds of one iteration, on average
  std::vector<double> parts = {};           // of the loss, as in loss_parts(), on average
  std::optional<double> score = {};         // of the validation after this iteration
};

// A sample that is ready to learn from, or one that an earlier run has learned from.
struct TrainingRecord {
  Size size;
  std::vector<float> image;           // as input_of() returns it
  std::vector<std::uint8_t> labels;   // height x width; empty for a classifier
  std::vector<float> classes;         // of a classifier: 0 or 1 for each
  std::optional<Size> label_size = {};  // of AffinityNet, whose labels are smaller than its images
  std::optional<Image> corner = {};   // of IRNet: the upper left part of the image
  bool is_known = false;              // of an earlier run, without the above
  std::uint64_t number = 0;           // of a known one: how many were folded before
  std::optional<LoggedIterations> row = {};  // of a known one
};

class Training {
 public:
  virtual ~Training() = default;

  std::uint64_t wanted_samples() const;
  void check_sample(Sample const& sample) const;
  void begin_fold(FoldStart const& start);
  std::filesystem::path run_file() const { return "weights.pth"; }
  std::vector<std::string> columns() const;
  Row fold(Sample const& sample, TrainingRecord const& record, RunFile& file);
  std::string progress() const;
  Findings finish(RunFile& file);
  std::string save(TrainingRecord const& record) const;
  TrainingRecord load(std::string_view bytes) const;
  std::vector<std::filesystem::path> files(Sample const& sample) const;

  // Options.
  std::optional<std::filesystem::path> checkpoint;
  std::string device = "auto";
  Precision precision = Precision::float32;
  std::int64_t width = 0;
  std::vector<std::int64_t> blocks;
  std::optional<std::int64_t> iterations;
  std::int64_t batch = 1, iter_size;
  double rate, momentum, weight_decay, power;
  std::int64_t rate_step;
  std::int64_t checkpoint_every = 1000, log_every = 1;
  std::int64_t seed = 0, threads = 0;
  std::optional<std::int64_t> validate_every;

 protected:
  // With the options of the published training, but for the batch.
  explicit Training(Network network);

  // Call it in check().
  void check_training(OptionCheck& check);
  Network network() const { return network_; }
  // Throws Error unless the sides of a crop are multiples of `stride`.
  void require_multiple(Size crop, std::uint32_t stride) const;
  // Counts what can be learned from a sample, and returns it.
  TrainingRecord counted_labels(SampleContext const& context, TrainingRecord record) const;
  // Of the data set, once folding began; null if it has none.
  ClassesPtr const& classes() const { return classes_; }
  // Of the classes of a data set, how many the network has; its trainer is made for so many.
  virtual std::int64_t classes_of(Classes const& classes) const;
  // How many more samples are wanted after the last iteration, and what is done with them. It is
  // done again when the run is resumed.
  virtual std::int64_t samples_afterwards() const { return 0; }
  virtual void fold_afterwards(Trainer&, Sample const&, TrainingRecord const&) {}
  // The score of the present weights, on images that are not learned from; only where there is a
  // name for it. Called after every `validate_every` iterations and the last one.
  virtual std::string score_name() const { return {}; }
  virtual double score(Trainer const&) const { return 0; }
  // Whether a sample is among these images.
  virtual bool is_validated(Sample const&) const { return false; }
  // From the library of the networks; tests have their own.
  virtual std::unique_ptr<Trainer> make_trainer(TrainerOptions const& options) const;
  // After how long a state is written at the latest, unless writing it takes much of that time.
  virtual std::chrono::seconds state_period() const { return std::chrono::seconds(20); }

 private:
  TrainerOptions trainer_options(FoldStart const& start) const;
  void require_classes(ClassesPtr const& classes) const;
  void begin_anew(Sample const& sample, TrainingRecord const& record);
  void learn(Sample const& sample, TrainingRecord const& record);
  void end_iteration();
  void collect_reports();
  void log_iterations();
  void write_state();
  std::filesystem::path state_file() const { return folder_ / "state.pth"; }

  Network const network_;
  TrainerOptions options_;
  ClassesPtr classes_;
  std::filesystem::path folder_;
  std::unique_ptr<Trainer> trainer_;
  std::uint64_t resumed_ = 0;   // how many samples the state contains that the run began with
  std::uint64_t folded_ = 0;    // samples so far
  std::uint64_t complete_ = 0;  // of these, those of complete iterations
  std::uint64_t written_ = 0;   // of these, those in the file of the state
  bool began_anew_ = false;     // although there was a state
  bool write_is_due_ = false;
  std::chrono::steady_clock::time_point write_is_due_at_;
  TrainingBatch batch_;
  std::int64_t micro_batches_ = 0;         // of this iteration
  std::optional<LoggedIterations> row_;     // of the last sample, if it has one
  std::optional<LoggedIterations> logged_;  // the last one
  LoggedIterations sums_;                   // of the iterations since then
  std::int64_t summed_ = 0;                 // how many these are
  std::optional<double> score_;             // of the last validation
  std::uint64_t validated_samples_ = 0;     // that are learned from all the same
  std::chrono::steady_clock::time_point since_;  // when reports were last collected
};

// Completes a stage that trains: its options, with the help of what differs between networks.
template <class T>
StageBuilder<T>& with_training_options(StageBuilder<T>& stage, std::string const& initial_weights) {
#ifdef SEPLFLOW_WITHOUT_TORCH
  stage.missing_library("libtorch");
#endif
  stage
      .option("checkpoint", &T::checkpoint,
              "file with the weights to begin with, " + initial_weights +
                  " (default: random weights)",
              existing_file())
      .option("width", &T::width,
              "of random weights: channels after the first convolution; 0 = as published",
              in_range(0, 1024))
      .option("blocks", &T::blocks,
              "of random weights: number of residual blocks in each of the four groups (default: as "
              "published)",
              in_range(1, 64))
      .option("iterations", &T::iterations,
              "how often the weights are changed; the run takes as many samples as that needs "
              "(default: as many as the samples of the run, [run] epochs, allow)",
              at_least(1))
      .option("batch", &T::batch, "samples whose gradients are computed together",
              in_range(1, 4096))
      .option("iter_size", &T::iter_size, "batches whose gradients an iteration adds up",
              in_range(1, 4096))
      .option("rate", &T::rate, "learning rate of the pretrained layers in the first iteration",
              in_range(0, 1000))
      .option("momentum", &T::momentum, "momentum of the optimizer", in_range(0, 1))
      .option("weight_decay", &T::weight_decay, "weight decay of the optimizer", in_range(0, 1))
      .option("power", &T::power,
              "iteration i, counted from 0, has the learning rate rate * (1 - i / "
              "iterations)^power",
              in_range(0, 100))
      .option("rate_step", &T::rate_step,
              "the learning rate changes where i is a multiple of this", at_least(1))
      .option("checkpoint_every", &T::checkpoint_every,
              "iterations after which the state of the training is written, for --resume",
              at_least(1))
      .option("log_every", &T::log_every,
              "iterations for each row of the table, which holds their mean loss and time",
              at_least(1))
      .option("seed", &T::seed, "of weights that are drawn, and of dropout", at_least(0))
      .option("threads", &T::threads,
              "threads of a training on a CPU; 0 = all cores. The same number gives the same bits",
              in_range(0, 1024));
  return with_device_options(stage.works_in_check());
}

// For details() of these stages.
extern char const* const kTrainingDetails;
// The same for stages that also validate; what the score is must follow.
extern char const* const kValidationDetails;

}  // namespace seplflow::nets
