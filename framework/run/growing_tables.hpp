// The tables of observers and lists of sinks while they grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace seplflow {

// Many files that grow at the same time. Takes little memory and keeps no file open between two
// writes, so that thousands of variants are possible. Texts that follow each other are often equal,
// since many variants have the same row for a sample; they wait in memory once. Not thread-safe.
class GrowingTables {
 public:
  // The files are created in `folder`, which must exist.
  GrowingTables(std::filesystem::path folder, std::size_t count);

  // Throw Error with the system's reason; an error may show only in a later call.
  void append(std::size_t table, std::string_view text);
  void flush();

  // The file of a table. It exists once something was appended and flushed.
  std::filesystem::path file(std::size_t table) const;

 private:
  struct Piece {
    std::uint32_t begin, size;  // in texts_
  };

  Piece piece_of(std::string_view text);
  std::string_view text_of(Piece piece) const {
    return std::string_view(texts_).substr(piece.begin, piece.size);
  }
  void flush(std::size_t table);

  std::filesystem::path folder_;
  std::string texts_;          // that wait to be written
  std::vector<Piece> recent_;  // the last different ones
  std::size_t next_recent_ = 0;
  std::vector<std::vector<Piece>> waiting_;  // by table
  std::size_t pieces_ = 0;
};

}  // namespace seplflow
