#include "class_files.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <seplflow/error.hpp>
#include "common/sample_file.hpp"

namespace seplflow::cam {

namespace fs = std::filesystem;

namespace {

// Visits the files of a folder and its subfolders. Skips links to folders that are being walked.
template <class Visit>
void for_each_file(fs::path const& folder, Visit const& visit) {
  std::error_code error, ignored;
  std::vector<fs::path> open = {fs::canonical(folder, ignored)};  // the folders being walked
  auto const options = fs::directory_options::follow_directory_symlink;
  for (fs::recursive_directory_iterator entry(folder, options, error), end; !error && entry != end;
       entry.increment(error)) {
    open.resize(static_cast<std::size_t>(entry.depth()) + 1);
    if (!entry->is_directory(ignored)) {
      entry.disable_recursion_pending();
      visit(entry->path());
      continue;
    }
    open.push_back(fs::canonical(entry->path(), ignored));
    if (std::ranges::count(open, open.back()) > 1) entry.disable_recursion_pending();
  }
  if (error) throw Error("cannot read the folder " + folder.string() + ": " + error.message());
}

}  // namespace

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
  for_each_file(folder_, [this](fs::path const& file) { add(file); });
  for (auto& [sample, classes] : classes_) std::ranges::sort(classes);
}

void ClassFiles::add(fs::path const& file) {
  if (is_system_file(file)) return;
  std::string const stem = file.lexically_relative(folder_).replace_extension().generic_string();
  auto const name = class_file_name(stem);
  if (!name || file.extension() != ".png") {
    if (stranger_.empty()) stranger_ = file.filename().string();
    return;
  }
  classes_[std::string(name->sample)].push_back(name->number);
  if (std::size_t const slash = name->sample.rfind('/'); slash == std::string_view::npos) {
    has_own_ = true;
  } else {
    below_.try_emplace(stem.substr(0, slash), stem + ".png");
  }
  bool const number = name->sample.find_first_not_of("0123456789") == std::string_view::npos &&
                      (name->sample == "0" || name->sample.front() != '0');
  only_numbers_ = only_numbers_ && number;
}

std::vector<std::string> ClassFiles::only_below() const {
  std::vector<std::string> files;
  for (auto const& [folder, file] : below_) {
    if (!has_own_) files.push_back(file);
  }
  return files;
}

std::vector<std::uint32_t> const* ClassFiles::of(std::string const& sample) const {
  auto const found = classes_.find(sample);
  return found == classes_.end() ? nullptr : &found->second;
}

fs::path ClassFiles::file(std::string_view sample, std::uint32_t number) const {
  return folder_ / (std::string(sample) + "_" + std::to_string(number) + ".png");
}

}  // namespace seplflow::cam
