#include "cli/shell_words.hpp"

namespace seplflow::cli {

std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> words = {""};
  bool is_open = false;  // a word has begun, be it empty
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char const letter = line[i];
    if (quote == '\'' ? letter == '\'' : letter == quote && quote != 0) {
      quote = 0;
    } else if (letter == '\\' && quote != '\'' && i + 1 < line.size()) {
      words.back() += line[++i];
      is_open = true;
    } else if (quote != 0 || (letter != ' ' && letter != '\t' && letter != '\'' && letter != '"')) {
      words.back() += letter;
      is_open = true;
    } else if (letter == '\'' || letter == '"') {
      quote = letter;
      is_open = true;
    } else if (is_open) {
      words.emplace_back();
      is_open = false;
    }
  }
  auto const is_assignment = [](std::string const& word) {
    std::size_t const equals = word.find('=');
    return equals != std::string::npos && word.find_first_of("/-.") > equals;
  };
  while (words.size() > 1 && is_assignment(words.front())) words.erase(words.begin());
  return words;
}

std::string quoted_word(std::string const& word) {
  constexpr char const* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@%:,";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (char const letter : word) text += letter == '\'' ? "'\\''" : std::string(1, letter);
  return text + "'";
}

}  // namespace seplflow::cli
