#include "run/run_folder.hpp"

#include <algorithm>
#include <fstream>
#include <vector>

#include "run/fingerprint.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr char const* kAside = ".partial";
constexpr char const* kRecord = "run.json";

bool is_ours(fs::path const& name) {
  return name == kAside || name == FolderLock::kFile;
}

// Only what a run leaves that was killed before it could say so.
bool holds_nothing(fs::path const& folder) {
  return std::ranges::all_of(fs::directory_iterator(folder), [](fs::directory_entry const& entry) {
    return is_ours(entry.path().filename());
  });
}

void require_ours(fs::path const& folder, RunFolder::Claim claim) {
  std::string const name = folder.string();
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    throw RunFolderError("cannot write the run to " + name +
                         ": it is a file; choose another --out");
  }
  if (!fs::is_directory(folder)) return;
  if (fs::exists(folder / kRecord)) {
    if (claim == RunFolder::Claim::resumption) return;
    std::string status = "unknown";
    try {
      status = "\"" + run_record_in(folder)->status + "\"";
    } catch (RunFolderError const&) {
    }
    throw RunFolderError(name + " holds a run already (status " + status +
                         "), and runs are never written over; complete or change it with --resume, "
                         "choose another --out, or remove it");
  }
  if (!holds_nothing(folder)) {
    throw RunFolderError(name +
                         " holds files that are not a run of seplflow; choose another --out");
  }
}

// Before the lock, so that nothing is put where nothing is ours; after it, since another run may
// have begun or ended meanwhile.
fs::path made(fs::path folder, RunFolder::Claim claim) {
  try {
    require_ours(folder, claim);
    fs::create_directories(folder);
    return folder;
  } catch (fs::filesystem_error const& error) {
    throw RunFolderError("cannot make the run folder " + error.path1().string() + ": " +
                         error.code().message());
  }
}

}  // namespace

std::optional<RunRecord> run_record_in(fs::path const& folder) {
  fs::path const name = folder / kRecord;
  std::error_code unknown;
  if (!fs::exists(name, unknown)) return std::nullopt;
  std::ifstream file(name);
  RunRecord record;
  record.json = Json::parse(file, nullptr, false);
  auto const text = [&](char const* key) {
    auto const found = record.json.find(key);
    return found != record.json.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (!record.json.is_object() || !record.json.value("format", Json()).is_number_integer()) {
    throw RunFolderError(name.string() + " is not the record of a run (no \"format\" can be read)");
  }
  record.format = record.json["format"].get<int>();
  record.name = text("name");
  record.status = text("status");
  if (record.format > kRunFormat) {
    throw RunFolderError(name.string() + " is of format " + std::to_string(record.format) +
                         ", and this seplflow (" SEPLFLOW_VERSION ") knows formats up to " +
                         std::to_string(kRunFormat) + "; use the version that wrote it");
  }
  return record;
}

RunFolder::RunFolder(fs::path folder, Claim claim)
    : folder_(made(std::move(folder), claim)), lock_(folder_), writer_(folder_ / kAside) {
  require_ours(folder_, claim);
  before_ = run_record_in(folder_);
  // Of one that was killed.
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

void RunFolder::write_json(fs::path const& file, Json const& json) {
  write(file, json_text(json, 2) + "\n");
}

void RunFolder::write_record(Json const& json) {
  writer_.write_durably(folder_ / kRecord, json_text(json, 2) + "\n");
}

void RunFolder::write_output(fs::path const& file, std::span<std::uint8_t const> bytes) {
  if (before_) {
    note_output(file);
    writer_.write(folder_ / file, bytes);
  } else {
    writer_.write_new(folder_ / file, bytes);
  }
}

void RunFolder::keep_output(fs::path const& file) {
  note_output(file);
}

void RunFolder::note_output(fs::path const& file) {
  std::scoped_lock const lock(outputs_mutex_);
  if (!outputs_.insert(fingerprint(file.generic_string())).second) {
    throw Error("cannot write " + (folder_ / file).string() +
                ": this run has written it before; two samples, or two files of a stage, have "
                "the same name");
  }
}

std::size_t RunFolder::remove_other_outputs(fs::path const& folder) {
  if (!before_ || !fs::is_directory(folder_ / folder)) return 0;
  std::vector<fs::path> others, folders;
  for (auto const& entry : fs::recursive_directory_iterator(folder_ / folder)) {
    fs::path const relative = entry.path().lexically_relative(folder_);
    if (entry.is_directory() && !entry.is_symlink()) {
      folders.push_back(relative);
    } else if (!outputs_.contains(fingerprint(relative.generic_string()))) {
      others.push_back(relative);
    }
  }
  for (fs::path const& each : others) remove(each);
  // The innermost first; those that hold something stay.
  for (auto each = folders.rbegin(); each != folders.rend(); ++each) {
    std::error_code ignored;
    fs::remove(folder_ / *each, ignored);
  }
  std::error_code ignored;
  fs::remove(folder_ / folder, ignored);
  return others.size();
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
