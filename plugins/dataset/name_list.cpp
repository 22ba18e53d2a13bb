#include "name_list.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>
#include <unordered_map>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/input_file.hpp>
#include <seplflow/sample.hpp>
#include "common/sample_file.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxErrorsShown = 10, kMaxShownLength = 100;

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

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

bool is_picture(std::string_view word) {
  std::string const lower =
      lower_case(word.substr(word.size() - std::min<std::size_t>(word.size(), 5)));
  return std::ranges::any_of(kPictureEndings,
                             [&](char const* ending) { return lower.ends_with(ending); });
}

std::string_view file_name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// "2007_000032" for "/JPEGImages/2007_000032.jpg"
std::string_view stem_of(std::string_view path) {
  path = file_name_of(path);
  return path.substr(0, path.rfind('.'));
}

std::optional<long> integer_in(std::string_view word) {
  long value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// For messages: "2007_000032 0 14"
std::string quoted(std::vector<std::string_view> const& words) {
  std::string text;
  for (std::string_view const word : words) {
    text += text.empty() ? "" : " ";
    text += word;
    if (text.size() > kMaxShownLength) return "\"" + text.substr(0, kMaxShownLength) + "...\"";
  }
  return "\"" + text + "\"";
}

// What follows the name in a line.
enum class Tail { none, label, classes };

struct Line {
  std::size_t number = 0;  // 0: there is no such line
  std::vector<std::string_view> words;
  Tail tail = Tail::none;
  bool is_path = false;  // the first word is an image, not a name

  std::string_view name() const { return is_path ? stem_of(words[0]) : words[0]; }
};

// Nothing when the words do not form a line of a list.
std::optional<Line> parse_line(std::size_t number, std::vector<std::string_view> words) {
  Line line{number, std::move(words)};
  line.is_path = is_picture(line.words[0]);
  if (line.words.size() == 1) return line;
  bool const numbers = std::all_of(line.words.begin() + 1, line.words.end(),
                                   [](std::string_view word) { return integer_in(word); });
  bool const pair = line.words.size() == 2 && line.is_path && is_picture(line.words[1]);
  if (!numbers && !pair) return std::nullopt;
  line.tail = numbers ? Tail::classes : Tail::label;
  return line;
}

// The form of the line.
std::string description_of(Line const& line) {
  std::string const name = line.is_path ? "the path of an image" : "a name";
  if (line.tail == Tail::label) return name + " and the path of its label map";
  if (line.tail == Tail::classes) return name + " with classes";
  return line.is_path ? name : name + " alone";
}

// Whether two names are the same, or names that files of the same image of COCO have.
bool name_one_image(std::string_view a, std::string_view b) {
  auto const number = coco_number(a);
  return a == b || (number && number == coco_number(b));
}

// Whether a line of a file is one of a table: its header ("filename,label"), or an image and its
// columns ("a.jpg,cat").
bool is_csv(std::string_view line) {
  constexpr std::string_view kColumns[] = {"image", "images", "imageid", "img",
                                           "file",  "name",   "id",      "path"};
  constexpr std::string_view kOnlyColumns[] = {"image_id",  "image_name", "img_name",  "filename",
                                               "file_name", "filepath",   "image_path"};
  std::size_t const end = std::min(line.find_first_of(",;\t"), line.size());
  std::string first = lower_case(line.substr(0, end));
  std::erase_if(first, [](char c) { return c == '"' || c == ' ' || c == '\r'; });
  if (std::ranges::find(kOnlyColumns, first) != std::end(kOnlyColumns)) return true;
  bool const is_column = std::ranges::find(kColumns, first) != std::end(kColumns);
  bool const has_comma = end < line.size() && line[end] != '\t';
  return (is_column && end < line.size()) || (has_comma && is_picture(first));
}

// Whether a file is a picture in a format that is not read.
bool is_other_picture(std::string_view file) {
  constexpr std::string_view kEndings[] = {".tif", ".tiff", ".bmp",  ".webp", ".gif",
                                           ".jp2", ".heic", ".avif", ".ppm",  ".pgm"};
  std::string const lower = lower_case(file);
  return is_picture(file) ||
         std::ranges::any_of(kEndings, [&](auto ending) { return lower.ends_with(ending); });
}

// The error about a folder without pictures, with what it has instead.
std::string without_pictures(fs::path const& folder, std::vector<std::string> const& folders,
                             std::vector<std::string> const& others) {
  std::string text = "the folder " + folder.string() + " has no pictures (.jpg, .jpeg or .png)";
  if (!others.empty()) text += ", but others, such as " + others.front() + "; convert them to PNG";
  if (others.empty() && !folders.empty()) {
    text += ", but folders, such as " + *std::ranges::min_element(folders) +
            "; choose one of them, or name the samples in a list (train/0001)";
  }
  return text;
}

class ListReader {
 public:
  ListReader(fs::path const& file, std::size_t foreground, bool strict)
      : file_(file), foreground_(foreground), strict_(strict) {}

  NameList read() {
    auto bytes = read_file(file_);
    require_kind(bytes, {FileKind::text, FileKind::empty}, file_.string(),
                 "a list of samples, a text with one name in each line");
    if (!strict_) std::ranges::replace(bytes, std::uint8_t{'\\'}, std::uint8_t{'/'});
    std::string_view rest(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
    if (!rest.empty()) refuse_csv(rest);
    for (line_ = 1; !rest.empty(); ++line_) {
      std::size_t const end = std::min(rest.find('\n'), rest.size());
      add(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (errors_ > kMaxErrorsShown) {
      text_ += "\n... and " + std::to_string(errors_ - kMaxErrorsShown) + " more lines";
    }
    if (errors_ > 0) throw Error(text_);
    if (list_.names.empty()) throw Error(file_.string() + " names no samples");
    list_.file = file_;
    return std::move(list_);
  }

 private:
  void add(std::string_view text) {
    auto const words = words_of(text);
    if (words.empty() || is_clutter(words[0])) return;
    auto const line = parse_line(line_, words);
    if (!line) {
      return report(quoted(words) +
                    " contains spaces; a line holds one name, the paths of an image and its "
                    "label map, or a name and the numbers of its classes");
    }
    if (!has_same_form(*line)) return;
    std::string_view const name = line->name();
    if (line->tail == Tail::label && !is_pair(name, stem_of(line->words[1]))) {
      return report(quoted(words) + " pairs the image \"" + std::string(name) +
                    "\" with the label map of \"" + std::string(stem_of(line->words[1])) + "\"");
    }
    if (!is_new(name)) return;
    if (line->tail == Tail::classes && !list_.classes) {
      list_.classes.emplace(file_);
      for (std::size_t i = 0; i < list_.names.size(); ++i) list_.classes->add({});
    }
    if (list_.classes) list_.classes->add(classes_in(*line));
    list_.names.emplace_back(name);
  }

  bool is_pair(std::string_view image, std::string_view label) const {
    return strict_ ? image == label : name_one_image(image, label);
  }

  void refuse_csv(std::string_view text) const {
    std::size_t const second = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string_view const lines[] = {text.substr(0, second), text.substr(second)};
    for (std::string_view const rest : lines) {
      std::string_view const line = rest.substr(0, rest.find_first_of("\r\n"));
      if (!is_csv(line)) continue;
      bool const is_long = line.size() > kMaxShownLength;
      throw Error(file_.string() + " is a CSV file (\"" +
                  std::string(line.substr(0, kMaxShownLength)) + (is_long ? "..." : "") +
                  "\"); a list has one name per line and no header: save its first column alone, "
                  "and give image-level labels in a CSV file with the option cls_labels");
    }
  }

  // Names and paths do not mix, nor do label maps and classes.
  bool has_same_form(Line const& line) {
    if (first_.number == 0) first_ = line;
    bool const same_names = line.is_path == first_.is_path;
    if (same_names && line.tail == Tail::none) return true;
    if (same_names && with_tail_.number == 0) with_tail_ = line;
    if (same_names && line.tail == with_tail_.tail) return true;
    Line const& other = same_names ? with_tail_ : first_;
    report(quoted(line.words) + " is " + description_of(line) + ", but line " +
           std::to_string(other.number) + " is " + description_of(other) +
           "; all lines of a list must have the same form");
    return false;
  }

  bool is_new(std::string_view name) {
    if (auto const unsafe = why_unsafe_id(name)) {
      report("\"" + std::string(name) + "\" cannot name a sample: it " + *unsafe);
      return false;
    }
    auto const [before, is_new] = line_of_.try_emplace(std::string(name), line_);
    if (!is_new) {
      report("\"" + std::string(name) + "\" is listed twice, first in line " +
             std::to_string(before->second));
    }
    return is_new;
  }

  // The labels of the classes, ascending.
  std::vector<Label> classes_in(Line const& line) {
    std::vector<long> numbers;
    for (std::size_t i = 1; i < line.words.size(); ++i) {
      numbers.push_back(*integer_in(line.words[i]));
    }
    refuse_other_meaning(line, numbers);
    std::ranges::sort(numbers);
    auto const twice = std::ranges::adjacent_find(numbers);
    if (twice != numbers.end()) {
      report(quoted(line.words) + " has the class " + std::to_string(*twice) +
             " twice; a line holds a name and the numbers of its classes, counted from 0, each "
             "once");
    } else if (!numbers.empty() && static_cast<std::size_t>(numbers.back()) >= foreground_) {
      report("class " + std::to_string(numbers.back()) + " of \"" + std::string(line.words[0]) +
             "\" is not one of the " + std::to_string(foreground_) +
             " classes, which lists count from 0 to " + std::to_string(foreground_ - 1) +
             (static_cast<std::size_t>(numbers.back()) == foreground_
                  ? "; does this list count them from 1?"
                  : ""));
    }
    std::vector<Label> labels;
    if (errors_ > 0) return labels;
    for (long const number : numbers) labels.push_back(static_cast<Label>(number + 1));
    return labels;
  }

  // Throws for numbers that are not class numbers: then the whole list is of another kind.
  void refuse_other_meaning(Line const& line, std::vector<long> const& numbers) const {
    for (long const number : numbers) {
      if (number >= 0) continue;
      throw Error(place() + "\"" + std::string(line.words[0]) + " " + std::to_string(number) +
                  "\" states only whether the image shows one class, as the lists in "
                  "ImageSets/Main do; use a list of names, or of names with all their classes");
    }
    bool const columns = numbers.size() == foreground_ || numbers.size() == foreground_ + 1;
    bool const flags = std::ranges::all_of(numbers, [](long number) { return number <= 1; });
    if (!columns || !flags || numbers.size() <= 2) return;
    throw Error(place() + "\"" + std::string(line.words[0]) + "\" is followed by " +
                std::to_string(numbers.size()) +
                " numbers that are all 0 or 1, which look like one-hot columns for the " +
                std::to_string(foreground_) +
                " classes; expected the numbers of its classes, counted from 0");
  }

  std::string place() const { return file_.string() + ":" + std::to_string(line_) + ": "; }

  void report(std::string const& message) {
    if (++errors_ > kMaxErrorsShown) return;
    text_ += (text_.empty() ? "" : "\n") + place() + message;
  }

  fs::path const& file_;
  std::size_t foreground_;
  bool strict_;
  std::size_t line_ = 0;
  Line first_, with_tail_;
  NameList list_;
  std::unordered_map<std::string, std::size_t> line_of_;
  std::size_t errors_ = 0;
  std::string text_;
};

}  // namespace

NameList read_name_list(fs::path const& file, std::size_t foreground, bool strict) {
  return ListReader(file, foreground, strict).read();
}

bool is_clutter(std::string_view path) {
  std::string_view const file = file_name_of(path);
  return file.starts_with("._") || file == ".DS_Store" || file == "Thumbs.db" ||
         path.starts_with("__MACOSX/") || path.find("/__MACOSX/") != path.npos;
}

std::string_view name_of_image(std::string_view path) {
  return is_picture(path) ? stem_of(path) : path;
}

std::vector<std::string> names_in_folder(fs::path const& folder, Pictures pictures,
                                         std::vector<std::string>& others) {
  std::vector<std::string> names, folders;
  for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
    fs::path const& path = entry.path();
    std::string const file = path.filename().string();
    if (is_clutter(file)) continue;
    if (entry.is_directory() && file != "__MACOSX") folders.push_back(file);
    bool const is_array = pictures == Pictures::label_maps && path.extension() == ".npy";
    bool const is_listed =
        is_array || std::ranges::find(kPictureEndings, path.extension()) != kPictureEndings.end();
    if (!is_listed) {
      if (is_other_picture(file)) others.push_back(file);
      continue;
    }
    names.push_back(path.stem().string());
    if (auto const unsafe = why_unsafe_id(names.back())) {
      throw Error("the file " + path.string() + " cannot name a sample: its name " + *unsafe);
    }
  }
  std::ranges::sort(names);
  std::ranges::sort(others);
  auto const twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) {
    throw Error("the folder " + folder.string() + " has two pictures named \"" + *twice + "\"");
  }
  if (names.empty()) throw Error(without_pictures(folder, folders, others));
  return names;
}

}  // namespace seplflow::dataset
