#include "run/run_folder.hpp"

#include <algorithm>
#include <fstream>
#include <vector>

#include <seplflow/version.hpp>
#include "run/resume/fingerprint.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr char const* kAside = ".partial";

// Apart from what a run leaves that was killed before it wrote run.json.
bool holds_nothing(fs::path const& folder) {
  return std::ranges::all_of(fs::directory_iterator(folder), [](fs::directory_entry const& entry) {
    fs::path const name = entry.path().filename();
    return name == kAside || name == FolderLock::kFile;
  });
}

void require_ours(fs::path const& folder) {
  std::string const name = folder.string();
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    throw RunFolderError("cannot write the run to " + name +
                         ": it is a file; choose another folder");
  }
  if (!fs::is_directory(folder) || fs::exists(folder / "run.json")) return;
  if (!holds_nothing(folder)) {
    throw RunFolderError(name +
                         " holds files that are not a run of seplflow; choose another folder");
  }
}

void require_no_run(fs::path const& folder) {
  if (!fs::exists(folder / "run.json")) return;
  std::string status = "unknown";
  try {
    status = "\"" + run_record_in(folder)->status + "\"";
  } catch (RunFolderError const&) {
  }
  throw RunFolderError(folder.string() + " already holds a run (status " + status +
                       "), and existing runs are never overwritten; choose another --out, or "
                       "resume the run with --resume");
}

// Checked before locking, so that nothing is written into a folder that is not ours, and again
// after it, since another run may have started or ended meanwhile.
fs::path created(fs::path folder) {
  try {
    require_ours(folder);
    fs::create_directories(folder);
    return folder;
  } catch (fs::filesystem_error const& error) {
    throw RunFolderError("cannot create the run folder " + error.path1().string() + ": " +
                         error.code().message());
  }
}

}  // namespace

std::optional<RunRecord> run_record_in(fs::path const& folder) {
  fs::path const name = folder / "run.json";
  std::error_code unknown;
  if (!fs::exists(name, unknown)) return std::nullopt;
  std::ifstream file(name);
  RunRecord record;
  record.json = Json::parse(file, nullptr, false);
  if (!record.json.is_object() || !record.json.value("format", Json()).is_number_integer()) {
    throw DamagedRunRecord(name.string() + " is not the record of a run (it has no \"format\")");
  }
  record.format = record.json["format"].get<int>();
  record.name = text_in(record.json, "name");
  record.status = text_in(record.json, "status");
  if (record.format > kRunFormat) {
    throw RunFolderError(name.string() + " has format " + std::to_string(record.format) +
                         ", but this seplflow (" SEPLFLOW_VERSION ") supports formats up to " +
                         std::to_string(kRunFormat) + "; use the version that wrote it");
  }
  return record;
}

RunFolder::RunFolder(fs::path folder, Claim claim)
    : folder_(created(std::move(folder))), lock_(folder_), writer_(folder_ / kAside) {
  require_ours(folder_);
  if (claim == Claim::new_run) require_no_run(folder_);
  try {
    before_ = run_record_in(folder_);
  } catch (DamagedRunRecord const&) {
    before_ = RunRecord();
  }
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

void RunFolder::write_record(Json const& json) {
  writer_.write_durably(folder_ / "run.json", json_text(json, 2) + "\n");
}

void RunFolder::write_json(fs::path const& file, Json const& json) {
  write(file, json_text(json, 2) + "\n");
}

void RunFolder::write_output(fs::path const& file, std::span<std::uint8_t const> bytes) {
  if (before_) {
    keep_output(file);
    writer_.write(folder_ / file, bytes);
  } else {
    writer_.write_new(folder_ / file, bytes);
  }
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
    } else if (!outputs_.contains(fingerprint(file.generic_string())) &&
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
  bool const removed = fs::remove(folder_ / file, error);
  if (error) throw Error("cannot remove " + (folder_ / file).string() + ": " + error.message());
  return removed;
}

void RunFolder::write(fs::path const& file, std::string_view text) {
  writer_.write(folder_ / file, text);
  note_written(file);
}

void RunFolder::place(fs::path const& complete, fs::path const& file) {
  writer_.place(complete, folder_ / file);
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
