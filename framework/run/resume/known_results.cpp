#include "run/resume/known_results.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "base/error_of.hpp"
#include "pipeline/current_work.hpp"
#include "run/resume/fingerprint.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
using Kind = SampleMemory::Entry::Kind;

struct Found {
  SampleMemory memory;
  fs::path const* folder;
};

// The first run that knows the sample counts.
std::optional<Found> find(std::vector<PastRun> const& runs, std::string const& id) {
  std::optional<Found> found;
  for (PastRun const& run : runs) {
    auto memory = run.memories.find(id);
    if (!memory) continue;
    if (!found) {
      found = Found{std::move(*memory), &run.folder};
    } else if (*found->folder == run.folder) {
      found->memory.add(*memory);
    }
  }
  return found;
}

// The file's bytes when it is still as it was written.
std::optional<std::vector<std::uint8_t>> intact_bytes(fs::path const& name,
                                                      WrittenFile const& written) {
  int const descriptor =
      ::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  struct stat status {};
  bool is_intact = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                   static_cast<std::uint64_t>(status.st_size) == written.size;
  std::vector<std::uint8_t> bytes(is_intact ? written.size : 0);
  for (std::size_t done = 0; is_intact && done < bytes.size();) {
    ssize_t const count = ::read(descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    is_intact = count > 0;
    done += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
  ::close(descriptor);
  if (!is_intact || fingerprint(bytes) != written.content) return std::nullopt;
  return bytes;
}

}  // namespace

// Finds out what is still true of one sample, stage by stage.
class KnownResults::Recall {
 public:
  Recall(KnownResults& known, Sample const& sample, Found const& found)
      : known_(known),
        sample_(sample),
        found_(found),
        has_failed_(std::ranges::any_of(
            found.memory.entries, [](auto const& entry) { return entry.kind == Kind::failed; })),
        changed_(known.pipeline_.stages.size()),
        absent_(known.pipeline_.stages.size()),
        lost_(known.pipeline_.stages.size()) {
    for (std::size_t s = 0; s < known.pipeline_.stages.size(); ++s) add_stage(s);
    if (!complete_ && !explained_) ++known.reuse_.incomplete;
  }

  bool is_complete() const { return complete_; }
  std::vector<StageMemory> take() { return std::move(memories_); }

 private:
  void add_stage(std::size_t s) {
    PipelineStage const& stage = stage_of(s);
    std::size_t const outputs = std::max<std::size_t>(1, stage.declaration->outputs.size());
    if (stage.declaration->ordered) count(known_.reuse_.ordered[stage.name]);
    changed_[s].assign(outputs, stage.declaration->ordered || has_changed_input(stage));
    lost_[s] = is_lost_before(stage);
    absent_[s].assign(outputs, !lost_[s] && needs_absent_input(stage));
    add_part({s, 0});
    if (kind_of(s) != StageKind::source) return;
    for (std::size_t output = 1; output < outputs; ++output) {
      if (stage.wanted[output]) add_part({s, output});
    }
  }

  void add_part(Part const& part) {
    StageMemory memory{part};
    if (auto const* const entry = found_.memory.find(known_.keys_[part])) {
      memory = what_is_true_of(*entry, part);
    }
    bool const arrives = !lost_[part.stage] && !absent_[part.stage][part.output];
    if (is_wanted_end(part.stage) && !memory.kept && arrives) complete_ = false;
    if (!memory.empty()) memories_.push_back(std::move(memory));
  }

  StageMemory what_is_true_of(SampleMemory::Entry const& entry, Part const& part) {
    StageMemory memory{part};
    if (reads_other_files(part, entry.stamp)) mark_changed(part);
    if (changed_[part.stage][part.output]) return memory;
    memory.stamp = entry.stamp;
    memory.warnings = entry.warnings;
    memory.counts = entry.counts;
    memory.outcome = outcome_of(entry);
    if (memory.outcome == Outcome::skipped && kind_of(part.stage) == StageKind::source) {
      absent_[part.stage][part.output] = true;
    } else if (memory.outcome != Outcome::done) {
      lost_[part.stage] = true;
    }
    if (memory.outcome == Outcome::failed || is_usable_result(entry, part.stage)) {
      memory.kept = entry.kept;
    }
    return memory;
  }

  // A stage that failed is run again. So must be a stage that skipped the sample: the sample might
  // else not reach the one that failed.
  Outcome outcome_of(SampleMemory::Entry const& entry) {
    bool const failures_stay = known_.request_.must_be_complete;
    if (entry.kind == Kind::skipped && (failures_stay || !has_failed_)) return Outcome::skipped;
    if (entry.kind != Kind::failed) return Outcome::done;
    count(known_.reuse_.failed);
    return failures_stay ? Outcome::failed : Outcome::done;
  }

  bool is_usable_result(SampleMemory::Entry const& entry, std::size_t s) {
    if (!is_wanted_end(s) || !entry.kept || entry.kind == Kind::failed) return false;
    if (kind_of(s) != StageKind::sink) return true;
    if (take_over_files(s, entry)) return true;
    count(known_.reuse_.lost_outputs[stage_of(s).name]);
    return false;
  }

  // If something is wrong with the files, the stage reports it when it processes the sample.
  bool reads_other_files(Part const& part, std::uint64_t stamp) const {
    if (known_.request_.trust_inputs) return false;
    std::vector<fs::path> files;
    PipelineStage const& stage = stage_of(part.stage);
    auto const list = [&] {
      CurrentWork const current(stage, sample_.id);
      files = stage.instance->files(part.output, sample_);
    };
    if (error_of(list)) return true;
    return !files.empty() && file_stamp(files, stage.files_read) != stamp;
  }

  // The outputs of a source change one by one, those of another stage together.
  void mark_changed(Part const& part) {
    auto& changed = changed_[part.stage];
    bool const is_first = std::ranges::none_of(changed, std::identity());
    if (kind_of(part.stage) == StageKind::source) {
      changed[part.output] = true;
    } else {
      changed.assign(changed.size(), true);
    }
    explained_ = true;
    if (is_first) ++known_.reuse_.changed_inputs[stage_of(part.stage).name];
  }

  // Whether all files of the sink are as they were written. If so, they stay, or are taken over when
  // they are in the folder of another run.
  bool take_over_files(std::size_t s, SampleMemory::Entry const& entry) {
    std::vector<WrittenFile> written;
    if (error_of([&] { written = files_of(entry); })) return false;
    RunFolder& into = known_.into_;
    bool const is_other = *found_.folder != into.path();
    TakeFiles const how = known_.request_.files;
    struct File {
      fs::path name;
      bool is_here;
      std::vector<std::uint8_t> bytes;
    };
    std::vector<File> files;
    for (fs::path const& home : known_.request_.homes[s]) {
      for (WrittenFile const& file : written) {
        fs::path const name = home / stage_of(s).name / file.name;
        auto bytes = intact_bytes(*found_.folder / name, file);
        // A merge that was killed may have moved it already.
        bool const is_moved = !bytes && is_other && how == TakeFiles::move;
        if (is_moved) bytes = intact_bytes(into.path() / name, file);
        if (!bytes) return false;
        bool const copies = is_other && how == TakeFiles::copy;
        files.push_back({name, !is_other || is_moved,
                         copies ? std::move(*bytes) : std::vector<std::uint8_t>()});
      }
    }
    for (auto const& [name, is_here, bytes] : files) {
      if (is_here) {
        into.keep_output(name);
      } else if (how == TakeFiles::copy) {
        into.write_output(name, bytes);
      } else {
        into.take_output(*found_.folder / name, name, how);
      }
    }
    return true;
  }

  bool has_changed_input(PipelineStage const& stage) const {
    for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
      auto const& input = stage.inputs[i];
      if (stage.depends_on(i) && changed_[input->stage][input->output]) return true;
    }
    return false;
  }

  bool is_lost_before(PipelineStage const& stage) const {
    return std::ranges::any_of(stage.inputs,
                               [&](auto const& input) { return input && lost_[input->stage]; });
  }

  bool needs_absent_input(PipelineStage const& stage) const {
    for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
      auto const& input = stage.inputs[i];
      bool const is_needed = input && !stage.declaration->inputs[i].optional;
      if (is_needed && absent_[input->stage][input->output]) return true;
    }
    return false;
  }

  void count(std::uint64_t& reason) {
    ++reason;
    explained_ = true;
  }

  PipelineStage const& stage_of(std::size_t s) const { return known_.pipeline_.stages[s]; }
  StageKind kind_of(std::size_t s) const { return stage_of(s).declaration->kind; }
  bool is_wanted_end(std::size_t s) const {
    return stage_of(s).is_end() && known_.request_.ends[s];
  }

  KnownResults& known_;
  Sample const& sample_;
  Found const& found_;
  bool const has_failed_;
  std::vector<std::vector<bool>> changed_;  // the outputs of each stage, because a file changed
  std::vector<std::vector<bool>> absent_;   // the outputs that the sample does not have
  std::vector<bool> lost_;                  // the stages that the sample does not leave
  bool complete_ = true;                    // nothing is left to do
  bool explained_ = false;                  // why something is left to do has been counted
  std::vector<StageMemory> memories_;
};

KnownResults::KnownResults(Pipeline const& pipeline, ContentKeys const& keys, RunFolder& into,
                 std::vector<PastRun> runs, Request request)
    : pipeline_(pipeline),
      keys_(keys),
      into_(into),
      runs_(std::move(runs)),
      request_(std::move(request)) {
  for (PastRun& run : runs_) run.memories.index();
}

std::vector<StageMemory> KnownResults::recall(Sample const& sample) {
  auto const found = find(runs_, memory_id(sample.id, sample.repetition));
  std::vector<StageMemory> memories;
  bool complete = false;
  if (!found) {
    ++reuse_.unknown;
  } else if (found->memory.identity != identity_of(sample)) {
    ++reuse_.other_samples;
  } else {
    Recall recall(*this, sample, *found);
    complete = recall.is_complete();
    memories = recall.take();
  }
  if (!complete && request_.must_be_complete) {
    throw Error(std::string(found ? "some" : "all") + " results of sample \"" + sample.id +
                "\" are missing from the runs; complete the runs with --resume, then merge them");
  }
  return memories;
}

MemoryReader::Unlisted KnownResults::unlisted(std::vector<std::string> const& but) const {
  auto const own = std::ranges::find(runs_, into_.path(), &PastRun::folder);
  return own == runs_.end() ? MemoryReader::Unlisted() : own->memories.never_found(but);
}

}  // namespace seplflow
