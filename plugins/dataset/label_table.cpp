#include "label_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>

#include <seplflow/error.hpp>
#include <seplflow/formats/input_file.hpp>
#include "formats/json/label_json.hpp"
#include "name_list.hpp"

namespace seplflow::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTextMark = "\xEF\xBB\xBF";

char lower_case_of(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  std::size_t const begin = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// Letters in another case will do if only one class has such a name.
std::optional<Label> class_named(std::string_view name, Classes const& classes) {
  auto const& names = classes.names();
  auto const label_at = [&](auto at) { return static_cast<Label>(at - names.begin()); };
  auto const found = std::ranges::find(names, name);
  if (found != names.end()) return label_at(found);
  auto const is_alike = [name](std::string const& other) {
    return std::ranges::equal(name, other, {}, &lower_case_of, &lower_case_of);
  };
  auto const alike = std::ranges::find_if(names, is_alike);
  if (alike == names.end() || std::any_of(alike + 1, names.end(), is_alike)) return std::nullopt;
  return label_at(alike);
}

void sort_labels(std::vector<Label>& labels) {
  std::erase(labels, kBackground);
  std::ranges::sort(labels);
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
}

std::optional<double> flag_in(std::string_view text) {
  if (text == "true" || text == "True") return 1;
  if (text == "false" || text == "False" || text.empty()) return 0;
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const is_count = error == std::errc() && end == text.data() + text.size() && value >= 0 &&
                        value == std::floor(value) && std::isfinite(value);
  return is_count ? std::optional(value) : std::nullopt;
}

using Row = std::vector<std::string>;

// The cells of a line; "quoted" cells may contain delimiters and doubled quotes.
Row cells_of(std::string_view line, char delimiter) {
  Row row(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      bool const doubled = quoted && i + 1 < line.size() && line[i + 1] == '"';
      if (doubled) {
        row.back() += line[i++];
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == delimiter && !quoted) {
      row.emplace_back();
    } else {
      row.back() += line[i];
    }
  }
  for (std::string& cell : row) cell = std::string(trimmed(cell));
  return row;
}

class CsvReader {
 public:
  CsvReader(fs::path const& file, Classes const& classes) : file_(file), classes_(classes) {}

  LabelTable read() {
    read_lines();
    drop_row_numbers();
    std::size_t first = 1;
    if (has_class_columns()) {
      columns_.resize(lines_[0].size());
      for (std::size_t c = 1; c < columns_.size(); ++c) {
        columns_[c] = class_named(lines_[0][c], classes_);
      }
      require_all_classes();
    } else if (lines_[0].size() != 2) {
      fail(0, "the header has the columns " + shown(lines_[0]) + stranger_text() +
                  "; expected the image and then a column for each class (" + classes_.describe() +
                  "), or one column of class names");
    } else if (names_in(lines_[0][1])) {
      first = 0;  // there is no header
    }
    for (std::size_t i = first; i < lines_.size(); ++i) add(i);
    for (auto& [name, labels] : table_) sort_labels(labels);
    return std::move(table_);
  }

 private:
  void read_lines() {
    auto const bytes = read_file(file_);
    std::string_view rest(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    if (rest.starts_with(kTextMark)) rest.remove_prefix(kTextMark.size());
    std::string_view const header = rest.substr(0, rest.find('\n'));
    char delimiter = ',';
    for (char const each : {';', '\t'}) {
      if (header.find(',') == header.npos && header.find(each) != header.npos) delimiter = each;
    }
    for (std::size_t number = 1; !rest.empty(); ++number) {
      std::size_t const end = std::min(rest.find('\n'), rest.size());
      std::string_view const line = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.empty()) continue;
      lines_.push_back(cells_of(line, delimiter));
      numbers_.push_back(number);
    }
    if (lines_.size() < 2) throw Error(file_.string() + " has no lines after its header");
  }

  // The first column that pandas writes (to_csv without index=False): no name, and 0, 1, 2, ...
  void drop_row_numbers() {
    if (lines_[0].size() < 3 || !lines_[0][0].empty()) return;
    for (std::size_t i = 1; i < lines_.size(); ++i) {
      if (lines_[i][0] != std::to_string(i - 1)) return;
    }
    for (Row& row : lines_) row.erase(row.begin());
  }

  // If some columns are classes, the first that is not.
  std::string stranger_text() const {
    Row const& header = lines_[0];
    auto const is_class = [&](std::string const& name) {
      return class_named(name, classes_).has_value();
    };
    if (std::none_of(header.begin() + 1, header.end(), is_class)) return "";
    auto const stranger = std::find_if_not(header.begin() + 1, header.end(), is_class);
    return ", and \"" + *stranger + "\" is not a class of the data set";
  }

  // One class column and a column of class names look alike, so the cells below decide.
  bool has_class_columns() const {
    Row const& header = lines_[0];
    bool const all =
        header.size() > 1 && std::all_of(header.begin() + 1, header.end(),
                                         [&](auto& c) { return class_named(c, classes_); });
    return all && (header.size() > 2 || (lines_[1].size() == 2 && flag_in(lines_[1][1])));
  }

  void require_all_classes() const {
    for (std::size_t label = 1; label < classes_.count(); ++label) {
      if (std::ranges::find(columns_, std::optional(static_cast<Label>(label))) == columns_.end()) {
        fail(0, "the header has no column for the class \"" + classes_.names()[label] + "\"");
      }
    }
  }

  void add(std::size_t i) {
    Row const& row = lines_[i];
    if (row.size() != lines_[0].size()) {
      fail(i, "the line has " + std::to_string(row.size()) + " columns, but the first line has " +
                  std::to_string(lines_[0].size()));
    }
    auto const [known, is_new] =
        place_of_.try_emplace(std::string(name_of_image(row[0])), table_.size());
    if (is_new) table_.push_back({known->first, {}});
    std::vector<Label>& labels = table_[known->second].second;
    if (columns_.empty()) {
      auto const names = names_in(row[1]);
      if (!names) {
        fail(i, "\"" + row[1] + "\" does not name classes of the data set, which has " +
                    classes_.describe());
      }
      labels.insert(labels.end(), names->begin(), names->end());
      return;
    }
    if (!is_new) fail(i, "the image \"" + row[0] + "\" is listed twice");
    for (std::size_t c = 1; c < row.size(); ++c) {
      auto const flag = flag_in(row[c]);
      if (!flag) {
        fail(i, "the column \"" + lines_[0][c] + "\" holds \"" + row[c] +
                    "\"; expected 0 (not shown) or 1 (shown)");
      }
      if (*flag > 0) labels.push_back(*columns_[c]);
    }
  }

  // Nothing unless the whole cell, or each of its parts, is a class. An empty cell names none.
  std::optional<std::vector<Label>> names_in(std::string_view cell) const {
    if (cell.empty()) return std::vector<Label>();
    if (auto const label = class_named(cell, classes_)) return std::vector<Label>{*label};
    for (std::string_view const separators : {";|,", " "}) {
      std::vector<Label> labels;
      bool all = true;
      for (std::size_t at = 0; at < cell.size() && all;) {
        std::size_t const end = std::min(cell.find_first_of(separators, at), cell.size());
        std::string_view const name = trimmed(cell.substr(at, end - at));
        at = end + 1;
        if (name.empty()) continue;
        auto const label = class_named(name, classes_);
        all = label.has_value();
        if (all) labels.push_back(*label);
      }
      if (all) return labels;
    }
    return std::nullopt;
  }

  static std::string shown(Row const& row) {
    constexpr std::size_t kShown = 5;
    std::string text;
    for (std::size_t c = 0; c < std::min(row.size(), kShown); ++c) {
      text += (c == 0 ? "\"" : ", \"") + row[c] + "\"";
    }
    return text + (row.size() > kShown ? ", ..." : "");
  }

  [[noreturn]] void fail(std::size_t i, std::string const& message) const {
    throw Error(file_.string() + ":" + std::to_string(numbers_[i]) + ": " + message);
  }

  fs::path const& file_;
  Classes const& classes_;
  std::vector<Row> lines_;
  std::vector<std::size_t> numbers_;           // of the lines in the file
  std::vector<std::optional<Label>> columns_;  // the class of each column; empty for class names
  std::map<std::string, std::size_t> place_of_;
  LabelTable table_;
};

}  // namespace

LabelFileKind kind_of_labels(fs::path const& file) {
  constexpr std::size_t kHead = 512;
  std::vector<std::uint8_t> head(kHead);
  head.resize(InputFile(file).read(head));
  bool const is_text = !head.empty() && std::ranges::all_of(head, [](std::uint8_t byte) {
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t';
  });
  if (!is_text || head[0] == 0x93) return LabelFileKind::npy;
  std::string_view text(reinterpret_cast<char const*>(head.data()), head.size());
  if (text.starts_with(kTextMark)) text.remove_prefix(kTextMark.size());
  std::size_t const first = text.find_first_not_of(" \t\r\n");
  bool const is_json = first != text.npos && (text[first] == '{' || text[first] == '[');
  return is_json ? LabelFileKind::json : LabelFileKind::csv;
}

LabelTable read_label_csv(fs::path const& file, Classes const& classes) {
  return CsvReader(file, classes).read();
}

LabelTable label_table_of_json(fs::path const& file, Classes const& classes) {
  std::size_t const foreground = classes.count() - 1;
  LabelTable table;
  for (LabelledImage const& image : read_label_json(file)) {
    auto const fail = [&](std::string const& message) {
      throw Error(file.string() + ": the image-level labels of " + image.name + " " + message);
    };
    std::vector<Label> labels;
    for (std::string const& name : image.classes) {
      auto const label = class_named(name, classes);
      if (!label) fail("name the class \"" + name + "\", but there are " + classes.describe());
      labels.push_back(*label);
    }
    bool const is_one_hot = image.numbers.size() == foreground && image.classes.empty();
    if (!image.numbers.empty() && !is_one_hot) {
      fail("are " + std::to_string(image.numbers.size()) + " numbers; expected class names, or " +
           std::to_string(foreground) + " numbers, one for each class");
    }
    for (std::size_t i = 0; i < image.numbers.size(); ++i) {
      double const number = image.numbers[i];
      if (!(number >= 0) || number != std::floor(number)) {
        fail("hold " + std::to_string(number) + "; expected 0 (not shown) or 1 (shown)");
      }
      if (number > 0) labels.push_back(static_cast<Label>(i + 1));
    }
    sort_labels(labels);
    table.push_back({std::string(name_of_image(image.name)), std::move(labels)});
  }
  return table;
}

}  // namespace seplflow::dataset
