// Which samples a run takes, and in which order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace seplflow {

// Why a run cannot take its samples as its settings and its stages want it: both say how many, or a
// stage would write the files of a sample twice. Nothing where it can.
std::optional<std::string> why_not_repeatable(Pipeline const& pipeline);

// How many samples a run takes of a data set of which its settings choose `count`. `ends` are the
// stages that take part, by stage; empty for all.
std::uint64_t samples_to_take(Pipeline const& pipeline, std::uint64_t count,
                              std::vector<bool> const& ends = {});

// The samples of a run. They are those of the data set in its order, once, unless [run] epochs or
// seed say otherwise or a stage wants more (StageInstance::wanted_samples). The order follows from
// the data set and the settings alone.
//
// A run that repeats or shuffles enumerates the data set anew for each epoch, and holds the samples
// until they are taken. So what a source notes of a sample, such as decoded labels, is released with
// it, and memory does not grow with the epochs.
class SampleOrder {
 public:
  // The pipeline must outlive it. Enumerates the first epoch if the run repeats or shuffles; throws
  // what the source throws.
  explicit SampleOrder(Pipeline const& pipeline, std::vector<bool> const& ends = {});

  // How many samples there will be, if that is known.
  std::optional<std::uint64_t> count() const { return count_; }

  // The classes of the first sample; null if it has none, or if there is no sample. To be called
  // before next().
  ClassesPtr classes();

  // The next sample; nothing after the last. Throws what the source throws, or Error when the data
  // set has changed since the first epoch.
  std::optional<Sample> next();

  // The ids of [run] skip that the first epoch has passed over.
  std::vector<std::string> take_left_out() { return std::move(left_out_); }

 private:
  void begin_epoch(StageInstance& source);

  Pipeline const& pipeline_;
  bool const in_epochs_;
  std::optional<std::uint64_t> count_;
  Dealt dealt_;
  std::vector<std::string> left_out_;
  std::optional<Sample> first_;  // if it was taken from the source to see its classes

  // Of a run that repeats or shuffles.
  std::vector<Sample> epoch_;         // as in the data set; those that were taken are empty
  std::vector<std::size_t> order_;    // of epoch_
  std::size_t next_ = 0;              // in order_
  std::uint64_t taken_ = 0;           // in all epochs
  std::uint64_t repetition_ = 0;      // the number of the epoch, from 0
  std::uint64_t ids_ = 0;             // a hash of the ids in the first epoch
};

}  // namespace seplflow
