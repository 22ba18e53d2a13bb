#include "catalog/elf_file.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

namespace seplflow {
namespace {

constexpr char const* kTruncated = "it cannot be loaded: the file is truncated";

}  // namespace

std::optional<std::string> why_not_loadable(std::filesystem::path const& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return "it is not a regular file";
  auto const size = std::filesystem::file_size(file, error);
  std::ifstream stream(file, std::ios::binary);
  ElfW(Ehdr) header{};
  if (error || !stream) return "it cannot be read";
  if (!stream.read(reinterpret_cast<char*>(&header), sizeof header)) return kTruncated;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return "it cannot be loaded: the file is not a shared library";
  }
  // A library for another machine has other headers; the loader reports that itself.
  if (header.e_phentsize != sizeof(ElfW(Phdr))) return std::nullopt;
  std::vector<ElfW(Phdr)> segments(header.e_phnum);
  stream.seekg(static_cast<std::streamoff>(header.e_phoff));
  auto const bytes = static_cast<std::streamsize>(segments.size() * sizeof(ElfW(Phdr)));
  if (!stream.read(reinterpret_cast<char*>(segments.data()), bytes)) return kTruncated;
  bool const whole = std::ranges::all_of(segments, [&](ElfW(Phdr) const& segment) {
    return segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset;
  });
  if (!whole) return kTruncated;
  return std::nullopt;
}

}  // namespace seplflow
