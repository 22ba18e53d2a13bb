#include "pipeline/stage_uses.hpp"

#include <algorithm>

#include "base/text_file.hpp"
#include "pipeline/document.hpp"

namespace seplflow {

std::vector<std::pair<std::string, std::string>> stage_uses(std::filesystem::path const& file) {
  std::vector<std::pair<std::string, std::string>> uses;
  try {
    toml::table const document = parsed_toml(read_text_file(file), file.string());
    toml::table const* const stages = document["stages"].as_table();
    if (stages == nullptr) return {};
    std::vector<std::pair<toml::source_index, std::size_t>> lines;
    for (auto const& [key, value] : *stages) {
      toml::table const* const stage = value.as_table();
      if (stage == nullptr) continue;
      lines.push_back({key.source().begin.line, uses.size()});
      uses.push_back({std::string(key.str()), (*stage)["use"].value_or(std::string())});
    }
    std::ranges::sort(lines);
    std::vector<std::pair<std::string, std::string>> in_order;
    for (auto const& [line, index] : lines) in_order.push_back(uses[index]);
    return in_order;
  } catch (std::exception const&) {
    return {};
  }
}

}  // namespace seplflow
