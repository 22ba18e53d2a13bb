// The stages of this plugin.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/seplflow.hpp>
#include "common/refuse_errors.hpp"
#include "nets/base/library.hpp"
#include "nets/networks.hpp"
#include "nets/shapes.hpp"

namespace seplflow::nets {

// What the stages of the networks have in common; Options derives from ModelOptions.
template <class Options, class Network>
class NetworkStage : public Options {
 public:
  // The library counts as well, since another one may compute other values.
  std::vector<std::filesystem::path> files(Sample const&) const { return {library_file()}; }

 protected:
  // Call it in check(). Reads the shape of the checkpoint, which must be of one of these networks.
  // Returns whether it is.
  bool check_network(OptionCheck& check, std::vector<nets::Network> const& networks,
                     std::string_view cost) {
    check.reads(library_file());
    check_device(
        check, this->device,
        [](std::string const& name) { return functions().resolve_device(name); }, cost);
    return refuse_errors(check, "checkpoint",
                         [&] { shape_ = NetworkFile(this->checkpoint, networks).shape(); });
  }

  NetworkShape const& shape() const { return shape_; }

  // Throws Error unless the data set of the sample has as many classes as the network predicts;
  // `extra` of them, such as background, are not predicted.
  void require_classes(Sample const& sample, std::int64_t extra) const {
    auto const& classes = sample.classes;
    if (!classes || static_cast<std::int64_t>(classes->count()) == shape_.classes + extra) return;
    throw Error("the checkpoint " + this->checkpoint.string() + " predicts " +
                std::to_string(shape_.classes) + " classes, but the data set has " +
                std::to_string(classes->count()) + " with background: " + classes->describe() +
                "; use a checkpoint that was trained for these classes");
  }

  // The network, which `open` opens when the first image needs it.
  Network const& network(std::shared_ptr<Network const> (*Functions::*open)(Options const&)) const {
    return network_->get([&] { return (functions().*open)(*this); });
  }

 private:
  NetworkShape shape_;
  std::shared_ptr<OnDemand<Network>> network_ = std::make_shared<OnDemand<Network>>();
};

// Completes a stage: the checkpoint, `files` for example, then the options of all networks.
template <class T>
StageBuilder<T>& with_network_options(StageBuilder<T>& stage, std::string const& files) {
#ifdef SEPLFLOW_WITHOUT_TORCH
  stage.missing_library("libtorch");
#endif
  return with_device_options(stage.option("checkpoint", &T::checkpoint,
                                          "file with the weights of the network, " + files,
                                          existing_file(), required()));
}

// For details() of these stages.
constexpr char const* kNetworkDetails =
    "The sizes of the network are read from the tensors of the checkpoint, which is a file of "
    "`torch.save`: a zip or a legacy file, plain or as `{\"model\": ...}` or `{\"state_dict\": "
    "...}`. All names may have a prefix, such as the `module.` of DataParallel. When the network "
    "is loaded, the checksums of a zip are verified once; a damaged file fails every sample.\n\n"
    "On a CPU every job works on an image of its own with one thread (with `libopenblas0-serial`, "
    "which is not thread-safe, images take turns: install `libopenblas0-pthread`). On a GPU images "
    "take turns. A GPU's results differ from a CPU's in the last digits, and those of `bfloat16` "
    "differ more. When memory runs out the sample fails.";

void declare_label_deeplab(Plugin& plugin);
void declare_cam_classifier(Plugin& plugin);
void declare_label_irn(Plugin& plugin);
void declare_label_psa(Plugin& plugin);
void declare_augment(Plugin& plugin);
void declare_train_classifier(Plugin& plugin);
void declare_train_deeplab(Plugin& plugin);
void declare_train_irn(Plugin& plugin);
void declare_train_psa(Plugin& plugin);

}  // namespace seplflow::nets
