#include "run/run_folder.hpp"

#include <fstream>

namespace seplflow {
namespace {

namespace fs = std::filesystem;
constexpr char const* kAside = ".partial";

// The status in a folder's run.json; nothing when it has none that can be read.
std::string status_of_run(fs::path const& folder) {
  std::ifstream file(folder / "run.json");
  Json const json = Json::parse(file, nullptr, false);
  if (!json.is_object() || !json.contains("status") || !json["status"].is_string()) return "";
  return json["status"].get<std::string>();
}

fs::path made(fs::path folder) {
  std::string const name = folder.string();
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    throw RunFolderError("cannot write the run to " + name +
                         ": it is a file; choose another --out");
  }
  if (fs::exists(folder / "run.json")) {
    std::string const status = status_of_run(folder);
    throw RunFolderError(name + " holds a run already (status " +
                         (status.empty() ? "unknown" : "\"" + status + "\"") +
                         "), and runs are never written over; choose another --out or remove it");
  }
  if (fs::is_directory(folder) && !fs::is_empty(folder)) {
    throw RunFolderError(name +
                         " holds files that are not a run of seplflow; choose another --out");
  }
  fs::create_directories(folder);
  // Of two runs that begin at the same moment only one can make this.
  if (!fs::create_directory(folder / kAside)) {
    throw RunFolderError(name + " is being written by another run; choose another --out");
  }
  return folder;
}

}  // namespace

class RunFolder::StageFolder final : public OutputFolder {
 public:
  StageFolder(fs::path folder, AtomicWriter& writer)
      : folder_(std::move(folder)), writer_(writer) {}

  void write(fs::path const& file, std::span<std::uint8_t const> bytes) override {
    if (auto const unsafe = why_unsafe_id(file.string())) {
      throw Error("the file name \"" + file.string() + "\" " + *unsafe);
    }
    writer_.write_new(folder_ / file, bytes);
  }

 private:
  fs::path folder_;
  AtomicWriter& writer_;
};

RunFolder::RunFolder(fs::path folder) try
    : folder_(made(std::move(folder))), writer_(folder_ / kAside) {
} catch (fs::filesystem_error const& error) {
  throw RunFolderError("cannot make the run folder " + error.path1().string() + ": " +
                       error.code().message());
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  fs::remove_all(writer_.aside(), ignored);
}

void RunFolder::overwrite_json(std::string const& file, Json const& json) {
  writer_.overwrite(folder_ / file, json_text(json, 2) + "\n");
}

void RunFolder::write_json(std::string const& file, Json const& json) {
  write(file, json_text(json, 2) + "\n");
}

OutputFolder& RunFolder::output(std::string const& stage) {
  auto& output = outputs_[stage];
  if (!output) output = std::make_unique<StageFolder>(folder_ / stage, writer_);
  return *output;
}

std::unique_ptr<AppendFile> RunFolder::ledger() const {
  return std::make_unique<AppendFile>(folder_ / "ledger.jsonl");
}

std::unique_ptr<AppendFile> RunFolder::table(std::string const& stage) const {
  return std::make_unique<AppendFile>(writer_.aside() / (stage + ".csv"));
}

void RunFolder::place_table(AppendFile& table, std::string const& stage) {
  table.close();
  writer_.place(table.file(), folder_ / (stage + ".csv"));
}

}  // namespace seplflow
