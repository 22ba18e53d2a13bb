#include "class_files.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "data/error.hpp"

namespace seplflow::cam {

namespace fs = std::filesystem;

std::optional<ClassFileName> class_file_name(std::string_view stem) {
  std::size_t const underscore = stem.rfind('_');
  if (underscore == std::string_view::npos || underscore == 0) return std::nullopt;
  std::string_view const digits = stem.substr(underscore + 1);
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0') ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  ClassFileName name{stem.substr(0, underscore), 0};
  std::from_chars(digits.data(), digits.data() + digits.size(), name.number);
  return name;
}

ClassFiles::ClassFiles(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  auto const options = fs::directory_options::follow_directory_symlink;
  for (fs::recursive_directory_iterator entry(folder_, options, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_directory()) add(entry->path());
  }
  if (error) throw Error("cannot read the folder " + folder_.string() + ": " + error.message());
  for (auto& [sample, classes] : classes_) std::ranges::sort(classes);
}

void ClassFiles::add(fs::path const& file) {
  std::string const stem = file.lexically_relative(folder_).replace_extension().generic_string();
  auto const name = class_file_name(stem);
  if (!name || file.extension() != ".png") {
    if (stranger_.empty()) stranger_ = file.filename().string();
    return;
  }
  classes_[std::string(name->sample)].push_back(name->number);
  bool const number = name->sample.find_first_not_of("0123456789") == std::string_view::npos &&
                      (name->sample == "0" || name->sample.front() != '0');
  only_numbers_ = only_numbers_ && number;
}

std::vector<std::uint32_t> const* ClassFiles::of(std::string const& sample) const {
  auto const found = classes_.find(sample);
  return found == classes_.end() ? nullptr : &found->second;
}

fs::path ClassFiles::file(std::string_view sample, std::uint32_t number) const {
  return folder_ / (std::string(sample) + "_" + std::to_string(number) + ".png");
}

}  // namespace seplflow::cam
