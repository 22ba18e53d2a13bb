#include "pipeline/argument.hpp"

#include "base/utf8.hpp"

namespace seplflow {
namespace {

// Where the element that begins at `begin` ends: at the next comma, or with the text.
std::size_t end_of_element(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  char quote = 0;
  char before = ',';
  for (std::size_t i = begin; i < text.size(); ++i) {
    char const c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if ((c == '"' || c == '\'') &&
               std::string_view(",[{=").find(before) != std::string_view::npos) {
      quote = c;  // elsewhere, as in "it's", it is a letter like others
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == ',' && depth == 0) {
      return i;
    }
    if (c != ' ') before = c;
  }
  return text.size();
}

}  // namespace

Setting read_argument(std::string flag, std::string const& argument, std::size_t number,
                      std::filesystem::path const& working_folder) {
  auto const source = std::make_shared<SourceText>(SourceText{std::move(flag), argument, number});
  Setting setting;
  setting.place = setting.value_place = {source};
  setting.base = working_folder;
  std::size_t const equals = argument.find('=');
  if (equals == std::string::npos) return setting;
  setting.key = argument.substr(0, equals);
  setting.value_place.column = static_cast<std::uint32_t>(equals + 2);
  setting.raw = argument.substr(equals + 1);
  return setting;
}

std::vector<Setting> split_list(Setting const& argument, Document& document) {
  std::string_view const text = *argument.raw;
  std::vector<Setting> elements;
  if (text.find_first_not_of(' ') == std::string_view::npos) return elements;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const next = end_of_element(text, begin);
    std::size_t end = next;
    while (begin < end && text[begin] == ' ') ++begin;
    while (end > begin && text[end - 1] == ' ') --end;
    Setting element = argument;
    element.raw = text.substr(begin, end - begin);
    element.value = document.add_value(*element.raw);
    std::size_t const offset = character_count(text.substr(0, begin));
    element.value_place.column += static_cast<std::uint32_t>(offset);
    elements.push_back(std::move(element));
    begin = next + 1;
  }
  return elements;
}

}  // namespace seplflow
