#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <seplflow/formats/torch_file.hpp>
#include "nets/base/device.hpp"
#include "nets/base/torch_call.hpp"
#include "nets/core/learner.hpp"
#include "nets/core/make_trainer.hpp"
#include "nets/core/training_file.hpp"

namespace seplflow::nets {
namespace {

std::unique_ptr<Learner> make_learner(Weights const& weights, NetworkShape const& shape,
                                      TrainerOptions const& options) {
  switch (shape.network) {
    case Network::deeplab:
      return make_deeplab_learner(weights, shape);
    case Network::irn_cam:
      return make_classifier_learner(weights, shape);
    case Network::irn:
      return make_irn_learner(weights, shape);
    case Network::psa_affinity:
      return make_affinity_learner(weights, shape, options);
    case Network::psa_cam:
      break;
  }
  throw Error(std::string(name_of(shape.network)) +
              " cannot be trained here; train IRN's classifier");
}

// Tensors that change with one rate.
struct ParameterGroup {
  LearningGroup group;
  std::vector<std::string> names;
  std::vector<at::Tensor> weights, velocities;
};

// Losses of a micro batch, still on the device: the parts, then their total.
struct MicroBatch {
  at::Tensor losses;
  std::vector<std::string> ids;
};

struct FinishedIteration {
  std::int64_t iteration;
  double rate;
  std::vector<MicroBatch> micro_batches;
};

std::string joined(std::vector<std::string> const& ids) {
  std::string text;
  for (std::string const& id : ids) text += (text.empty() ? "" : ", ") + id;
  return text;
}

NamedValues named_values(std::string const& name, at::Tensor const& tensor) {
  return {name, tensor.sizes().vec(), values_of(tensor.detach())};
}

// Runs f, which uses torch, with gradients and the threads of a training.
template <class F>
auto with_threads(std::int64_t threads, F const& f, TrainingBatch const* batch) {
  use_threads(static_cast<int>(threads));
  c10::AutoGradMode const with_gradients(true);
  return translate_errors(f, [&](std::string const& cause) {
    std::string const what = batch == nullptr
                                 ? "this training"
                                 : "a batch of " + std::to_string(batch->count) + " crops of " +
                                       to_string(batch->size) + " pixels (height x width)";
    return OutOfMemory("the device has too little memory for the network and " + what +
                       ": lower batch or crop, or set precision = \"bfloat16\" (" + cause + ")");
  });
}

class NetworkTrainer final : public Trainer {
 private:
  template <class F>
  auto call(F const& f, TrainingBatch const* batch = nullptr) const {
    return with_threads(options_.threads, f, batch);
  }

 public:
  explicit NetworkTrainer(TrainerOptions const& options)
      : options_(options),
        shape_(shape_to_train(options)),
        device_(device_of(options.device)),
        must_measure_(options.checkpoint.empty()) {
    call([&] {
      InitialWeights initial = initial_weights(options_, shape_, device_);
      tensors_ = std::move(initial.tensors);
      counters_ = std::move(initial.counters);
      part_count_ = loss_parts(shape_.network).size();
      make_groups();
      learner_ = make_learner(Weights(tensors_), shape_, options_);
    });
  }

  NetworkShape const& shape() const override { return shape_; }
  std::int64_t iteration() const override { return iteration_; }

  void accumulate(TrainingBatch const& batch) override {
    OptimizerOptions const& optimizer = options_.optimizer;
    require_batch(batch);
    if (iteration_ >= optimizer.iterations || std::ssize(micro_batches_) >= optimizer.iter_size) {
      throw std::logic_error("accumulate() after the last micro batch");
    }
    call(
        [&] {
          at::Tensor const images = images_of(batch);
          measure(images);
          std::int64_t const draw = iteration_ * optimizer.iter_size + std::ssize(micro_batches_);
          Learner::Loss const loss = learner_->loss(images, batch, draw);
          (loss.total / static_cast<double>(optimizer.iter_size)).backward();
          remember(loss, batch.ids);
        },
        &batch);
  }

  void step() override {
    OptimizerOptions const& optimizer = options_.optimizer;
    if (std::ssize(micro_batches_) != optimizer.iter_size) {
      throw std::logic_error("step() before the last micro batch");
    }
    double const factor = rate_factor();
    call([&] {
      c10::NoGradGuard const fixed;
      for (ParameterGroup& group : groups_) {
        change(group, optimizer.rate * group.group.rate_factor * factor);
      }
    });
    finished_.push_back({++iteration_, optimizer.rate * factor, std::move(micro_batches_)});
    micro_batches_.clear();
  }

  std::vector<IterationReport> take_reports() override {
    auto reports = call([&] { return reports_of(finished_); });
    finished_.clear();
    return reports;
  }

  void add_to_mean_displacement(TrainingBatch const& batch) override {
    call(
        [&] {
          c10::NoGradGuard const fixed;
          mean_displacements_.push_back(
              learner_->displacements(images_of(batch)).to(at::kFloat).mean({0, 2, 3}));
        },
        &batch);
  }

  LabelMap labels(Image const& image) const override {
    return call([&] {
      c10::NoGradGuard const fixed;
      return learner_->labels(image, device_, type_of(options_.precision));
    });
  }

  double loss(TrainingBatch const& batch) const override {
    require_batch(batch);
    return call(
        [&] {
          c10::NoGradGuard const fixed;
          return double{
              values_of(learner_->loss(images_of(batch), batch, std::nullopt).total).at(0)};
        },
        &batch);
  }

  std::vector<std::uint8_t> encode_weights() const override {
    return call([&] {
      reports_of(finished_);
      Weights::Tensors tensors = tensors_;
      if (!mean_displacements_.empty()) {
        tensors.at("mean_shift.running_mean") = at::stack(mean_displacements_).mean(0);
      }
      return encode_network(shape_.network, tensors, counters_);
    });
  }

  std::vector<std::uint8_t> encode_state(std::string const& place) const override {
    if (!micro_batches_.empty()) throw std::logic_error("encode_state() in an iteration");
    return call([&] {
      reports_of(finished_);
      return encode_training({tensors_, velocities(), counters_, iteration_, place},
                             description_of(options_, shape_));
    });
  }

  std::string restore(std::filesystem::path const& file) override {
    return call([&] {
      c10::NoGradGuard const fixed;
      TrainingState state =
          read_training(file, description_of(options_, shape_), expected_tensors(shape_));
      for (auto& [name, tensor] : tensors_) tensor.copy_(state.tensors.at(name));
      for (ParameterGroup& group : groups_) {
        for (std::size_t i = 0; i < group.names.size(); ++i) {
          group.weights[i].mutable_grad() = at::Tensor();
          group.velocities[i].copy_(state.velocities.at(group.names[i]));
        }
      }
      counters_ = std::move(state.counters);
      iteration_ = state.iteration;
      must_measure_ = must_measure_ && iteration_ == 0;
      micro_batches_.clear();
      finished_.clear();
      return state.place;
    });
  }

  std::vector<NamedValues> weights() const override {
    return call([&] {
      std::vector<NamedValues> all;
      for (auto const& [name, tensor] : tensors_) all.push_back(named_values(name, tensor));
      return all;
    });
  }

  std::vector<NamedValues> gradients() const override {
    return call([&] {
      std::vector<NamedValues> all;
      for (ParameterGroup const& group : groups_) {
        for (std::size_t i = 0; i < group.names.size(); ++i) {
          at::Tensor const& gradient = group.weights[i].grad();
          if (gradient.defined()) all.push_back(named_values(group.names[i], gradient));
        }
      }
      return all;
    });
  }

  std::vector<NamedValues> outputs(TrainingBatch const& batch) const override {
    require_batch(batch);
    return call(
        [&] {
          c10::NoGradGuard const fixed;
          std::vector<NamedValues> all;
          for (auto const& [name, tensor] : learner_->outputs(images_of(batch), batch)) {
            all.push_back(named_values(name, tensor));
          }
          return all;
        },
        &batch);
  }

 private:
  void make_groups() {
    bool const is_random = options_.checkpoint.empty();
    for (auto& [name, tensor] : tensors_) {
      auto const found = learning_group(shape_.network, name, is_random);
      if (!found) continue;
      tensor.set_requires_grad(true);
      auto group = std::ranges::find_if(groups_, [&](ParameterGroup const& known) {
        return known.group.rate_factor == found->rate_factor;
      });
      if (group == groups_.end()) group = groups_.insert(group, ParameterGroup{*found, {}, {}, {}});
      group->names.push_back(name);
      group->weights.push_back(tensor);
      group->velocities.push_back(at::zeros_like(tensor.detach()));
    }
  }

  void require_batch(TrainingBatch const& batch) const {
    constexpr std::size_t kChannels = 3;
    if (batch.count == 0 || batch.images.size() != batch.count * kChannels * batch.size.pixels()) {
      throw Error("a batch of " + std::to_string(batch.count) + " crops of " +
                  to_string(batch.size) + " (height x width) has " +
                  std::to_string(batch.images.size()) + " values");
    }
    learner_->require_fit(batch);
  }

  at::Tensor images_of(TrainingBatch const& batch) const {
    return uploaded(
               batch.images.data(),
               {static_cast<std::int64_t>(batch.count), 3, batch.size.height, batch.size.width},
               device_)
        .to(type_of(options_.precision));
  }

  // Random weights begin with the statistics of the first batch.
  void measure(at::Tensor const& images) {
    if (!must_measure_) return;
    c10::NoGradGuard const fixed;
    make_learner(Weights(tensors_, /*measures_norms=*/true), shape_, options_)->run(images);
    must_measure_ = false;
  }

  void remember(Learner::Loss const& loss, std::vector<std::string> const& ids) {
    std::vector<at::Tensor> losses;
    for (at::Tensor const& part : loss.parts) losses.push_back(part.detach());
    losses.push_back(loss.total.detach());
    micro_batches_.push_back({at::stack(losses), ids});
  }

  // The published rates change where the iteration, from 0, is a multiple of rate_step.
  double rate_factor() const {
    OptimizerOptions const& optimizer = options_.optimizer;
    std::int64_t const at = iteration_ / optimizer.rate_step * optimizer.rate_step;
    return std::pow(1 - static_cast<double>(at) / static_cast<double>(optimizer.iterations),
                    optimizer.power);
  }

  // A step of torch's SGD.
  void change(ParameterGroup& group, double rate) const {
    std::vector<at::Tensor> weights, velocities, gradients;
    for (std::size_t i = 0; i < group.names.size(); ++i) {
      if (!group.weights[i].grad().defined()) continue;
      weights.push_back(group.weights[i]);
      velocities.push_back(group.velocities[i]);
      gradients.push_back(group.weights[i].grad());
      group.weights[i].mutable_grad() = at::Tensor();
    }
    if (weights.empty()) return;
    if (group.group.decays) {
      at::_foreach_add_(gradients, weights, options_.optimizer.weight_decay);
    }
    at::_foreach_mul_(velocities, options_.optimizer.momentum);
    at::_foreach_add_(velocities, gradients, 1);
    at::_foreach_add_(weights, velocities, -rate);
  }

  // Waits for the device.
  std::vector<IterationReport> reports_of(std::vector<FinishedIteration> const& finished) const {
    std::vector<IterationReport> reports;
    if (finished.empty()) return reports;
    std::vector<at::Tensor> losses;
    for (auto const& iteration : finished) {
      for (auto const& batch : iteration.micro_batches) losses.push_back(batch.losses);
    }
    std::vector<float> const values = values_of(at::cat(losses));
    float const* next = values.data();
    for (auto const& iteration : finished) {
      reports.push_back(report_of(iteration, next));
      next += iteration.micro_batches.size() * (part_count_ + 1);
    }
    return reports;
  }

  IterationReport report_of(FinishedIteration const& finished, float const* values) const {
    IterationReport report{finished.iteration, 0, std::vector<double>(part_count_), finished.rate};
    auto const count = static_cast<double>(finished.micro_batches.size());
    for (auto const& batch : finished.micro_batches) {
      for (double& mean : report.parts) mean += *values++ / count;
      float const total = *values++;
      report.loss += total / count;
      if (std::isfinite(total)) continue;
      throw Error("the loss became " + std::string(std::isnan(total) ? "NaN" : "infinite") +
                  " in iteration " + std::to_string(finished.iteration) + ", with the samples " +
                  joined(batch.ids) + "; look at these samples, or lower the rate" +
                  (options_.precision == Precision::float32
                       ? ""
                       : ", or set precision = \"float32\""));
    }
    return report;
  }

  Weights::Tensors velocities() const {
    Weights::Tensors all;
    for (ParameterGroup const& group : groups_) {
      for (std::size_t i = 0; i < group.names.size(); ++i) {
        all.emplace(group.names[i], group.velocities[i]);
      }
    }
    return all;
  }

  TrainerOptions options_;
  NetworkShape shape_;
  at::Device device_;
  bool must_measure_;
  Weights::Tensors tensors_;
  std::map<std::string, std::int64_t> counters_;
  std::vector<ParameterGroup> groups_;
  std::unique_ptr<Learner> learner_;
  std::int64_t iteration_ = 0;
  std::size_t part_count_ = 0;
  std::vector<MicroBatch> micro_batches_;       // of this iteration
  std::vector<FinishedIteration> finished_;     // since the last report
  std::vector<at::Tensor> mean_displacements_;  // of each batch
};

}  // namespace

std::unique_ptr<Trainer> make_trainer(TrainerOptions const& options) {
  keep_freed_memory();
  return std::make_unique<NetworkTrainer>(options);
}

}  // namespace seplflow::nets
