#include "run/run_folder.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <vector>

#include <seplflow/version.hpp>
#include "base/error_of.hpp"
#include "pipeline/current_work.hpp"
#include "run/resume/fingerprint.hpp"
#include "run/run_file.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr char const* kAside = ".partial";
constexpr char const* kStates = ".state";

std::string name_of_state(std::uint64_t key) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(key));
  return text;
}

constexpr char const* kShards = "shards";

// Whether OUT/shards of a submitted run holds runs, or will, and not only the script of one job.
bool holds_shards(fs::path const& folder) {
  if (!fs::is_directory(fs::symlink_status(folder / kShards))) return false;
  if (fs::exists(folder / kShards / "merge.sbatch")) return true;
  return std::ranges::any_of(fs::directory_iterator(folder / kShards),
                             [](fs::directory_entry const& entry) {
                               return fs::exists(entry.path() / "run.json");
                             });
}

// Apart from what a run leaves that was killed before it wrote run.json, and what was submitted.
bool holds_nothing(fs::path const& folder, RunFolder::Claim claim) {
  bool const is_submitted =
      claim == RunFolder::Claim::merge || fs::exists(folder / kShards / "run.sbatch");
  return std::ranges::all_of(fs::directory_iterator(folder), [&](fs::directory_entry const& entry) {
    fs::path const name = entry.path().filename();
    return name == kAside || (name == kShards && is_submitted) ||
           name.string().starts_with(FolderLock::kFile);
  });
}

void require_ours(fs::path const& folder, RunFolder::Claim claim) {
  std::string const name = folder.string();
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    throw RunFolderError("cannot write the run to " + name +
                         ": it is a file; choose another folder");
  }
  if (!fs::is_directory(folder) || fs::exists(fs::symlink_status(folder / "run.json"))) return;
  if (claim != RunFolder::Claim::merge && holds_shards(folder)) {
    throw RunFolderError(name + " holds the shards of a run that are not merged yet (seplflow status " +
                         name + " says how far they are); choose another folder");
  }
  if (!holds_nothing(folder, claim)) {
    throw RunFolderError(name +
                         " holds files that are not a run of seplflow; choose another folder");
  }
}

// Whether a sample came out of the run in the folder. A folder with failures alone can be replaced.
bool has_results(fs::path const& folder) {
  for (char const* const scores : {"metrics.json", "sweep.csv"}) {
    if (fs::exists(folder / scores)) return true;
  }
  bool has_ledger = false;
  for (char const* const ledger : {"ledger.jsonl", "ledger.jsonl.next"}) {
    if (!exists_as_regular_file(folder / ledger)) continue;
    has_ledger = true;
    std::ifstream stream(folder / ledger, std::ios::binary);
    for (std::string line; std::getline(stream, line);) {
      if (text_in(parsed_json(line), "outcome") != "failed") return true;
    }
  }
  return !has_ledger && fs::exists(folder / "ledger.records");
}

void require_no_run(fs::path const& folder) {
  if (!fs::exists(fs::symlink_status(folder / "run.json"))) return;
  std::string status = "unknown";
  try {
    auto const record = run_record_in(folder);
    status = "\"" + record->status + "\"";
    if (!record->is_complete() && !has_results(folder)) return;
  } catch (RunFolderError const&) {
  }
  throw RunFolderError(folder.string() + " already holds a run (status " + status +
                       "); continue it with --resume, replace it with --overwrite, or choose "
                       "another folder with --out OTHER");
}

// Checked before locking, so that nothing is written into a folder that is not ours, and again
// after it, since another run may have started or ended meanwhile.
fs::path created(fs::path folder, RunFolder::Claim claim) {
  try {
    require_ours(folder, claim);
    fs::create_directories(folder);
    return folder;
  } catch (fs::filesystem_error const& error) {
    throw RunFolderError("cannot create the run folder " + error.path1().string() + ": " +
                         error.code().message());
  }
}

// The first folder of a path below `folder` that is a symbolic link.
std::optional<fs::path> link_in(fs::path folder, fs::path const& path) {
  std::error_code unknown;
  for (fs::path const& part : path) {
    folder /= part;
    if (fs::is_symlink(folder, unknown)) return folder;
  }
  return std::nullopt;
}

// Whoever reads run.json relies on these.
constexpr std::pair<char const*, Json::value_t> kTypes[] = {
    {"name", Json::value_t::string},    {"status", Json::value_t::string},
    {"keep", Json::value_t::string},    {"versions", Json::value_t::object},
    {"shard", Json::value_t::object},   {"crash", Json::value_t::object},
    {"plugins", Json::value_t::array},  {"lists", Json::value_t::array},
    {"variants", Json::value_t::array}, {"merged", Json::value_t::array},
    {"left_out", Json::value_t::array},
};
constexpr char const* kListsOfObjects[] = {"plugins", "variants"};

// What is wrong with the first field that does not have its type.
std::optional<std::string> wrong_field(Json const& record) {
  for (auto const& [name, type] : kTypes) {
    auto const found = record.find(name);
    if (found == record.end() || found->type() == type) continue;
    return "\"" + std::string(name) + "\" should be of the type " + Json(type).type_name() +
           ", but is of the type " + found->type_name();
  }
  for (char const* const name : kListsOfObjects) {
    Json const list = record.value(name, Json::array());
    if (std::ranges::all_of(list, &Json::is_object)) continue;
    return "\"" + std::string(name) + "\" should list objects";
  }
  return std::nullopt;
}

}  // namespace

std::optional<RunRecord> run_record_in(fs::path const& folder) {
  fs::path const name = folder / "run.json";
  if (!exists_as_regular_file(name)) return std::nullopt;
  RunRecord record;
  record.json = parsed_json(read_run_file(name));
  auto const format = record.json.is_object() ? record.json.find("format") : record.json.end();
  if (format == record.json.end() || !format->is_number_integer()) {
    throw DamagedRunRecord(name.string() + " is not the record of a run (it has no \"format\")");
  }
  auto const number = format->get<std::int64_t>();
  if (number > kRunFormat) {
    throw RunFolderError(name.string() + " has format " + std::to_string(number) +
                         ", but this seplflow (" SEPLFLOW_VERSION ") supports formats up to " +
                         std::to_string(kRunFormat) + "; use the version that wrote it");
  }
  if (auto const wrong = wrong_field(record.json)) {
    throw DamagedRunRecord(name.string() + " is damaged: " + *wrong);
  }
  record.format = static_cast<int>(number);
  record.name = text_in(record.json, "name");
  record.status = text_in(record.json, "status");
  return record;
}

RunFolder::RunFolder(fs::path folder, Claim claim)
    : given_(created(std::move(folder), claim)),
      folder_(fs::absolute(given_)),
      lock_(given_),
      writer_(folder_ / kAside) {
  require_ours(given_, claim);
  if (claim == Claim::new_run || claim == Claim::merge) require_no_run(given_);
  try {
    before_ = run_record_in(given_);
  } catch (DamagedRunRecord const&) {
    before_ = RunRecord();
  }
  if (before_) at_work_before_ = WorkRecord::samples_in(work_file());
  // A run that was killed may have left it.
  fs::remove_all(writer_.aside());
  fs::create_directory(writer_.aside());
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  fs::remove_all(writer_.aside(), ignored);
}

void RunFolder::overwrite_json(fs::path const& file, Json const& json) {
  writer_.overwrite(folder_ / file, json_text(json, 2) + "\n");
}

void RunFolder::write_record(Json const& json, std::size_t room) {
  std::string const text = json_text(json, 2);
  auto const write_it = [&](std::string const& end) {
    writer_.write_durably(folder_ / "run.json", text + end + "\n");
  };
  if (error_of([&] { write_it(std::string(room, ' ')); })) write_it("");
}

void RunFolder::forget_before() {
  remove("run.json");
  before_.reset();
  at_work_before_.clear();
}

// No folder on the way may be a symbolic link: its files are somebody else's.
fs::path RunFolder::to_write(fs::path const& file) {
  fs::path const parent = file.parent_path();
  std::scoped_lock const lock(outputs_mutex_);
  if (parent.empty() || folders_.contains(parent)) return folder_ / file;
  if (auto const link = link_in(folder_, parent)) {
    throw Error("cannot write to " + link->string() +
                ": it is a symbolic link, which is not followed; remove it");
  }
  folders_.insert(parent);
  return folder_ / file;
}

void RunFolder::write_json(fs::path const& file, Json const& json) {
  write(file, json_text(json, 2) + "\n");
}

void RunFolder::write_output(fs::path const& file, std::span<std::uint8_t const> bytes) {
  if (before_) {
    keep_output(file);
    writer_.write(to_write(file), bytes);
  } else {
    writer_.write_new(to_write(file), bytes);
  }
}

void RunFolder::take_output(fs::path const& from, fs::path const& file, TakeFiles how) {
  if (before_) keep_output(file);
  writer_.take(from, to_write(file), how, before_.has_value());
}

void RunFolder::keep_output(fs::path const& file) {
  std::scoped_lock const lock(outputs_mutex_);
  if (!outputs_.insert(fingerprint(file.generic_string())).second) {
    throw Error("cannot write " + (folder_ / file).string() +
                ": this run has already written it; two samples, or two files of a stage, have the "
                "same name");
  }
}

std::size_t RunFolder::remove_outputs(fs::path const& folder,
                                      std::unordered_set<std::uint64_t> const& known) {
  if (!fs::is_directory(fs::symlink_status(folder_ / folder))) return 0;
  std::vector<fs::path> others, folders = {folder};
  for (auto const& entry : fs::recursive_directory_iterator(folder_ / folder)) {
    fs::path const file = entry.path().lexically_relative(folder_);
    if (entry.is_directory() && !entry.is_symlink()) {
      folders.push_back(file);
    } else if (!outputs_.contains(fingerprint(file.generic_string())) && !written_.contains(file) &&
               known.contains(fingerprint(file.lexically_relative(folder).generic_string()))) {
      others.push_back(file);
    }
  }
  for (fs::path const& each : others) remove(each);
  // The innermost first. Those that are not empty stay.
  for (auto each = folders.rbegin(); each != folders.rend(); ++each) {
    std::error_code ignored;
    fs::remove(folder_ / *each, ignored);
  }
  return others.size();
}

void RunFolder::remove_if_empty(fs::path const& folder) {
  std::error_code holds_something;
  fs::remove(folder_ / folder, holds_something);
}

void RunFolder::note_written(fs::path const& file) {
  std::scoped_lock const lock(outputs_mutex_);
  written_.insert(file);
}

bool RunFolder::remove_other(fs::path const& file) {
  if (written_.contains(file)) return false;
  std::error_code error;
  if (link_in(folder_, file.parent_path())) return false;
  bool const removed = fs::remove(folder_ / file, error);
  if (error) throw Error("cannot remove " + (folder_ / file).string() + ": " + error.message());
  return removed;
}

void RunFolder::write(fs::path const& file, std::string_view text) {
  writer_.write(to_write(file), text);
  note_written(file);
}

fs::path RunFolder::state_folder(std::uint64_t key) {
  fs::path const folder = to_write(fs::path(kStates) / name_of_state(key) / "state").parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error("cannot create " + folder.string() + ": " + error.message());
  return folder;
}

void RunFolder::remove_states_but(std::vector<std::uint64_t> const& keys) {
  std::error_code none;
  std::vector<fs::path> others;
  if (fs::is_symlink(folder_ / kStates, none)) return;
  for (auto const& entry : fs::directory_iterator(folder_ / kStates, none)) {
    std::string const name = entry.path().filename().string();
    bool const is_kept =
        std::ranges::any_of(keys, [&](std::uint64_t key) { return name_of_state(key) == name; });
    if (!is_kept) others.push_back(fs::path(kStates) / name);
  }
  for (fs::path const& each : others) remove(each);
  remove_if_empty(kStates);
}

void RunFolder::place(fs::path const& complete, fs::path const& file) {
  writer_.place(complete, to_write(file));
  note_written(file);
}

void RunFolder::remove(fs::path const& file) {
  std::error_code error;
  fs::remove_all(folder_ / file, error);
  if (error) throw Error("cannot remove " + (folder_ / file).string() + ": " + error.message());
}

void RunFolder::place_copy(fs::path const& complete, fs::path const& file) {
  fs::path const copy = complete.string() + "-copy";
  std::error_code error;
  fs::copy_file(complete, copy, fs::copy_options::overwrite_existing, error);
  if (error) throw Error("cannot write " + (folder_ / file).string() + ": " + error.message());
  place(copy, file);
}

}  // namespace seplflow
