#include "run/resume/journal.hpp"

#include <algorithm>
#include <fstream>

#include "run/resume/fingerprint.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::string next_of(std::string const& name) {
  return name + ".next";
}

std::size_t lines_in(fs::path const& file) {
  std::ifstream stream(file, std::ios::binary);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>(), '\n'));
}

// A ledger is for people; what a run goes on from are the records, which know their lines. A line
// that no record knows is told: it is damaged, or its record is lost.
void check_ledger(fs::path const& ledger, RecordReader& records,
                  std::vector<std::string>& problems) {
  std::ifstream file(ledger, std::ios::binary);
  records.index();
  std::string line;
  std::size_t unknown = 0;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    bool const whole = !file.eof();
    Json const json = Json::parse(line, nullptr, false);
    auto const id = json.is_object() ? json.value("id", Json()) : Json();
    auto const record =
        id.is_string() ? records.find(id.get_ref<std::string const&>()) : std::nullopt;
    if (record && record->line == fingerprint(line)) continue;
    if (whole && !record && id.is_string()) {
      ++unknown;
      continue;
    }
    std::string what = "the line is damaged; it is written anew";
    if (!whole) {
      what = "the line is cut off; it is written anew";
    } else if (record) {
      what = "the line is not as it was written; it is written anew";
    }
    problems.push_back(ledger.string() + ":" + std::to_string(number) + ": " + what);
  }
  if (unknown == 0) return;
  problems.push_back(ledger.string() + " lists " + std::to_string(unknown) +
                     (unknown == 1
                          ? " sample of which no results are known; it is done again"
                          : " samples of which no results are known; they are done again"));
}

}  // namespace

Journal::Journal(RunFolder& folder, Names names) : folder_(folder), names_(std::move(names)) {
  auto const file = [&](std::string const& name) {
    return folder.path() / (folder.before() ? next_of(name) : name);
  };
  records_ = std::make_unique<RecordWriter>(file(names_.records));
  if (!names_.ledger.empty()) ledger_ = std::make_unique<AppendFile>(file(names_.ledger));
}

void Journal::append(SampleRecord record, std::string_view line) {
  record.line = fingerprint(line);
  records_->append(record);
  if (!ledger_) return;
  ledger_->append(std::string(line) + "\n");
  ledger_->flush();
}

void Journal::close() {
  records_->close();
  if (!ledger_) return;
  ledger_->close();
  if (!folder_.before()) return;
  // The longer ledger is worth more to its readers, complete or not.
  fs::path const now = folder_.path() / names_.ledger, next = next_of(now.string());
  if (lines_in(next) >= lines_in(now)) folder_.place(next, names_.ledger);
}

void Journal::complete(RunFolder& folder, Names const& names) {
  for (std::string const& name : {names.records, names.ledger}) {
    fs::path const next = folder.path() / next_of(name);
    if (!name.empty() && fs::exists(next)) folder.place(next, name);
  }
}

Journal::Memory Journal::recollect(fs::path const& folder, Names const& names) {
  Memory memory{RecordReader(folder / names.records), {}};
  memory.problems = memory.records.problems();
  if (!names.ledger.empty()) check_ledger(folder / names.ledger, memory.records, memory.problems);
  return memory;
}

Journal::Memory Journal::recollect(RunFolder& folder, Names const& names) {
  fs::path const next = folder.path() / next_of(names.records);
  if (!fs::exists(next)) return recollect(folder.path(), names);
  RecordReader older(folder.path() / names.records), newer(next);
  older.index();
  newer.index();
  fs::path const merged = folder.aside() / names.records;
  RecordWriter writer(merged);
  for (std::size_t i = 0; i < newer.count(); ++i) {
    SampleRecord record = newer.at(i);
    if (auto const before = older.find(record.id)) record.add(*before);
    writer.append(record);
  }
  for (std::size_t i = 0; i < older.count(); ++i) {
    SampleRecord const record = older.at(i);
    if (!newer.find(record.id)) writer.append(record);
  }
  writer.close();
  folder.place(merged, names.records);
  folder.remove(next_of(names.records));
  // A ledger that does not know yet what is put together here is no damage.
  Memory memory{RecordReader(folder.path() / names.records), newer.problems()};
  memory.problems.insert(memory.problems.end(), older.problems().begin(), older.problems().end());
  return memory;
}

void Journal::remove(RunFolder& folder, Names const& names) {
  folder.remove(names.records);
  folder.remove(next_of(names.records));
}

}  // namespace seplflow
