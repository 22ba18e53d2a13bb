#include <seplflow/detail/files_read.hpp>

#include <sys/stat.h>

namespace seplflow {
namespace {

thread_local FilesRead* recorder = nullptr;

}  // namespace

FileState state_in(struct stat const& status) {
  return {true, static_cast<std::uint64_t>(status.st_size),
          static_cast<std::uint64_t>(status.st_mtim.tv_sec),
          static_cast<std::uint64_t>(status.st_mtim.tv_nsec)};
}

FileState state_of(std::filesystem::path const& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? state_in(status) : FileState();
}

FilesRead::FilesRead() : outer_(recorder) {
  recorder = this;
}

FilesRead::~FilesRead() {
  recorder = outer_;
}

void FilesRead::record(std::filesystem::path const& file, FileState const& state) {
  if (recorder) recorder->states_.try_emplace(file.lexically_normal(), state);
}

}  // namespace seplflow
