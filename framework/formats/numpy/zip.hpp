// Zip files, as torch.save and numpy.savez write them.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "formats/numpy/pickle/values.hpp"

namespace seplflow::pickle {

class Cursor;

// A zip or zip64. Reads only its directory, and an entry when it is requested.
class Zip {
 public:
  // `store` has the file of `bytes`, where they are not in memory. Throws Error when the directory
  // is missing or damaged, as all functions do when an entry is.
  Zip(Bytes bytes, Store& store);

  using Entries = std::map<std::string_view, std::uint64_t>;
  // Names with their folders, and the position of each in the directory.
  Entries const& entries() const { return entries_; }
  bool contains(std::string_view name) const { return entries_.contains(name); }

  // The bytes of an entry that is not compressed, whose checksum is verified.
  Bytes read(std::string_view name) const;
  // The same, but the bytes may stay in the file until they are needed. Their checksum is verified
  // by Pickle::verify() if the store defers checksums.
  Bytes read_later(std::string_view name) const;
  // The bytes of an entry, unpacked into a buffer of the store if it is compressed.
  Bytes unpack(std::string_view name) const;

 private:
  struct Directory {
    std::uint64_t begin, size, entries;
  };
  // An entry as the directory describes it.
  struct Central {
    std::uint16_t flags, method;
    std::uint32_t checksum;
    std::uint64_t packed, size, local;
    std::string_view name;
  };

  static Central next_entry(Cursor& cursor);
  Bytes in_memory(std::uint64_t begin, std::uint64_t size) const;
  Directory find_directory() const;
  Directory find_directory64(std::uint64_t end) const;
  Central find(std::string_view name) const;
  Bytes packed_bytes(Central const& entry) const;

  Bytes bytes_;
  Store& store_;
  LazyFile* file_;
  Entries entries_;
};

}  // namespace seplflow::pickle
