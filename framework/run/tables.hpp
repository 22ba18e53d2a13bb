// The tables of observers and lists of sinks while they grow.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// Many files that grow at the same time. Takes little memory and keeps no file open between two
// writes, so that thousands of variants are possible. Not thread-safe.
class Tables {
 public:
  // The files are created in `folder`, which must exist.
  Tables(std::filesystem::path folder, std::size_t count);

  // Throw Error with the system's reason; an error may show only in a later call.
  void append(std::size_t table, std::string_view text);
  void flush();

  // The file of a table. It exists once something was appended and flushed.
  std::filesystem::path file(std::size_t table) const;

 private:
  void flush(std::size_t table);

  std::filesystem::path folder_;
  std::vector<std::string> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace seplflow
