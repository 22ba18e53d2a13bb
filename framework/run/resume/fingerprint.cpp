#include "run/resume/fingerprint.hpp"

#include <xxhash.h>

#include <array>
#include <fstream>
#include <memory>

#include <seplflow/bytes.hpp>
#include <seplflow/error.hpp>
#include "run/resume/file_digests.hpp"

namespace seplflow {

std::uint64_t fingerprint(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t fingerprint(std::span<std::uint8_t const> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string file_hash(std::filesystem::path const& file) {
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> const state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error("cannot read " + file.string());
  std::array<char, 1 << 16> buffer{};
  while (stream.read(buffer.data(), buffer.size()), stream.gcount() > 0) {
    XXH3_128bits_update(state.get(), buffer.data(), static_cast<std::size_t>(stream.gcount()));
  }
  XXH128_hash_t const hash = XXH3_128bits_digest(state.get());
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

std::uint64_t file_stamp(std::vector<std::filesystem::path> const& files,
                         FilesRead::States const& read) {
  ByteWriter bytes;
  for (auto const& file : files) {
    auto const known = read.empty() ? read.end() : read.find(file.lexically_normal());
    FileState const state = known == read.end() ? state_of(file) : known->second;
    bytes.count(state.exists ? 1 : 0);
    if (!state.exists) continue;
    // A file that is read once for all samples is worth reading once more. If it has changed since,
    // its state is unlike all digests.
    std::string const digest = known == read.end() ? "" : file_digest(file, state);
    if (!digest.empty()) {
      bytes.text(digest);
    } else {
      bytes.count(state.size).count(state.seconds).count(state.nanoseconds);
    }
  }
  std::uint64_t const stamp = fingerprint(bytes.take());
  return stamp == 0 ? 1 : stamp;
}

}  // namespace seplflow
