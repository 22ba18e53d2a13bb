#include "nets/core/training_file.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <sstream>

#include <seplflow/error.hpp>
#include <seplflow/formats/torch_file.hpp>
#include "nets/network_tensors.hpp"

namespace seplflow::nets {
namespace {

constexpr std::string_view kTensors = "weights.", kVelocities = "momentum.",
                           kCounters = "counters.", kVariance = ".running_var",
                           kCounter = ".num_batches_tracked";
constexpr std::string_view kForm = "seplflow training 1";

// Tensors for a file, with the memory that they are written from.
class TensorList {
 public:
  void add(std::vector<std::string> const& names, at::Tensor const& tensor) {
    kept_.push_back(tensor.detach().to(at::kCPU, at::kFloat).contiguous());
    at::Tensor const& here = kept_.back();
    std::vector<std::uint64_t> const shape(here.sizes().begin(), here.sizes().end());
    std::span<std::uint8_t const> const bytes(static_cast<std::uint8_t const*>(here.data_ptr()),
                                              here.nbytes());
    for (std::string const& name : names) {
      arrays_.push_back({name, ElementType::float32, shape, bytes});
    }
  }

  void add(std::vector<std::string> const& names, std::int64_t number) {
    numbers_.push_back(std::make_unique<std::int64_t>(number));
    std::span<std::uint8_t const> const bytes(
        reinterpret_cast<std::uint8_t const*>(numbers_.back().get()), sizeof number);
    for (std::string const& name : names) arrays_.push_back({name, ElementType::int64, {}, bytes});
  }

  std::vector<ArrayToWrite> const& arrays() const { return arrays_; }

 private:
  std::vector<at::Tensor> kept_;
  std::vector<std::unique_ptr<std::int64_t>> numbers_;
  std::vector<ArrayToWrite> arrays_;
};

std::string hex_of(std::string const& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned char const byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string bytes_of_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

void add_to(TrainingState& state, std::string_view name, Array const& array,
            std::string const& file) {
  auto const tensor = [&](std::string const& of) {
    return read_tensor(array, at::kFloat, at::kCPU, file, of);
  };
  std::string const whole(name);
  if (name.starts_with(kTensors)) {
    state.tensors.emplace(whole.substr(kTensors.size()), tensor(whole));
  } else if (name.starts_with(kVelocities)) {
    state.velocities.emplace(whole.substr(kVelocities.size()), tensor(whole));
  } else if (name.starts_with(kCounters)) {
    state.counters.emplace(whole.substr(kCounters.size()), array.integer(0));
  } else if (name == "iteration") {
    state.iteration = array.integer(0);
  }
}

}  // namespace

std::vector<std::uint8_t> encode_network(Network network, Weights::Tensors const& tensors,
                                         Counters const& counters) {
  TensorList list;
  for (auto const& [name, tensor] : tensors) {
    require_finite(tensor);
    list.add(names_in_file(name, network), tensor);
    if (!name.ends_with(kVariance)) continue;
    std::string const counter =
        name.substr(0, name.size() - kVariance.size()) + std::string(kCounter);
    auto const known = counters.find(counter);
    list.add(names_in_file(counter, network), known == counters.end() ? 0 : known->second);
  }
  return encode_torch_file(list.arrays());
}

std::string description_of(TrainerOptions const& options, NetworkShape const& shape) {
  OptimizerOptions const& optimizer = options.optimizer;
  std::ostringstream text;
  text.precision(17);
  text << name_of(shape.network) << " of width " << shape.width << " with blocks";
  for (std::int64_t const count : shape.blocks) text << ' ' << count;
  text << " for " << shape.classes << " classes, rate " << optimizer.rate << ", momentum "
       << optimizer.momentum << ", weight decay " << optimizer.weight_decay << ", power "
       << optimizer.power << ", " << optimizer.iterations << " iterations, rate step "
       << optimizer.rate_step << ", iter_size " << optimizer.iter_size << ", dropout "
       << options.dropout << ", seed " << options.seed
       << (options.checkpoint.empty() ? ", random weights" : ", pretrained weights")
       << (options.precision == Precision::bfloat16 ? ", bfloat16" : ", float32");
  return text.str();
}

std::vector<std::uint8_t> encode_training(TrainingState const& state,
                                          std::string const& description) {
  TensorList list;
  for (auto const& [name, tensor] : state.tensors) {
    require_finite(tensor);
    list.add({std::string(kTensors) + name}, tensor);
  }
  for (auto const& [name, tensor] : state.velocities) {
    list.add({std::string(kVelocities) + name}, tensor);
  }
  for (auto const& [name, number] : state.counters) {
    list.add({std::string(kCounters) + name}, number);
  }
  list.add({"iteration"}, state.iteration);
  std::vector<TextToWrite> const texts{
      {"form", std::string(kForm)}, {"training", description}, {"place", hex_of(state.place)}};
  return encode_torch_file(list.arrays(), texts);
}

TrainingState read_training(std::filesystem::path const& file, std::string const& description,
                            TensorShapes const& expected) {
  std::string const name = "the state of the training " + file.string();
  Pickle const pickle = read_torch_file(file);
  pickle.verify();
  PickleValue const root = pickle.root();
  auto const text = [&](std::string_view key) {
    auto const found = root.is(PickleValue::Kind::dict) ? root.find(key) : std::nullopt;
    return found && found->is(PickleValue::Kind::text) ? std::string(found->text()) : std::string();
  };
  if (text("form") != kForm) {
    throw Error(name + " holds " + root.description() +
                "; expected what a training of this version of seplflow writes to go on from");
  }
  if (text("training") != description) {
    throw Error(name + " belongs to another training: " + text("training") + "; this one is " +
                description + "; use the same options, or begin anew without it");
  }
  TrainingState state;
  state.place = bytes_of_hex(text("place"));
  for (std::size_t i = 0; i < root.size(); ++i) {
    PickleValue const value = root.value(i);
    if (value.is(PickleValue::Kind::array)) {
      add_to(state, root.key(i).text(), value.array(), name);
    }
  }
  TensorShapes shapes;
  for (auto const& [tensor, values] : state.tensors) shapes[tensor] = values.sizes().vec();
  if (shapes != expected) {
    throw Error(name + " does not have the tensors of its network: " +
                differences(shapes, {}, expected, ""));
  }
  return state;
}

}  // namespace seplflow::nets
