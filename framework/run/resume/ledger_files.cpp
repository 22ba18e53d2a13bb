#include "run/resume/ledger_files.hpp"

#include <algorithm>
#include <fstream>

#include "base/number_text.hpp"
#include "run/resume/fingerprint.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::string next_of(std::string const& name) {
  return name + ".next";
}

// Where a run writes one of its ledger files.
fs::path file_of(RunFolder const& folder, std::string const& name) {
  return folder.path() / (folder.before() ? next_of(name) : name);
}

std::size_t lines_in(fs::path const& file) {
  exists_as_regular_file(file);
  std::ifstream stream(file, std::ios::binary);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>(), '\n'));
}

// The ledger is for people; a run is resumed from the memories, which know their lines. A line that
// no memory knows is reported: it is damaged, or its memory is lost.
void check_ledger(fs::path const& ledger, MemoryReader& memories,
                  std::vector<std::string>& problems) {
  if (!exists_as_regular_file(ledger)) return;
  std::ifstream file(ledger, std::ios::binary);
  memories.index();
  std::vector<std::uint64_t> const lines = memories.lines();
  std::string line;
  std::size_t unknown = 0;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    bool const is_whole = !file.eof();
    if (std::ranges::binary_search(lines, fingerprint(line))) continue;
    Json const entry = parsed_json(line);
    std::string const id = bytes_of_text(text_in(entry, "id"));
    auto const repetition = entry.is_object() ? entry.find("repetition") : entry.end();
    bool const repeats = repetition != entry.end() && repetition->is_number_unsigned();
    std::string const key = memory_id(id, repeats ? repetition->get<std::uint64_t>() : 0);
    auto const memory = memories.find(key);
    if (memory && memory->line == fingerprint(line)) continue;
    if (is_whole && !memory && !id.empty()) {
      ++unknown;
      continue;
    }
    char const* const what = !is_whole ? "is truncated"
                             : memory  ? "is not as it was written"
                                       : "is damaged";
    problems.push_back(ledger.string() + ":" + std::to_string(number) + ": the line " + what +
                       "; it is written again");
  }
  if (unknown == 0) return;
  problems.push_back(ledger.string() + " lists " + counted(unknown, "sample") +
                     " without known results; " + (unknown == 1 ? "it is" : "they are") +
                     " processed again");
}

// Entry by entry, the newer ones count.
void merge(MemoryReader& newer, MemoryReader& older, fs::path const& into) {
  older.index();
  newer.index();
  MemoryWriter writer(into);
  for (std::size_t i = 0; i < newer.count(); ++i) {
    SampleMemory memory = newer.at(i);
    if (auto const before = older.find(memory.id)) memory.add(*before);
    writer.append(memory);
  }
  for (std::size_t i = 0; i < older.count(); ++i) {
    SampleMemory const memory = older.at(i);
    if (!newer.find(memory.id)) writer.append(memory);
  }
  writer.close();
}

void add(std::vector<std::string> const& more, std::vector<std::string>& problems) {
  problems.insert(problems.end(), more.begin(), more.end());
}

}  // namespace

LedgerFiles::LedgerFiles(RunFolder& folder, Names names)
    : folder_(folder), names_(std::move(names)), memories_(file_of(folder, names_.records)) {
  if (!names_.ledger.empty()) ledger_.emplace(file_of(folder, names_.ledger));
}

void LedgerFiles::append(SampleMemory memory, std::string_view line) {
  memory.line = fingerprint(line);
  memories_.append(memory);
  if (!ledger_) return;
  ledger_->append(std::string(line) + "\n");
  ledger_->flush();
}

void LedgerFiles::close() {
  memories_.close();
  if (!ledger_) return;
  ledger_->close();
  if (!folder_.before()) return;
  // The longer ledger is worth more to its readers, complete or not.
  fs::path const now = folder_.path() / names_.ledger, next = next_of(now.string());
  if (lines_in(next) >= lines_in(now)) folder_.place(next, names_.ledger);
}

void LedgerFiles::complete(RunFolder& folder, Names const& names) {
  for (std::string const& name : {names.records, names.ledger}) {
    fs::path const next = folder.path() / next_of(name);
    if (!name.empty() && fs::exists(next)) folder.place(next, name);
  }
}

MemoryReader LedgerFiles::read(fs::path const& folder, Names const& names,
                           std::vector<std::string>& problems) {
  MemoryReader memories(folder / names.records);
  add(memories.problems(), problems);
  if (!names.ledger.empty()) check_ledger(folder / names.ledger, memories, problems);
  return memories;
}

MemoryReader LedgerFiles::read(RunFolder& folder, Names const& names,
                           std::vector<std::string>& problems) {
  fs::path const next = folder.path() / next_of(names.records);
  if (!fs::exists(next)) return read(folder.path(), names, problems);
  MemoryReader older(folder.path() / names.records), newer(next);
  fs::path const merged = folder.aside() / names.records;
  merge(newer, older, merged);
  folder.place(merged, names.records);
  folder.remove(next_of(names.records));
  add(newer.problems(), problems);
  add(older.problems(), problems);
  // A ledger that does not have the merged samples yet is not damaged.
  return MemoryReader(folder.path() / names.records);
}

void LedgerFiles::remove(RunFolder& folder, Names const& names) {
  for (std::string const& name : {names.records, names.ledger}) {
    if (name.empty()) continue;
    folder.remove(name);
    folder.remove(next_of(name));
  }
}

}  // namespace seplflow
