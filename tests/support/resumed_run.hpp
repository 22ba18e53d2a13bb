// Runs that go on: what was done again, and what stayed.
#pragma once

#include <sys/resource.h>
#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/disk_data.hpp"
#include "support/held_run.hpp"

#include <map>

namespace fs = std::filesystem;

inline ProgramResult resume(Workplace const& place, std::string const& out, Names arguments = {},
                            ProgramOptions options = {}) {
  arguments.insert(arguments.begin(), "--resume");
  return place.run(out, std::move(arguments), std::move(options));
}

// Which file it is, and when it was written.
inline std::string identity_of(fs::path const& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) throw std::runtime_error("no file " + file.string());
  return std::to_string(status.st_ino) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

inline std::map<std::string, std::string> identities_in(fs::path const& folder) {
  std::map<std::string, std::string> identities;
  for (auto const& [name, bytes] : files_in(folder)) identities[name] = identity_of(folder / name);
  return identities;
}

inline Names changed(std::map<std::string, std::string> const& before,
                     std::map<std::string, std::string> const& after) {
  Names names;
  for (auto const& [name, identity] : after) {
    auto const found = before.find(name);
    if (found == before.end() || found->second != identity) names.push_back(name);
  }
  return names;
}

inline ProgramOptions files_of_at_most(std::size_t bytes) {
  ProgramOptions options;
  options.before_exec = [bytes] {
    rlimit const limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  };
  return options;
}

inline std::string const kAgain =
    "[stages.again]\nuse = \"eval.miou\"\n"
    "in = { truth = \"scenes.truth\", labels = \"scenes.pseudo\" }\n";

// SEPL over scenes without labels written, so that a removed stage can be told.
inline std::string without_write(std::string const& pipeline) {
  auto const at = pipeline.find("[stages.write]");
  auto const end = pipeline.find("in = \"select\"\n", at) + 14;
  return pipeline.substr(0, at) + pipeline.substr(end);
}
