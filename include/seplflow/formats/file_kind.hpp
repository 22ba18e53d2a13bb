// Tells what a file is by its first bytes, so that a reader that gets a file of another kind can say
// what it got and what to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace seplflow {

enum class FileKind {
  unknown,  // blank text too
  empty,    // 0 bytes
  zeros,    // only zero bytes
  // What is there instead of the file.
  git_lfs_pointer,
  git_annex_pointer,
  html,
  apple_double,
  // Text.
  utf16,
  python_text,  // what print() and str() write
  json,         // begins like an object or an array; not checked further
  xml,
  text,
  // Pictures.
  png,
  damaged_png,
  jpeg,
  gif,
  bmp,
  tiff,
  webp,
  heif,
  // Values of Python and MATLAB.
  npy,
  npz,
  torch,  // the zip and the legacy stream of torch.save
  pickle,
  safetensors,
  hdf5,
  matlab,
  // Archives.
  zip,
  gzip,
  bzip2,
  xz,
  zstd,
  tar,
  pdf,
};

// So many bytes from the beginning of a file are enough to tell its kind.
constexpr std::size_t kFileKindBytes = 1024;

// The kind of the file that begins with `head`: the whole file, or at least kFileKindBytes of it.
FileKind file_kind_of(std::span<std::uint8_t const> head);

// For a message about a file that is not `expected` ("a label map: ..."), without its name: "is a
// git-lfs pointer, which stands for the file itself, not a label map: ...; run \"git lfs pull\" in
// its repository". `advice` is for kinds that need none of their own: a JPEG instead of a PNG, or a
// file of unknown kind.
std::string what_it_is(std::span<std::uint8_t const> head, std::string_view expected,
                       std::string_view advice = {});

// Throws Error, with `name` and what_it_is(), unless the file is of one of these kinds. A file of
// unknown kind passes: its reader knows better what is wrong with it.
void require_kind(std::span<std::uint8_t const> head, std::initializer_list<FileKind> kinds,
                  std::string_view name, std::string_view expected, std::string_view advice = {});

// The model that has tensors of these names, if it is related to Segment Anything but is another
// model: "SAM-HQ", "MobileSAM", "SAM 2", "SAM 3", "SAM in the form of Hugging Face's transformers".
// Empty for Segment Anything itself and for all other models.
std::string_view relative_of_sam(std::span<std::string_view const> tensors);

}  // namespace seplflow
