#include "base/text_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <seplflow/error.hpp>

namespace seplflow {
namespace {

std::string why_unreadable(std::filesystem::path const& file, int error) {
  std::error_code unknown;
  auto const type = std::filesystem::status(file, unknown).type();
  if (type == std::filesystem::file_type::not_found) return "there is no such file";
  if (type == std::filesystem::file_type::directory) return "it is a folder";
  return std::strerror(error);
}

}  // namespace

std::string read_text_file(std::filesystem::path const& file) {
  std::ifstream stream;
  // A folder can be opened.
  if (!std::filesystem::is_directory(file)) stream.open(file, std::ios::binary);
  std::ostringstream text;
  if (stream.is_open()) text << stream.rdbuf();
  if (!stream.is_open() || stream.bad() || text.bad()) {
    int const error = errno;
    throw UsageError("cannot read " + file.string() + ": " + why_unreadable(file, error));
  }
  return std::move(text).str();
}

}  // namespace seplflow
