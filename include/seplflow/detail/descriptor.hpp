// The entry point of a plugin: a note in its file, which is read before the file is loaded, and a C
// descriptor, which is checked before any C++ crosses.
#pragma once

#include <seplflow/version.hpp>

#include <cstdint>
#include <string>

// The descriptor. magic, abi_major and size never move, so that any version can refuse any other.
extern "C" {
struct seplflow_plugin_descriptor {
  char magic[8];             // "SEPLFLOW"
  std::uint32_t abi_major;   // must be equal
  std::uint32_t abi_minor;   // the plugin's must not be newer than the host's
  std::uint64_t size;        // of this struct
  char const* toolchain;     // compiler and standard library
  char const* layout_flags;  // build settings that change the layout of types
  char const* version;       // of seplflow, for messages
  void (*declare)(void* plugin);
};

// The same for a program that has only read the file: an ELF note. It never changes, so that any
// version can refuse any other.
struct seplflow_plugin_note {
  std::uint32_t name_size;  // 9
  std::uint32_t data_size;  // of what follows the name
  std::uint32_t type;       // 1
  char name[12];            // "SEPLFLOW"
  std::uint32_t abi_major;
  std::uint32_t abi_minor;
  char texts[192];  // toolchain, layout_flags and version, each with a zero at its end
};
}

namespace seplflow {

class Plugin;

// The major number increases when a type that plugins and host share changes, the minor number when
// such a type is extended at its end.
constexpr std::uint32_t kAbiMajor = 1;
constexpr std::uint32_t kAbiMinor = 0;

// The size of the descriptor in minor version 0; all of this major version are at least as large.
constexpr std::uint64_t kDescriptorSize = 56;
static_assert(sizeof(seplflow_plugin_descriptor) == kDescriptorSize);

#define SEPLFLOW_TEXT_OF(x) #x
#define SEPLFLOW_TEXT(x) SEPLFLOW_TEXT_OF(x)

#if defined(__clang__)
#define SEPLFLOW_COMPILER "clang " SEPLFLOW_TEXT(__clang_major__)
#elif defined(__GNUC__)
#define SEPLFLOW_COMPILER "gcc " SEPLFLOW_TEXT(__GNUC__)
#endif
#if defined(_LIBCPP_VERSION)
#define SEPLFLOW_LIBRARY "libc++ " SEPLFLOW_TEXT(_LIBCPP_ABI_VERSION)
#elif defined(__GLIBCXX__)
#define SEPLFLOW_LIBRARY "libstdc++ cxx11-abi=" SEPLFLOW_TEXT(_GLIBCXX_USE_CXX11_ABI)
#endif
#if defined(_GLIBCXX_DEBUG)
#define SEPLFLOW_LAYOUT "_GLIBCXX_DEBUG"
#else
#define SEPLFLOW_LAYOUT "none"
#endif

// "1.0"
inline std::string abi_text(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

#define SEPLFLOW_TOOLCHAIN SEPLFLOW_COMPILER ", " SEPLFLOW_LIBRARY

constexpr char const* kToolchain = SEPLFLOW_TOOLCHAIN;
constexpr char const* kLayoutFlags = SEPLFLOW_LAYOUT;

}  // namespace seplflow

// Defines the note. Its section's name tells linkers to put it where programs find it.
#define SEPLFLOW_PLUGIN_NOTE(abi_major, abi_minor, texts)                                         \
  __attribute__((used, aligned(4), section(".note.seplflow"))) static constexpr                   \
      seplflow_plugin_note seplflow_note = {9, 200, 1, "SEPLFLOW", abi_major, abi_minor, texts};

// Declares the stages of this library. A function body follows that uses `plugin`, a
// seplflow::Plugin&. Use it once per library.
#define SEPLFLOW_PLUGIN(plugin)                                                                   \
  static void seplflow_declare(::seplflow::Plugin& plugin);                                       \
  SEPLFLOW_PLUGIN_NOTE(::seplflow::kAbiMajor, ::seplflow::kAbiMinor,                              \
                       SEPLFLOW_TOOLCHAIN "\0" SEPLFLOW_LAYOUT "\0" SEPLFLOW_VERSION)             \
  extern "C" {                                                                                    \
  __attribute__((visibility("default"))) extern seplflow_plugin_descriptor const seplflow_plugin; \
  seplflow_plugin_descriptor const seplflow_plugin = {                                            \
      {'S', 'E', 'P', 'L', 'F', 'L', 'O', 'W'},                                                   \
      ::seplflow::kAbiMajor,                                                                      \
      ::seplflow::kAbiMinor,                                                                      \
      sizeof(seplflow_plugin_descriptor),                                                         \
      ::seplflow::kToolchain,                                                                     \
      ::seplflow::kLayoutFlags,                                                                   \
      SEPLFLOW_VERSION,                                                                           \
      [](void* declared) { seplflow_declare(*static_cast<::seplflow::Plugin*>(declared)); }};     \
  }                                                                                               \
  static void seplflow_declare(::seplflow::Plugin& plugin)
