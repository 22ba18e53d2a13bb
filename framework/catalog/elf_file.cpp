#include "catalog/elf_file.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

namespace seplflow {
namespace {

constexpr char const* kCutOff = "it cannot be loaded: the file is cut off";

}  // namespace

std::optional<std::string> why_not_loadable(std::filesystem::path const& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return "it is no regular file";
  auto const size = std::filesystem::file_size(file, error);
  std::ifstream stream(file, std::ios::binary);
  ElfW(Ehdr) header{};
  if (error || !stream) return "it cannot be read";
  if (!stream.read(reinterpret_cast<char*>(&header), sizeof header)) return kCutOff;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return "it cannot be loaded: the file is no shared library";
  }
  // A library for another machine has other headers; the loader says so itself.
  if (header.e_phentsize != sizeof(ElfW(Phdr))) return std::nullopt;
  std::vector<ElfW(Phdr)> segments(header.e_phnum);
  stream.seekg(static_cast<std::streamoff>(header.e_phoff));
  auto const bytes = static_cast<std::streamsize>(segments.size() * sizeof(ElfW(Phdr)));
  if (!stream.read(reinterpret_cast<char*>(segments.data()), bytes)) return kCutOff;
  bool const whole = std::ranges::all_of(segments, [&](ElfW(Phdr) const& segment) {
    return segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset;
  });
  if (!whole) return kCutOff;
  return std::nullopt;
}

}  // namespace seplflow
