#include "base/text_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>
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

std::filesystem::path unique_name_beside(std::filesystem::path const& file) {
  std::random_device random;
  return file.string() + "." + std::to_string(random()) + "-" + std::to_string(random());
}

void replace_cache_file(std::filesystem::path const& file, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  auto const partial = unique_name_beside(file);
  std::ofstream stream(partial, std::ios::binary);
  stream << text;
  stream.close();
  if (stream) std::filesystem::rename(partial, file, error);
  if (!stream || error) std::filesystem::remove(partial, error);
}

}  // namespace seplflow
