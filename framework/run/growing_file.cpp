#include "run/growing_file.hpp"

#include <seplflow/error.hpp>

#include "run/file_writer.hpp"

namespace seplflow {
namespace {

constexpr std::size_t kBytesInMemory = 1 << 16;

}  // namespace

void GrowingFile::write(std::span<std::uint8_t const> bytes) {
  waiting_.append(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  if (waiting_.size() >= kBytesInMemory) flush();
}

void GrowingFile::flush() {
  if (waiting_.empty()) return;
  append_to(aside_, waiting_);
  waiting_ = std::string();
}

RunFile& GrowingFile::beside(std::filesystem::path const& file) {
  std::string const name = "the file of the run \"" + file.string() + "\"";
  if (is_beside_) throw Error(name + " cannot be beside another that is beside the first");
  if (auto const unsafe = why_unsafe_id(file.string())) throw Error(name + " " + *unsafe);
  if (file == name_) throw Error(name + " is the first file");
  auto const number = std::to_string(beside_.size());
  auto const [found, is_new] =
      beside_.try_emplace(file, GrowingFile(aside_.string() + "-" + number, file));
  found->second.is_beside_ = true;
  return found->second;
}

void GrowingFile::close(
    std::function<void(std::filesystem::path const&, std::filesystem::path const&)> const& place) {
  flush();
  place(aside_, name_);
  for (auto& [name, file] : beside_) {
    file.flush();
    place(file.aside_, name);
  }
}

}  // namespace seplflow
