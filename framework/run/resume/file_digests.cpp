#include "run/resume/file_digests.hpp"

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "base/error_of.hpp"
#include "base/text_file.hpp"
#include "catalog/plugin_places.hpp"
#include "run/resume/fingerprint.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

// To read a smaller file takes no longer than to find it in the list.
constexpr std::uint64_t kLeastListed = 1 << 20;
constexpr std::size_t kMostListed = 1000;

// Changes whenever the file does: nobody can set the time of the last change of its inode.
std::string inode_stamp(fs::path const& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return "";
  std::ostringstream text;
  text << status.st_size << ' ' << status.st_ino << ' ' << status.st_mtim.tv_sec << '.'
       << status.st_mtim.tv_nsec << ' ' << status.st_ctim.tv_sec << '.' << status.st_ctim.tv_nsec;
  return text.str();
}

// The digests of large files that were computed before. Another process may write the list at the
// same time: it changes in one step, and what is lost is computed again.
class DigestList {
 public:
  DigestList() {
    fs::path const index = default_plugin_index();
    if (index.empty()) return;
    file_ = index.parent_path() / "digests";
    std::ifstream stream(file_, std::ios::binary);
    for (std::string key, digest; digests_.size() < kMostListed && std::getline(stream, key) &&
                                  std::getline(stream, digest);) {
      digests_[key] = digest;
    }
  }

  std::string find(std::string const& key) const {
    auto const found = digests_.find(key);
    return found == digests_.end() ? "" : found->second;
  }

  void add(std::string const& key, std::string const& digest) {
    if (file_.empty() || key.find('\n') != std::string::npos) return;
    if (digests_.size() >= kMostListed) digests_.clear();
    digests_[key] = digest;
    std::string text;
    for (auto const& [known, value] : digests_) text += known + "\n" + value + "\n";
    replace_cache_file(file_, text);
  }

 private:
  fs::path file_;
  std::map<std::string, std::string> digests_;
};

std::string computed_digest(fs::path const& file, FileState const& state) {
  static DigestList list;
  std::string const stamp = inode_stamp(file);
  if (stamp.empty() || !(state_of(file) == state)) return "";
  std::string const key = stamp + " " + fs::absolute(file).string();
  bool const is_listed = state.size >= kLeastListed;
  if (is_listed) {
    if (std::string known = list.find(key); !known.empty()) return known;
  }
  std::string digest;
  if (error_of([&] { digest = file_hash(file); }) || inode_stamp(file) != stamp) return "";
  if (is_listed) list.add(key, digest);
  return digest;
}

}  // namespace

std::string file_digest(fs::path const& file, FileState const& state) {
  struct Known {
    FileState state;
    std::string inode, digest;
  };
  static std::mutex mutex;
  static std::map<fs::path, Known> all;
  std::string const inode = inode_stamp(file);
  std::scoped_lock const lock(mutex);
  Known& known = all[file];
  // Other bytes may have been given the size and the time of those that were read.
  bool const is_disguised = inode != known.inode && state_of(file) == state;
  if (known.digest.empty() || !(known.state == state) || is_disguised) {
    known = {state, inode, computed_digest(file, state)};
  }
  return known.digest;
}

}  // namespace seplflow
