#include "catalog/plugin_index.hpp"

#include <dlfcn.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include <seplflow/detail/descriptor.hpp>
#include <seplflow/sample.hpp>
#include "base/text_file.hpp"

namespace seplflow {
namespace {

// Longer files were not written by this program.
constexpr std::uintmax_t kLongestIndex = 16 << 20;

std::string file_stamp(char const* path) {
  struct stat status {};
  if (::stat(path, &status) != 0) return "";
  std::string text;
  for (auto const number :
       {static_cast<std::int64_t>(status.st_size), static_cast<std::int64_t>(status.st_ino),
        static_cast<std::int64_t>(status.st_mtim.tv_sec),
        static_cast<std::int64_t>(status.st_mtim.tv_nsec),
        static_cast<std::int64_t>(status.st_ctim.tv_sec),
        static_cast<std::int64_t>(status.st_ctim.tv_nsec)}) {
    text += std::to_string(number) + " ";
  }
  return text;
}

// The program that declarations are checked by: libseplflow.
std::string const& program_stamp() {
  static std::string const stamp = [] {
    Dl_info library{};
    std::string text = SEPLFLOW_VERSION " " + abi_text(kAbiMajor, kAbiMinor) + " ";
    if (::dladdr(reinterpret_cast<void const*>(&why_unsafe_id), &library) != 0) {
      text += file_stamp(library.dli_fname);
    }
    return text;
  }();
  return stamp;
}

}  // namespace

PluginIndex::PluginIndex(std::filesystem::path file) : file_(std::move(file)) {
  std::error_code error;
  if (file_.empty() || !std::filesystem::is_regular_file(file_, error)) return;
  if (std::filesystem::file_size(file_, error) > kLongestIndex || error) return;
  try {
    std::ifstream stream(file_, std::ios::binary);
    auto const whole = nlohmann::json::parse(stream);
    for (auto const& [library, entry] : whole.items()) {
      entries_[library] = {entry.at(0), entry.at(1)};
    }
  } catch (nlohmann::json::exception const&) {
    entries_.clear();
  }
}

std::string PluginIndex::stamp_of(std::filesystem::path const& library) {
  std::string const stamp = file_stamp(library.c_str());
  return stamp.empty() ? "" : program_stamp() + stamp;
}

std::optional<PluginSummary> PluginIndex::find(std::filesystem::path const& library,
                                               std::string const& stamp) const {
  auto const found = entries_.find(library.string());
  if (found == entries_.end() || stamp.empty() || found->second.stamp != stamp) return std::nullopt;
  return summary_of_text(found->second.summary);
}

void PluginIndex::add(std::filesystem::path const& library, std::string stamp,
                      PluginSummary const& summary) {
  if (file_.empty() || stamp.empty()) return;
  entries_[library.string()] = {std::move(stamp), to_text(summary)};
  changed_ = true;
}

// Other programs may read or write the index at the same time, so it changes in one step.
void PluginIndex::save() {
  if (!changed_) return;
  std::error_code error;
  std::erase_if(entries_,
                [&](auto const& each) { return !std::filesystem::exists(each.first, error); });
  nlohmann::json whole = nlohmann::json::object();
  for (auto const& [library, entry] : entries_) whole[library] = {entry.stamp, entry.summary};
  replace_cache_file(file_, whole.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace seplflow
