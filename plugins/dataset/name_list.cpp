#include "name_list.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "common/sample_file.hpp"
#include "data/error.hpp"
#include "data/sample.hpp"
#include "formats/file.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::array<char const*, 6> kEndings = {".jpg", ".png", ".jpeg", ".JPG", ".PNG", ".JPEG"};
constexpr std::size_t kMistakesShown = 10;

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r";
  std::size_t const begin = line.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kSpace) - begin + 1);
}

class ListReader {
 public:
  explicit ListReader(fs::path const& file) : file_(file) {}

  std::vector<std::string> read() {
    auto const bytes = read_file(file_);
    std::string_view rest(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
    for (std::size_t line = 1; !rest.empty(); ++line) {
      std::size_t const end = std::min(rest.find('\n'), rest.size());
      add(trimmed(rest.substr(0, end)), line);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (mistakes_ > kMistakesShown) {
      text_ += "\n... and " + std::to_string(mistakes_ - kMistakesShown) + " more lines";
    }
    if (mistakes_ > 0) throw Error(text_);
    if (names_.empty()) throw Error(file_.string() + " names no sample");
    return std::move(names_);
  }

 private:
  void add(std::string_view name, std::size_t line) {
    if (name.empty()) return;
    if (auto const unsafe = why_unsafe_id(name)) {
      return complain(line, "\"" + std::string(name) + "\" cannot name a sample: it " + *unsafe);
    }
    if (name.find_first_of(" \t") != std::string_view::npos) {
      return complain(line, "\"" + std::string(name) + "\" holds spaces; a line holds one name");
    }
    auto const [before, is_new] = line_of_.try_emplace(std::string(name), line);
    if (!is_new) {
      return complain(line, "\"" + std::string(name) + "\" is listed twice, first in line " +
                                std::to_string(before->second));
    }
    names_.emplace_back(name);
  }

  void complain(std::size_t line, std::string const& message) {
    if (++mistakes_ > kMistakesShown) return;
    text_ +=
        (text_.empty() ? "" : "\n") + file_.string() + ":" + std::to_string(line) + ": " + message;
  }

  fs::path const& file_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::size_t> line_of_;
  std::size_t mistakes_ = 0;
  std::string text_;
};

}  // namespace

std::vector<std::string> read_name_list(fs::path const& file) {
  return ListReader(file).read();
}

std::vector<std::string> names_in_folder(fs::path const& folder) {
  std::vector<std::string> names;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    fs::path const& path = entry.path();
    if (std::ranges::find(kEndings, path.extension()) == kEndings.end()) continue;
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

fs::path find_picture(fs::path const& folder, std::string const& name) {
  std::error_code ignored;
  for (std::string const& each : sample_names(name)) {
    for (char const* const ending : kEndings) {
      fs::path file = folder / (each + ending);
      if (fs::is_regular_file(file, ignored)) return file;
    }
  }
  return {};
}

}  // namespace seplflow::dataset
