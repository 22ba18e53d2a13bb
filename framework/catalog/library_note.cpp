#include "catalog/library_note.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include <seplflow/detail/descriptor.hpp>
#include <seplflow/error.hpp>

namespace seplflow {
namespace {

constexpr char const* kTruncatedLibrary = "it cannot be loaded: the file is truncated";

// Notes are small: longer segments hold something else.
constexpr std::uint64_t kLongestNotes = 1 << 20;

class LibraryFile {
 public:
  explicit LibraryFile(std::filesystem::path const& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) throw Error("it is not a regular file");
    size_ = std::filesystem::file_size(file, error);
    stream_.open(file, std::ios::binary);
    if (error || !stream_) throw Error("it cannot be read");
    read_segments();
  }

  std::optional<LibraryNote> note() {
    for (ElfW(Phdr) const& segment : segments_) {
      if (segment.p_type != PT_NOTE || segment.p_filesz > kLongestNotes) continue;
      std::string bytes(segment.p_filesz, '\0');
      stream_.seekg(static_cast<std::streamoff>(segment.p_offset));
      if (!stream_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
        throw Error(kTruncatedLibrary);
      }
      if (auto const found = note_in(bytes)) return found;
    }
    return std::nullopt;
  }

 private:
  void read_segments() {
    ElfW(Ehdr) header{};
    if (!stream_.read(reinterpret_cast<char*>(&header), sizeof header)) {
      throw Error(kTruncatedLibrary);
    }
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
      throw Error("it cannot be loaded: the file is not a shared library");
    }
    if (header.e_phentsize != sizeof(ElfW(Phdr))) {
      throw Error("it cannot be loaded: it is a library for another machine");
    }
    segments_.resize(header.e_phnum);
    stream_.seekg(static_cast<std::streamoff>(header.e_phoff));
    auto const bytes = static_cast<std::streamsize>(segments_.size() * sizeof(ElfW(Phdr)));
    if (!stream_.read(reinterpret_cast<char*>(segments_.data()), bytes)) {
      throw Error(kTruncatedLibrary);
    }
    bool const whole = std::ranges::all_of(segments_, [this](ElfW(Phdr) const& segment) {
      return segment.p_offset <= size_ && segment.p_filesz <= size_ - segment.p_offset;
    });
    if (!whole) throw Error(kTruncatedLibrary);
  }

  // Notes follow each other; the name and the data of each are padded to four bytes.
  static std::optional<LibraryNote> note_in(std::string const& bytes) {
    auto const padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
    for (std::uint64_t at = 0; at + sizeof(ElfW(Nhdr)) <= bytes.size();) {
      ElfW(Nhdr) header;
      std::memcpy(&header, bytes.data() + at, sizeof header);
      std::uint64_t const size = sizeof header + padded(header.n_namesz) + padded(header.n_descsz);
      if (size > bytes.size() - at) break;
      seplflow_plugin_note note{};
      if (header.n_namesz == 9 && size >= sizeof note &&
          std::memcmp(bytes.data() + at + sizeof header, "SEPLFLOW", 9) == 0) {
        std::memcpy(&note, bytes.data() + at, sizeof note);
        return contents(note);
      }
      at += size;
    }
    return std::nullopt;
  }

  static LibraryNote contents(seplflow_plugin_note const& note) {
    LibraryNote result{note.abi_major, note.abi_minor, {}, {}, {}};
    std::string_view rest(note.texts, sizeof note.texts);
    for (std::string* const text : {&result.toolchain, &result.layout_flags, &result.version}) {
      std::size_t const end = std::min(rest.find('\0'), rest.size());
      *text = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return result;
  }

  std::uint64_t size_ = 0;
  std::ifstream stream_;
  std::vector<ElfW(Phdr)> segments_;
};

}  // namespace

std::optional<LibraryNote> read_library_note(std::filesystem::path const& file) {
  return LibraryFile(file).note();
}

}  // namespace seplflow
