// The CSV files of observers while they grow.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// Many files that grow side by side, with few bytes in memory and no file open between two writes,
// so that thousands of variants fit. Not thread-safe.
class Tables {
 public:
  // Files are made in `folder`, which must exist.
  Tables(std::filesystem::path folder, std::size_t count);

  // Throws Error with the system's reason, maybe later than the call that it is due to.
  void append(std::size_t table, std::string_view text);
  void flush();

  // Whether nothing was ever appended.
  bool is_empty(std::size_t table) const { return !appended_[table]; }

  // Of a table to which something was appended.
  std::filesystem::path file(std::size_t table) const;

 private:
  void flush(std::size_t table);

  std::filesystem::path folder_;
  std::vector<std::string> waiting_;
  std::vector<bool> appended_;
  std::size_t bytes_ = 0;
};

}  // namespace seplflow
