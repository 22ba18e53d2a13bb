// RUN/ledger.records: what a run remembers of each sample, so that another can go on from there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.hpp"
#include "run/file_writer.hpp"

namespace seplflow {

// What is remembered of one sample.
struct SampleRecord {
  // Of a part of the graph, which its content key stands for.
  struct Entry {
    enum class Kind { nothing, record, files, skipped, failed };
    std::uint64_t key = 0;
    std::uint64_t stamp = 0;
    Kind kind = Kind::nothing;
    Kept kept;  // a record, a receipt of files, an error
  };

  std::string id;
  std::uint64_t identity = 0;  // fingerprint of what the source said of the sample
  std::uint64_t line = 0;      // fingerprint of its line in the ledger
  std::vector<Entry> entries;  // of one that was read: by key

  // In one that was read.
  Entry const* find(std::uint64_t key) const;

  // Adds the entries of an older record of the sample that have other keys.
  void add(SampleRecord const& older);
};

std::uint64_t identity_of(Sample const& sample);

// Appends records, each framed by its length and a checksum, so that a torn or damaged one is known
// for what it is.
class RecordWriter {
 public:
  // Creates or empties the file. Throws Error.
  explicit RecordWriter(std::filesystem::path file);

  void append(SampleRecord const& record);
  void close() { file_.close(); }

 private:
  AppendFile file_;
};

// Finds records by sample. Memory: 24 bytes a record.
class RecordReader {
 public:
  // An absent or empty file has no records. A damaged record is passed over, and what follows a
  // torn one is lost; either is said in problems(). Throws Error when the file cannot be read.
  explicit RecordReader(std::filesystem::path file);
  ~RecordReader();
  RecordReader(RecordReader&& other) noexcept;

  std::size_t count() const { return places_.size(); }
  std::vector<std::string> const& problems() const { return problems_; }

  // In the order of the file.
  SampleRecord at(std::size_t i) const;
  // Makes find() ready; of several records of a sample the last counts.
  void index();
  // Safe to call from many threads.
  std::optional<SampleRecord> find(std::string_view id) const;

 private:
  struct Place {
    std::uint64_t id, offset, size;
  };
  void scan();
  std::uint64_t size() const;  // of the file
  std::string read(Place const& place) const;

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::vector<Place> places_, by_id_;
  std::vector<std::string> problems_;
};

}  // namespace seplflow
