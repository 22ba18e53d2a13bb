#include "nets/validation.hpp"

#include <set>
#include <utility>

#include "common/refuse_errors.hpp"
#include "common/sample_file.hpp"
#include "dataset/name_list.hpp"
#include "nets/base/model_options.hpp"

namespace seplflow::nets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostClasses = 254;

std::vector<std::string> names_of(fs::path const& images, std::optional<fs::path> const& list) {
  if (list) return dataset::read_name_list(*list, kMostClasses).names;
  std::vector<std::string> others;
  return dataset::names_in_folder(images, dataset::Pictures::images, others);
}

}  // namespace

void Validation::check_validation(
    OptionCheck& check, std::optional<std::int64_t>& every,
    std::function<fs::path(std::string const& name)> const& label_file_of) {
  if (!validate_images && !validate_labels) {
    for (auto const& [option, is_set] : {std::pair("validate_list", validate_list.has_value()),
                                         {"validate_every", every.has_value()}}) {
      if (!is_set) continue;
      check.refuse(option, "set validate_images and validate_labels to the images to validate on");
    }
    return;
  }
  if (!validate_images || !validate_labels) {
    check.refuse(validate_images ? "validate_images" : "validate_labels",
                 std::string("set ") + (validate_images ? "validate_labels" : "validate_images") +
                     ", too: a validation needs images and what is true of them");
    return;
  }
  if (!every) every = 1000;
  std::vector<std::string> names;
  char const* const source = validate_list ? "validate_list" : "validate_images";
  if (!refuse_errors(check, source, [&] { names = names_of(*validate_images, validate_list); })) {
    return;
  }
  for (std::string const& name : names) {
    if (find_picture(*validate_images, name).empty()) {
      check.refuse("validate_images", "there is no image " + (*validate_images / name).string() +
                                          " (.jpg, .jpeg or .png)");
      return;
    }
    fs::path const labels = label_file_of ? label_file_of(name) : fs::path();
    if (labels.empty() || is_there(labels)) continue;
    check.refuse("validate_labels", "there is no label file " + labels.string() +
                                        "; validate_list chooses the images to validate on");
    return;
  }
  known_ = {names.begin(), names.end()};
  names_ = std::move(names);
}

void Validation::try_some(ClassesPtr const& classes, std::optional<fs::path> const& truth) const {
  if (!validates()) return;
  std::vector<std::string> some;
  for (std::size_t const place : std::set{std::size_t{0}, names_.size() / 2, names_.size() - 1}) {
    some.push_back(names_[place]);
  }
  dataset::ListedSamples samples;
  samples.open(std::move(some), classes, validate_images, truth);
  for_each(std::move(samples), [&](auto const& of, SampleContext const& context) {
    Size const size = of.image(context).size();
    if (!truth) return;
    require_same_size(of.truth(context).value().size(), "the label map", size, "the image");
  });
}

void Validation::for_each(dataset::ListedSamples samples, Visit const& f) const {
  std::uint64_t index = 0;
  while (auto sample = samples.next()) {
    sample->index = index++;
    try {
      f(samples, SampleContext(*sample, nullptr));
    } catch (OutOfMemory const&) {
      throw;
    } catch (Error const& error) {
      throw Error("validation image \"" + sample->id + "\": " + error.what());
    }
  }
}

}  // namespace seplflow::nets
