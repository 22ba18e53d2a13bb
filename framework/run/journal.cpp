#include "run/journal.hpp"

#include <fstream>

#include "run/fingerprint.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

std::string next_of(std::string const& records) {
  return records + ".next";
}

// Whether the line is of a sample that is known.
bool is_known(std::string const& line, RecordReader const* older) {
  if (!older) return false;
  Json const json = Json::parse(line, nullptr, false);
  auto const id = json.is_object() ? json.value("id", Json()) : Json();
  return id.is_string() && older->find(id.get_ref<std::string const&>());
}

// Lines of a ledger and records were written in pairs. A line that is not the one that its record
// knows is damaged, and who damaged it may have damaged more: the sample is done again. Lines
// without a record may be of the run before, which `older` knows; it may be null.
void compare(fs::path const& ledger, RecordReader& records, RecordReader const* older,
             std::vector<std::string>& problems) {
  std::ifstream file(ledger, std::ios::binary);
  std::vector<bool> good(records.count(), true);
  std::string line;
  std::size_t number = 0, without_record = 0;
  while (std::getline(file, line)) {
    bool const whole = !file.eof();
    std::string const where = ledger.string() + ":" + std::to_string(++number);
    if (number > records.count()) {
      if (whole && Json::accept(line)) {
        if (!is_known(line, older)) ++without_record;
      } else {
        problems.push_back(where + ": the line is " + (whole ? "damaged" : "cut off") +
                           "; its sample is done again");
      }
      continue;
    }
    SampleRecord const record = records.at(number - 1);
    if (record.id.empty() || record.line == fingerprint(line)) continue;
    good[number - 1] = false;
    problems.push_back(where + ": the line is " + (whole ? "damaged" : "cut off") + "; sample \"" +
                       record.id + "\" is done again");
  }
  records.retain([&](std::size_t i) { return good[i]; });
  if (without_record > 0) {
    problems.push_back(ledger.string() + " lists " + std::to_string(without_record) +
                       (without_record == 1 ? " sample of which no result is kept; it is done again"
                                            : " samples of which no results are kept; they are "
                                              "done again"));
  }
}

}  // namespace

Journal::Journal(RunFolder& folder, Names names) : folder_(folder), names_(std::move(names)) {
  // First, so that no lines of the run before are ever beside records of this one.
  if (!names_.ledger.empty()) {
    ledger_ = std::make_unique<AppendFile>(folder.path() / names_.ledger);
  }
  std::string const& file = folder.before() ? next_of(names_.records) : names_.records;
  records_ = std::make_unique<RecordWriter>(folder.path() / file);
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
  if (ledger_) ledger_->close();
}

void Journal::complete() {
  if (folder_.before()) {
    folder_.place(folder_.path() / next_of(names_.records), names_.records);
  }
}

void Journal::forget(RunFolder& folder, Names const& names) {
  folder.remove(names.records);
  folder.remove(next_of(names.records));
}

Journal::Memory Journal::recollect(fs::path const& folder, Names const& names) {
  Memory memory{RecordReader(folder / names.records), {}};
  memory.problems = memory.records.problems();
  if (!names.ledger.empty()) {
    compare(folder / names.ledger, memory.records, nullptr, memory.problems);
  }
  return memory;
}

Journal::Memory Journal::recollect(RunFolder& folder, Names const& names) {
  fs::path const next = folder.path() / next_of(names.records);
  if (!fs::exists(next)) return recollect(folder.path(), names);
  RecordReader older(folder.path() / names.records);
  older.index();
  Memory newer{RecordReader(next), {}};
  newer.problems = newer.records.problems();
  if (!names.ledger.empty()) {
    compare(folder.path() / names.ledger, newer.records, &older, newer.problems);
  }
  newer.records.index();
  fs::path const merged = folder.aside() / names.records;
  RecordWriter writer(merged);
  for (std::size_t i = 0; i < newer.records.count(); ++i) {
    if (auto const record = newer.records.at(i); !record.id.empty()) writer.append(record);
  }
  for (std::size_t i = 0; i < older.count(); ++i) {
    auto const record = older.at(i);
    if (!record.id.empty() && !newer.records.find(record.id)) writer.append(record);
  }
  writer.close();
  // Its lines and what is put together now would be no pairs.
  if (!names.ledger.empty()) folder.remove(names.ledger);
  folder.place(merged, names.records);
  folder.remove(next_of(names.records));
  std::vector<std::string> problems = older.problems();
  problems.insert(problems.end(), newer.problems.begin(), newer.problems.end());
  return {RecordReader(folder.path() / names.records), std::move(problems)};
}

}  // namespace seplflow
