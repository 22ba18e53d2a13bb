#include "run/run_file.hpp"

#include <seplflow/error.hpp>
#include "base/text_file.hpp"

namespace seplflow {

bool exists_as_regular_file(std::filesystem::path const& file) {
  using Type = std::filesystem::file_type;
  std::error_code error;
  Type const type = std::filesystem::symlink_status(file, error).type();
  if (type == Type::not_found) return false;
  if (type == Type::regular) return true;
  std::string const what = type == Type::none      ? error.message()
                           : type == Type::symlink ? "it is a symbolic link, which is not followed"
                           : type == Type::directory ? "it is a folder"
                                                     : "it is not a regular file";
  throw UsageError("cannot read " + file.string() + ": " + what);
}

std::string read_run_file(std::filesystem::path const& file) {
  exists_as_regular_file(file);
  return read_text_file(file);
}

}  // namespace seplflow
