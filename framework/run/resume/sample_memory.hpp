// RUN/ledger.records: what a run remembers of each sample, so that another can resume it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.hpp"
#include "run/file_writer.hpp"

namespace seplflow {

struct SampleMemory {
  // One part of the graph, identified by its content key.
  struct Entry {
    enum class Kind { nothing, result, files, skipped, failed, files_and_result };
    std::uint64_t key = 0;
    std::uint64_t stamp = 0;
    Kind kind = Kind::nothing;
    SharedBytes kept;  // an observer's result, the encoded files of a sink, both, or an error
    std::vector<Warning> warnings = {};
    std::vector<Count> counts = {};
  };

  std::string id;              // memory_id()
  std::uint64_t identity = 0;  // fingerprint of what the source said of the sample
  std::uint64_t line = 0;      // fingerprint of its line in the ledger
  std::vector<Entry> entries;  // sorted by key once they are read

  // Of a memory that was read.
  Entry const* find(std::uint64_t key) const;

  // Adds the entries of an older memory of the sample whose keys are not here yet.
  void add(SampleMemory const& older);
};

std::uint64_t identity_of(Sample const& sample);

// What a memory is found by: the id, and the repetition of a sample that was taken before.
std::string memory_id(std::string const& id, std::uint64_t repetition);

// A file that a sink wrote for a sample.
struct WrittenFile {
  std::filesystem::path name;  // below the sink's folder
  std::uint64_t size, content;
};

// The files of a sink as an entry keeps them.
std::string encode_files(std::vector<OutputFile> const& files);
// Throws Error when the bytes are damaged or a name would leave the sink's folder.
std::vector<WrittenFile> decode_files(std::string_view bytes);
// Those of an entry, if it is one of a sink. Throws Error as above.
std::vector<WrittenFile> files_of(SampleMemory::Entry const& entry);

// Appends memories. Each has its length and a checksum before it, so that a truncated or damaged
// one is recognised.
class MemoryWriter {
 public:
  // Creates or empties the file. Throws Error.
  explicit MemoryWriter(std::filesystem::path file);

  void append(SampleMemory const& memory);
  void close() { file_.close(); }

 private:
  AppendFile file_;
};

// Finds memories by sample. Takes 40 bytes of main memory for each. Not thread-safe.
class MemoryReader {
 public:
  // An absent or empty file has no memories. A damaged memory is left out, and so is all that
  // follows a truncated one; problems() has a message for each. Throws Error when the file cannot
  // be read.
  explicit MemoryReader(std::filesystem::path file);

  std::size_t count() const { return places_.size(); }
  // Those of samples with a result or files.
  std::size_t count_with_results() const;
  std::vector<std::string> const& problems() const { return problems_; }

  // In the order of the file.
  SampleMemory at(std::size_t i) const;
  // Prepares find(); the last of several memories of a sample counts.
  void index();
  std::optional<SampleMemory> find(std::string_view id) const;
  // The fingerprints of the ledger's lines that find() would return, sorted.
  std::vector<std::uint64_t> lines() const;

  // Of samples with a result or files, the number of those that find() has never been asked for,
  // and the ids of the first few.
  struct Unlisted {
    std::size_t count = 0;
    std::vector<std::string> first = {};
  };
  Unlisted never_found(std::vector<std::string> const& but) const;

 private:
  struct Place {
    std::uint64_t id, line, offset;  // the first two are fingerprints
    std::uint32_t size;
    bool has_results;
    mutable bool found = false;
  };
  void scan();
  std::string next(std::uint64_t size) const;  // bytes of the file, fewer at its end
  std::string read(Place const& place) const;

  std::filesystem::path file_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream_{nullptr, std::fclose};
  std::vector<Place> places_;
  std::vector<std::size_t> by_id_;  // places
  std::vector<std::string> problems_;
};

}  // namespace seplflow
