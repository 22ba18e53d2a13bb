#include "name_list.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_map>

#include "common/picture_file.hpp"
#include "data/error.hpp"
#include "data/sample.hpp"
#include "formats/file.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMistakesShown = 10, kLongestShown = 100;

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(kSpace, at)) != std::string_view::npos;) {
    std::size_t const end = std::min(line.find_first_of(kSpace, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

bool is_picture(std::string_view word) {
  return std::ranges::any_of(kPictureEndings,
                             [&](char const* ending) { return word.ends_with(ending); });
}

// "2007_000032" of "/JPEGImages/2007_000032.jpg"
std::string_view stem_of(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  return path.substr(0, path.rfind('.'));
}

std::optional<long> integer_in(std::string_view word) {
  long value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

enum class LineKind { name, paths, classes };

char const* to_text(LineKind kind) {
  switch (kind) {
    case LineKind::name:
      return "a name alone";
    case LineKind::paths:
      return "the path of an image";
    case LineKind::classes:
      return "a name with classes";
  }
  return "";
}

std::optional<LineKind> kind_of(std::vector<std::string_view> const& words) {
  if (words.size() == 1) {
    bool const is_path = words[0].starts_with('/') && is_picture(words[0]);
    return is_path ? LineKind::paths : LineKind::name;
  }
  if (words.size() == 2 && is_picture(words[0]) && is_picture(words[1])) return LineKind::paths;
  bool const numbers = std::all_of(words.begin() + 1, words.end(),
                                   [](std::string_view word) { return integer_in(word); });
  return numbers ? std::optional(LineKind::classes) : std::nullopt;
}

class ListReader {
 public:
  ListReader(fs::path const& file, std::size_t foreground) : file_(file), foreground_(foreground) {}

  NameList read() {
    auto const bytes = read_file(file_);
    std::string_view rest(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
    for (line_ = 1; !rest.empty(); ++line_) {
      std::size_t const end = std::min(rest.find('\n'), rest.size());
      add(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (mistakes_ > kMistakesShown) {
      text_ += "\n... and " + std::to_string(mistakes_ - kMistakesShown) + " more lines";
    }
    if (mistakes_ > 0) throw Error(text_);
    if (list_.names.empty()) throw Error(file_.string() + " names no sample");
    return std::move(list_);
  }

 private:
  void add(std::string_view line) {
    auto const words = words_of(line);
    if (words.empty()) return;
    std::string const text(words.front().data(), words.back().data() + words.back().size());
    auto const kind = kind_of(words);
    if (!kind) {
      return complain(
          "\"" + text.substr(0, kLongestShown) +
          "\" holds spaces; a line holds one name, the paths of an image and its label, "
          "or a name and the numbers of its classes");
    }
    if (kind_ && kind_ != kind) {
      return complain("\"" + text.substr(0, kLongestShown) + "\" is " + to_text(*kind) +
                      ", but line " + std::to_string(first_line_) + " is " + to_text(*kind_) +
                      "; all lines of a list are of one kind");
    }
    if (!kind_) first_line_ = line_;
    kind_ = kind;
    std::string_view const name = kind == LineKind::paths ? stem_of(words[0]) : words[0];
    if (kind == LineKind::paths && words.size() == 2 && stem_of(words[1]) != name) {
      return complain("\"" + text + "\" pairs the image \"" + std::string(name) +
                      "\" with the label of \"" + std::string(stem_of(words[1])) + "\"");
    }
    if (!is_new(name)) return;
    if (kind == LineKind::classes) add_classes(words);
    list_.names.emplace_back(name);
  }

  bool is_new(std::string_view name) {
    if (auto const unsafe = why_unsafe_id(name)) {
      complain("\"" + std::string(name) + "\" cannot name a sample: it " + *unsafe);
      return false;
    }
    auto const [before, is_new] = line_of_.try_emplace(std::string(name), line_);
    if (!is_new) {
      complain("\"" + std::string(name) + "\" is listed twice, first in line " +
               std::to_string(before->second));
    }
    return is_new;
  }

  void add_classes(std::vector<std::string_view> const& words) {
    std::vector<Label> classes;
    for (std::size_t i = 1; i < words.size(); ++i) {
      long const number = *integer_in(words[i]);
      if (number < 0) {
        throw Error(place() + "\"" + std::string(words[0]) + " " + std::string(words[i]) +
                    "\" says of one class alone whether the image shows it, as the lists of "
                    "ImageSets/Main do; use a list of names, or of names with all their classes");
      }
      if (static_cast<std::size_t>(number) >= foreground_) {
        return complain("class " + std::to_string(number) + " of \"" + std::string(words[0]) +
                        "\" is none of the " + std::to_string(foreground_) +
                        " classes, which lists count from 0 to " + std::to_string(foreground_ - 1));
      }
      classes.push_back(static_cast<Label>(number + 1));
    }
    std::ranges::sort(classes);
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
    if (!list_.classes) list_.classes.emplace();
    list_.classes->add(classes);
  }

  std::string place() const { return file_.string() + ":" + std::to_string(line_) + ": "; }

  void complain(std::string const& message) {
    if (++mistakes_ > kMistakesShown) return;
    text_ += (text_.empty() ? "" : "\n") + place() + message;
  }

  fs::path const& file_;
  std::size_t foreground_;
  std::size_t line_ = 0, first_line_ = 0;
  std::optional<LineKind> kind_;
  NameList list_;
  std::unordered_map<std::string, std::size_t> line_of_;
  std::size_t mistakes_ = 0;
  std::string text_;
};

}  // namespace

NameList read_name_list(fs::path const& file, std::size_t foreground) {
  return ListReader(file, foreground).read();
}

std::vector<std::string> names_in_folder(fs::path const& folder) {
  std::vector<std::string> names;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    fs::path const& path = entry.path();
    if (std::ranges::find(kPictureEndings, path.extension()) == kPictureEndings.end()) continue;
    names.push_back(path.stem().string());
    if (auto const unsafe = why_unsafe_id(names.back())) {
      throw Error("the file " + path.string() + " cannot name a sample: its name " + *unsafe);
    }
  }
  std::ranges::sort(names);
  auto const twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) {
    throw Error("the folder " + folder.string() + " holds two pictures called \"" + *twice + "\"");
  }
  if (names.empty()) {
    throw Error("the folder " + folder.string() + " holds no picture (.jpg, .jpeg or .png)");
  }
  return names;
}

}  // namespace seplflow::dataset
