#include "core/shape_fit.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace seplflow::sam {
namespace {

using Sizes = std::vector<std::int64_t>;

// Axis `axis` of the tensors of `rank` axes whose names begin and end so.
struct Place {
  std::string_view prefix, suffix;
  std::size_t rank, axis;
};

// Whatever a file claims, so many values are tried for each size, a model has so many blocks, and
// no size is larger.
constexpr std::size_t kMostTried = 6;
constexpr std::int64_t kMostBlocks = 1024;
constexpr std::int64_t kLargestSize = std::int64_t{1} << 31;

constexpr std::string_view kBlocks = "image_encoder.blocks.";
constexpr std::string_view kLayers = "mask_decoder.transformer.layers.";
constexpr std::string_view kIouHead = "mask_decoder.iou_prediction_head.layers.";
constexpr std::string_view kMaskHeads = "mask_decoder.output_hypernetworks_mlps.";

// Calls f(name, shape) for each tensor whose name begins with `prefix`.
template <class F>
void for_each_named(TensorShapes const& tensors, std::string_view prefix, F const& f) {
  auto tensor = tensors.lower_bound(prefix);
  for (; tensor != tensors.end() && tensor->first.starts_with(prefix); ++tensor) {
    f(tensor->first, tensor->second);
  }
}

Sizes sizes_at(TensorShapes const& tensors, std::initializer_list<Place> places) {
  Sizes sizes;
  for (Place const& place : places) {
    for_each_named(tensors, place.prefix, [&](std::string const& name, Sizes const& shape) {
      if (shape.size() != place.rank || !name.ends_with(place.suffix)) return;
      // Of an axis of a tensor without elements a file can claim anything.
      if (shape[place.axis] <= kLargestSize) sizes.push_back(shape[place.axis]);
    });
  }
  return sizes;
}

// How many of PREFIX0., PREFIX1., ... there may be: up to one of the last that are there, as long
// as no more than half are missing.
Sizes counts_of(TensorShapes const& tensors, std::string_view prefix) {
  std::set<std::int64_t, std::greater<>> numbers;
  for_each_named(tensors, prefix, [&](std::string const& name, Sizes const&) {
    std::int64_t number = 0;
    char const* const end = name.data() + name.size();
    auto const [rest, error] = std::from_chars(name.data() + prefix.size(), end, number);
    if (error == std::errc() && rest != end && *rest == '.' && number >= 0) numbers.insert(number);
  });
  Sizes counts;
  auto const most = static_cast<std::int64_t>(2 * numbers.size());
  for (std::int64_t const number : numbers) {
    if (number < std::min(most, kMostBlocks) && counts.size() < kMostTried) {
      counts.push_back(number + 1);
    }
  }
  return counts;
}

// Tokens a side that a block attends to, from its offsets -(n - 1) to n - 1.
std::int64_t span_of(std::int64_t offsets) {
  return (offsets + 1) / 2;
}

// Each once, in their order; of many the most frequent.
Sizes likeliest(Sizes const& candidates) {
  std::map<std::int64_t, std::size_t> votes;
  Sizes distinct;
  for (std::int64_t const candidate : candidates) {
    if (++votes[candidate] == 1) distinct.push_back(candidate);
  }
  if (distinct.size() > kMostTried) {
    std::ranges::stable_sort(distinct, std::greater(),
                             [&](std::int64_t size) { return votes[size]; });
    distinct.resize(kMostTried);
  }
  return distinct;
}

class Fit {
 public:
  explicit Fit(TensorShapes const& tensors) : tensors_(tensors) {}

  ModelShape best() {
    choose_all();
    choose_all();  // what was chosen first had to do with guesses for the rest
    return shape();
  }

 private:
  void choose_all();
  // Sets `size` to the one of the candidates with which the fewest tensors differ, the first of
  // several; `follow` chooses what is to follow it.
  void choose(std::int64_t& size, Sizes const& candidates,
              std::function<void()> const& follow = {});
  // The model of the current sizes.
  ModelShape shape() const;
  std::size_t differences() const;

  Sizes spans() const {
    Sizes spans = sizes_at(
        tensors_, {{kBlocks, ".attn.rel_pos_h", 2, 0}, {kBlocks, ".attn.rel_pos_w", 2, 0}});
    std::ranges::transform(spans, spans.begin(), span_of);
    std::ranges::sort(spans, std::greater());
    return spans;
  }

  TensorShapes const& tensors_;
  EncoderShape encoder_;  // save attends_to
  DecoderShape decoder_;
  std::int64_t blocks_ = 0, window_ = 0;
};

void Fit::choose_all() {
  constexpr std::string_view kPatches = "image_encoder.patch_embed.proj.weight";
  constexpr std::string_view kPositions = "image_encoder.pos_embed";
  constexpr std::string_view kMaskTokens = "mask_decoder.mask_tokens.weight";
  constexpr std::string_view kPrompts = "prompt_encoder.mask_downscaling.";
  auto const at = [this](std::initializer_list<Place> places) {
    return sizes_at(tensors_, places);
  };

  choose(blocks_, counts_of(tensors_, kBlocks));
  choose(encoder_.patch, at({{kPatches, "", 4, 2}, {kPatches, "", 4, 3}}));
  choose(encoder_.width,
         at({{kPatches, "", 4, 0}, {kPositions, "", 4, 3}, {kBlocks, ".norm1.weight", 1, 0}}));
  choose(encoder_.head_width,
         at({{kBlocks, ".attn.rel_pos_h", 2, 1}, {kBlocks, ".attn.rel_pos_w", 2, 1}}));
  choose(encoder_.mlp_width,
         at({{kBlocks, ".mlp.lin1.bias", 1, 0}, {kBlocks, ".mlp.lin1.weight", 2, 0}}));
  Sizes grids = at({{kPositions, "", 4, 1}, {kPositions, "", 4, 2}});
  std::ranges::copy(spans(), std::back_inserter(grids));
  choose(encoder_.grid, grids, [this] { choose(window_, spans()); });

  choose(decoder_.width, at({{"mask_decoder.iou_token.weight", "", 2, 1},
                             {kMaskTokens, "", 2, 1},
                             {"image_encoder.neck.0.weight", "", 4, 0}}));
  choose(decoder_.layers, counts_of(tensors_, kLayers));
  choose(decoder_.mlp_width,
         at({{kLayers, ".mlp.lin1.bias", 1, 0}, {kLayers, ".mlp.lin1.weight", 2, 0}}));
  Sizes mask_tokens = counts_of(tensors_, kMaskHeads);
  for (std::int64_t const tokens : at({{kMaskTokens, "", 2, 0}})) {
    if (std::cmp_less(tokens, tensors_.size())) mask_tokens.push_back(tokens);
  }
  choose(decoder_.mask_tokens, mask_tokens);
  choose(decoder_.iou_layers, counts_of(tensors_, kIouHead));
  choose(decoder_.iou_hidden, at({{kIouHead, ".bias", 1, 0}, {kIouHead, ".weight", 2, 0}}));
  choose(decoder_.prompt_channels, at({{kPrompts, "3.bias", 1, 0}, {kPrompts, "4.bias", 1, 0}}));
}

void Fit::choose(std::int64_t& size, Sizes const& candidates, std::function<void()> const& follow) {
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  std::int64_t best = size;
  auto const take = [&](std::int64_t candidate) {
    size = candidate;
    if (follow) follow();
  };
  for (std::int64_t const candidate : likeliest(candidates)) {
    take(candidate);
    if (std::size_t const differing = differences(); differing < fewest) {
      fewest = differing;
      best = candidate;
    }
  }
  take(best);
}

ModelShape Fit::shape() const {
  ModelShape shape{encoder_, decoder_};
  for (std::int64_t i = 0; i < blocks_; ++i) {
    std::string const positions = std::string(kBlocks) + std::to_string(i) + ".attn.rel_pos_";
    Sizes const offsets = sizes_at(tensors_, {{positions, "", 2, 0}});
    bool const global = std::ranges::find(offsets, encoder_.grid, span_of) != offsets.end();
    shape.encoder.attends_to.push_back(global ? encoder_.grid : window_);
  }
  return shape;
}

std::size_t Fit::differences() const {
  TensorShapes const expected = expected_tensors(shape());
  std::size_t common = 0, same = 0;
  for (auto const& [name, shape] : expected) {
    auto const found = tensors_.find(name);
    if (found == tensors_.end()) continue;
    ++common;
    if (found->second == shape) ++same;
  }
  return expected.size() + tensors_.size() - common - same;
}

}  // namespace

ModelShape fit_shape(TensorShapes const& tensors) {
  return Fit(tensors).best();
}

}  // namespace seplflow::sam
