// What earlier runs know already of the samples of this one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "run/resume/content_keys.hpp"
#include "run/resume/records.hpp"
#include "run/run_folder.hpp"

namespace seplflow {

// A run folder, and what it remembers.
struct Shelf {
  std::filesystem::path folder;
  RecordReader records;
};

// A sink's files of a sample, as the records keep them.
struct Receipt {
  struct File {
    std::filesystem::path name;
    std::uint64_t size, content;
  };
  std::vector<File> files;

  static std::string of(std::vector<OutputFile> const& files);
  // Throws Error when the bytes are no receipt.
  explicit Receipt(std::string_view bytes);
};

// How much could be used, and why not the rest.
struct Reuse {
  std::uint64_t unknown = 0;                            // samples of which nothing is remembered
  std::uint64_t incomplete = 0;                         // of which some result is not
  std::uint64_t failed = 0;                             // that failed
  std::uint64_t other_samples = 0;                      // whose size or classes changed
  std::map<std::string, std::uint64_t> changed_inputs;  // samples whose files changed, by stage
  std::map<std::string, std::uint64_t> lost_outputs;    // whose files are gone or damaged, by stage
};

class History {
 public:
  struct Request {
    std::vector<bool> ends;                                 // that take part, by stage
    std::vector<std::vector<std::filesystem::path>> homes;  // of the files of each stage
    bool trust_inputs = false;      // without looking whether the files read have changed
    bool must_be_complete = false;  // a sample with anything left to do is an error; failures stay
  };

  // All but the request must outlive it. Files of sinks that lie in other folders than `into` are
  // copied there when they are recalled.
  History(Pipeline const& pipeline, ContentKeys const& keys, RunFolder& into,
          std::vector<Shelf> shelves, Request request);

  // See RunListener::recall.
  std::vector<Trail> recall(Sample const& sample);

  Reuse const& reuse() const { return reuse_; }

 private:
  struct Found {
    SampleRecord record;
    std::filesystem::path const* folder;
  };
  std::optional<Found> find(Sample const& sample) const;
  // Whether nothing is left to do.
  bool recall(Sample const& sample, Found const& found, std::vector<Trail>& trails);
  bool has_other_files(Part const& part, Sample const& sample, std::uint64_t stamp) const;
  bool has_files(std::size_t stage, Kept const& kept, std::filesystem::path const& folder);

  Pipeline const& pipeline_;
  ContentKeys const& keys_;
  RunFolder& into_;
  std::vector<Shelf> shelves_;
  Request const request_;
  Reuse reuse_;
};

}  // namespace seplflow
