#include "dense_crf.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace seplflow::label {
namespace {

std::vector<std::unique_ptr<PairwiseTerm>> terms_of(Image const& image,
                                                    PairwiseParameters const& parameters,
                                                    Filtering filtering) {
  std::vector<std::unique_ptr<PairwiseTerm>> terms;
  bool const is_small = image.size().pixels() <= kExactPixels;
  if (filtering == Filtering::exact || (filtering == Filtering::automatic && is_small)) {
    terms.push_back(make_exact_term(image, parameters));
    return terms;
  }
  if (parameters.gaussian_compat > 0) {
    terms.push_back(make_gaussian_term(image.size(), parameters));
  }
  if (parameters.bilateral_compat > 0) terms.push_back(make_bilateral_term(image, parameters));
  return terms;
}

// Turns negative energies into probabilities, pixel by pixel.
void take_softmax(LabelField& field, std::uint32_t twins) {
  std::size_t const pixels = field.size().pixels(), last = field.labels() - 1;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    float highest = -std::numeric_limits<float>::infinity();
    for (std::size_t k = 0; k <= last; ++k) highest = std::max(highest, field.at(k, pixel));
    float sum = 0;
    for (std::size_t k = 0; k <= last; ++k) {
      float& value = field.at(k, pixel);
      value = std::exp(value - highest);
      sum += k == last ? static_cast<float>(twins) * value : value;
    }
    for (std::size_t k = 0; k <= last; ++k) field.at(k, pixel) /= sum;
  }
  if (field.labels() % 4 == 0) return;
  for (Lanes& lanes : field.group(field.groups() - 1)) {
    for (std::size_t k = field.labels() % 4; k < 4; ++k) lanes.at[k] = 0;
  }
}

}  // namespace

LabelField mean_field(Image const& image, Unary unary, PairwiseParameters const& parameters,
                      std::int64_t iterations, Filtering filtering) {
  require_same_size(unary.energies.size(), "the unary", image.size(), "the image");
  auto const terms = terms_of(image, parameters, filtering);
  LabelField& evidence = unary.energies;
  for (Lanes& lanes : evidence.all()) lanes = -1 * lanes;
  LabelField beliefs = evidence, next = evidence;
  take_softmax(beliefs, unary.twins);
  for (std::int64_t iteration = 0; iteration < iterations; ++iteration) {
    std::ranges::copy(evidence.all(), next.all().begin());
    for (std::size_t group = 0; group < evidence.groups(); ++group) {
      for (auto const& term : terms) term->add_messages(beliefs.group(group), next.group(group));
    }
    take_softmax(next, unary.twins);
    std::swap(beliefs, next);
  }
  return beliefs;
}

}  // namespace seplflow::label
