// The directory of a zip file whose entries are not compressed.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "formats/numpy/pickle/store.hpp"

namespace seplflow::pickle {

// Zip and zip64 in memory. Only looks at the directory, and at the header of an entry when its
// bytes are asked for.
class Zip {
 public:
  // Throws Error when there is no directory, or it is damaged.
  explicit Zip(Bytes bytes);

  using Entries = std::map<std::string_view, std::uint64_t>;
  // Names, with folders; and where in the directory they are.
  Entries const& entries() const { return entries_; }
  bool contains(std::string_view name) const { return entries_.contains(name); }

  // The bytes of an entry. Throws Error when there is none of that name, it is compressed or
  // encrypted, or lies beyond the end of the file.
  Bytes read(std::string_view name) const;

 private:
  struct Directory {
    std::uint64_t begin, size, entries;
  };
  Directory find_directory() const;
  Directory find_directory64(std::uint64_t end) const;

  Bytes bytes_;
  Entries entries_;
};

}  // namespace seplflow::pickle
