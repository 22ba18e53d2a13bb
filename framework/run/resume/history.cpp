#include "run/resume/history.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/bytes.hpp"
#include "base/error_of.hpp"
#include "run/resume/fingerprint.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::optional<std::vector<std::uint8_t>> bytes_of(fs::path const& file, std::uint64_t size) {
  std::error_code unknown;
  if (fs::file_size(file, unknown) != size || unknown) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> bytes(size);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!stream || stream.peek() != std::ifstream::traits_type::eof()) return std::nullopt;
  return bytes;
}

}  // namespace

std::string Receipt::of(std::vector<OutputFile> const& files) {
  ByteWriter bytes;
  bytes.count(files.size());
  for (OutputFile const& file : files) {
    bytes.text(file.name.string()).count(file.bytes.size()).count(fingerprint(file.bytes));
  }
  return bytes.take();
}

Receipt::Receipt(std::string_view bytes) {
  ByteReader reader(bytes);
  files.resize(reader.length());
  for (File& file : files) {
    file.name = reader.text();
    if (why_unsafe_id(file.name.string())) throw Error("a file would leave its folder");
    file.size = reader.count();
    file.content = reader.count();
  }
  reader.end();
}

History::History(Pipeline const& pipeline, ContentKeys const& keys, RunFolder& into,
                 std::vector<Shelf> shelves, Request request)
    : pipeline_(pipeline),
      keys_(keys),
      into_(into),
      shelves_(std::move(shelves)),
      request_(std::move(request)) {
  for (Shelf& shelf : shelves_) shelf.records.index();
}

std::optional<History::Found> History::find(Sample const& sample) const {
  std::optional<Found> found;
  for (Shelf const& shelf : shelves_) {
    auto record = shelf.records.find(sample.id);
    if (!record) continue;
    if (!found) {
      found = Found{std::move(*record), &shelf.folder};
    } else if (*found->folder == shelf.folder) {
      found->record.add(*record);
    }
  }
  return found;
}

std::vector<Trail> History::recall(Sample const& sample) {
  auto const found = find(sample);
  std::vector<Trail> trails;
  bool complete = false;
  if (!found) {
    ++reuse_.unknown;
  } else if (found->record.identity != identity_of(sample)) {
    ++reuse_.other_samples;
  } else {
    complete = recall(sample, *found, trails);
  }
  if (!complete && request_.must_be_complete) {
    throw Error("the runs lack " + std::string(found ? "some" : "all") + " results of sample \"" +
                sample.id + "\"; complete them with --resume, then join them");
  }
  return trails;
}

bool History::recall(Sample const& sample, Found const& found, std::vector<Trail>& trails) {
  using Kind = SampleRecord::Entry::Kind;
  bool complete = true, explained = false;
  // What failed is tried again; were it known what declined the sample, the graph might not come to
  // it.
  bool const failed = std::ranges::any_of(
      found.record.entries, [](auto const& entry) { return entry.kind == Kind::failed; });
  bool const stays_lost = request_.must_be_complete || !failed;
  // Whether an output is other than it was, because a file changed on the way to it. A transform's
  // outputs are one.
  std::vector<std::vector<bool>> changed(pipeline_.stages.size());
  std::vector<bool> lost(pipeline_.stages.size());
  for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
    PipelineStage const& stage = pipeline_.stages[s];
    StageKind const kind = stage.declaration->kind;
    bool const is_source = kind == StageKind::source;
    bool const is_end = kind == StageKind::observer || kind == StageKind::sink;
    bool input_changed = false;
    for (auto const& input : stage.inputs) {
      if (!input) continue;
      input_changed = input_changed || changed[input->stage][input->output];
      lost[s] = lost[s] || lost[input->stage];
    }
    std::size_t const outputs = std::max<std::size_t>(1, stage.declaration->outputs.size());
    changed[s].resize(outputs, input_changed);
    for (std::size_t output = 0; output < outputs; ++output) {
      if (output > 0 && (!is_source || !stage.wanted[output])) continue;
      Trail trail;
      trail.part = {s, output};
      auto const* const entry = found.record.find(keys_[trail.part]);
      if (entry && has_other_files(trail.part, sample, entry->stamp)) {
        if (is_source) {
          changed[s][output] = true;
        } else {
          changed[s].assign(outputs, true);
        }
        ++reuse_.changed_inputs[stage.name];
        explained = true;
      }
      if (entry && !changed[s][output]) {
        trail.stamp = entry->stamp;
        if (entry->kind == Kind::skipped && stays_lost) trail.outcome = Outcome::skipped;
        if (entry->kind == Kind::failed) {
          ++reuse_.failed;
          explained = true;
          if (request_.must_be_complete) trail.outcome = Outcome::failed;
        }
        lost[s] = lost[s] || trail.outcome != Outcome::done;
        bool const is_result = is_end && request_.ends[s] && entry->kind != Kind::failed;
        if (is_result || trail.outcome == Outcome::failed) trail.kept = entry->kept;
      }
      if (trail.kept && kind == StageKind::sink && trail.outcome == Outcome::done &&
          !has_files(s, trail.kept, *found.folder)) {
        trail.kept = nullptr;
        ++reuse_.lost_outputs[stage.name];
        explained = true;
      }
      if (is_end && request_.ends[s] && !trail.kept && !lost[s]) complete = false;
      if (trail.stamp != 0 || trail.outcome != Outcome::done || trail.kept) {
        trails.push_back(std::move(trail));
      }
    }
  }
  if (!complete && !explained) ++reuse_.incomplete;
  return complete;
}

// What is wrong with the files is for the stage to say, when it works on the sample.
bool History::has_other_files(Part const& part, Sample const& sample, std::uint64_t stamp) const {
  if (request_.trust_inputs) return false;
  std::vector<fs::path> files;
  StageInstance const& instance = *pipeline_.stages[part.stage].instance;
  if (error_of([&] { files = instance.files(part.output, sample); })) return true;
  return !files.empty() && file_stamp(files) != stamp;
}

bool History::has_files(std::size_t stage, Kept const& kept, fs::path const& folder) {
  std::optional<Receipt> receipt;
  if (error_of([&] { receipt.emplace(*kept); })) return false;
  bool const copy = folder != into_.path();
  std::vector<std::pair<fs::path, std::vector<std::uint8_t>>> files;
  for (fs::path const& home : request_.homes[stage]) {
    for (Receipt::File const& file : receipt->files) {
      fs::path const name = home / pipeline_.stages[stage].name / file.name;
      auto bytes = bytes_of(folder / name, file.size);
      if (!bytes || fingerprint(*bytes) != file.content) return false;
      if (!copy) bytes->clear();
      files.emplace_back(name, std::move(*bytes));
    }
  }
  for (auto const& [name, bytes] : files) {
    if (copy) {
      into_.write_output(name, bytes);
    } else {
      into_.keep_output(name);
    }
  }
  return true;
}

}  // namespace seplflow
