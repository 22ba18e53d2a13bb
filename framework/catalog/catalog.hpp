// Finds, checks and loads plugins, and lists their stages. For the host, not for authors.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/detail/stage_instance.hpp>

namespace seplflow {

// The stages of all plugins. A library is loaded when one of its stages is asked for; what it
// declares is known before, from the index or a child process, so that a faulty library harms
// nobody who does not use it. Libraries stay loaded as long as the catalog exists, so it must
// outlive all instances of their stages. Use it from one thread.
class StageCatalog {
 public:
  struct KnownPlugin {
    std::filesystem::path file;
    std::string version;   // its own; may be empty
    std::string seplflow;  // the version that it was built with
    std::uint32_t abi_major, abi_minor;
    std::vector<std::string> stages;
  };
  struct RejectedPlugin {
    std::filesystem::path file;
    std::string reason;
    std::string stage = {};  // the one that is rejected; empty for the whole library
    bool is_other = false;   // not a plugin but some library beside plugins
  };
  // A stage by name: null when unknown or not loadable; several files when several plugins define
  // it.
  struct Found {
    StageDeclaration const* declaration = nullptr;
    std::vector<std::filesystem::path> files;
  };
  // What is known about a stage without loading its library.
  struct Listed {
    std::string summary, missing_library;
    std::vector<std::filesystem::path> files;
  };
  struct Settings {
    std::filesystem::path index = {};  // empty: every library is examined
    std::chrono::milliseconds patience = std::chrono::seconds(20);
    // Called once for each library that has not declared its stages after a twentieth of that time.
    std::function<void(std::filesystem::path const&)> on_wait = {};
  };

  // Examines these shared libraries and Python files, and those in these folders, in this order and sorted by name
  // within a folder. Libraries that cannot be used are listed in rejected(); they never throw.
  // `built_in` are stages of the program itself.
  explicit StageCatalog(std::vector<std::filesystem::path> const& places,
                        std::vector<StageDeclaration> built_in = {})
      : StageCatalog(places, std::move(built_in), Settings()) {}
  StageCatalog(std::vector<std::filesystem::path> const& places,
               std::vector<StageDeclaration> built_in, Settings const& settings);
  ~StageCatalog();
  StageCatalog(StageCatalog&&) noexcept;

  // Loads the library of the stage. If that fails, the stage is not found and is in rejected().
  Found find(std::string_view name) const;
  // All stages by name, each once. Loads all libraries.
  std::vector<StageDeclaration const*> all() const;
  std::vector<std::string> names() const;  // sorted, each once
  Listed listed(std::string_view name) const;
  std::vector<KnownPlugin> const& plugins() const;
  std::vector<RejectedPlugin> const& rejected() const;
  // For errors about unknown stages: " (2 plugins were rejected; ...)", or nothing.
  std::string rejected_hint() const;
  // Places that other users can write.
  std::vector<std::string> const& warnings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The stages that this program finds by itself (default_plugin_places), with the index of its user.
StageCatalog default_catalog(std::function<void(std::filesystem::path const&)> on_wait = {});

}  // namespace seplflow
