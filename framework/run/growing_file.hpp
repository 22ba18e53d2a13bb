// The files of a whole run that a stage writes, while they grow.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <seplflow/stage.hpp>
#include <string>

namespace seplflow {

// The file that RunFile describes, and those beside it. Keeps little in memory and no file open
// between two writes, so that thousands of variants are possible.
class GrowingFile final : public RunFile {
 public:
  // Grows at the path `aside`, and will be called `name` in the folder of its stage.
  GrowingFile(std::filesystem::path aside, std::filesystem::path name)
      : aside_(std::move(aside)), name_(std::move(name)) {}

  void write(std::span<std::uint8_t const> bytes) override;
  std::filesystem::path path() override { return aside_; }
  RunFile& beside(std::filesystem::path const& file) override;

  // Calls place(where it has grown, name in the folder of the stage) for this file and those beside
  // it. A file to which nothing was written may not exist.
  void close(
      std::function<void(std::filesystem::path const&, std::filesystem::path const&)> const& place);

 private:
  void flush();

  std::filesystem::path aside_, name_;
  std::string waiting_;
  bool is_beside_ = false;
  std::map<std::filesystem::path, GrowingFile> beside_;
};

}  // namespace seplflow
