#include "run/history.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "data/bytes.hpp"
#include "data/error_of.hpp"
#include "data/sample.hpp"
#include "run/fingerprint.hpp"

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
  for (Shelf const& shelf : shelves_) {
    if (auto record = shelf.records.find(sample.id))
      return Found{std::move(*record), &shelf.folder};
  }
  return std::nullopt;
}

std::vector<Trail> History::recall(Sample const& sample) {
  auto const found = find(sample);
  if (!found) {
    ++reuse_.unknown;
    return {};
  }
  if (found->record.identity != identity_of(sample)) {
    ++reuse_.other_samples;
    return {};
  }
  return trails(sample, *found);
}

std::vector<Trail> History::trails(Sample const& sample, Found const& found) {
  std::vector<Trail> trails;
  bool complete = true, explained = false;
  // Whether an output is other than it was, because a file changed on the way to it. A transform's
  // outputs are one.
  std::vector<std::vector<bool>> changed(pipeline_.stages.size());
  std::vector<bool> declined(pipeline_.stages.size());
  for (std::size_t s = 0; s < pipeline_.stages.size(); ++s) {
    PipelineStage const& stage = pipeline_.stages[s];
    StageKind const kind = stage.declaration->kind;
    bool const is_source = kind == StageKind::source;
    changed[s].resize(std::max<std::size_t>(1, stage.declaration->outputs.size()));
    bool input_changed = false;
    for (auto const& input : stage.inputs) {
      if (!input) continue;
      input_changed = input_changed || changed[input->stage][input->output];
      declined[s] = declined[s] || declined[input->stage];
    }
    for (std::size_t output = 0; output < changed[s].size(); ++output) {
      changed[s][output] = input_changed;
      if (output > 0 && !is_source) continue;
      if (output > 0 && !stage.wanted[output]) continue;
      Part const part{s, output};
      std::vector<fs::path> files;
      // What is wrong with them is for the stage to say when it works on the sample.
      bool const unreadable =
          error_of([&] { files = stage.instance->files(output, sample); }).has_value();
      auto const* const entry = found.record.find(keys_[part]);
      Trail trail;
      trail.part = part;
      // Of a part that did not get to work nothing is known, nor needed.
      bool const differs = entry && !request_.trust_inputs &&
                           (unreadable || (!files.empty() && entry->stamp != file_stamp(files)));
      if (differs) {
        changed[s][output] = true;
        ++reuse_.changed_inputs[stage.name];
        explained = true;
      }
      bool const is_end = kind == StageKind::observer || kind == StageKind::sink;
      if (entry && !changed[s][output]) {
        trail.stamp = entry->stamp;
        trail.declined = entry->declined;
        declined[s] = declined[s] || entry->declined;
        if (is_end && request_.ends[s]) trail.kept = entry->kept;
      }
      if (trail.kept && kind == StageKind::sink && !has_files(s, trail.kept, *found.folder)) {
        trail.kept = nullptr;
        ++reuse_.lost_outputs[stage.name];
        explained = true;
      }
      if (is_end && request_.ends[s] && !trail.kept && !declined[s]) complete = false;
      if (trail.stamp != 0 || trail.declined || trail.kept) trails.push_back(std::move(trail));
    }
    if (!is_source) std::fill(changed[s].begin(), changed[s].end(), changed[s][0]);
  }
  if (!complete && !explained) ++reuse_.incomplete;
  return trails;
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
