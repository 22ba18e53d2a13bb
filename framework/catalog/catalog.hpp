// Finds, checks and loads plugins, and lists their stages. For the host, not for authors.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <seplflow/detail/stage_instance.hpp>

namespace seplflow {

// The stages of all plugins. Their libraries stay loaded as long as the catalog exists, so it must
// outlive all instances of their stages. It does not change after its construction.
class StageCatalog {
 public:
  struct LoadedPlugin {
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
  };
  // A stage by name: null when unknown; several files when several plugins define it.
  struct Found {
    StageDeclaration const* declaration = nullptr;
    std::vector<std::filesystem::path> files;
  };

  // Loads these shared libraries and those in these folders, in this order and sorted by name
  // within a folder. Libraries that cannot be used are listed in rejected(); they never throw.
  // `built_in` are stages of the program itself.
  explicit StageCatalog(std::vector<std::filesystem::path> const& places,
                        std::vector<StageDeclaration> built_in = {});
  ~StageCatalog();
  StageCatalog(StageCatalog&&) noexcept;

  Found find(std::string_view name) const;
  std::vector<std::string> names() const;  // sorted, each once
  std::vector<LoadedPlugin> const& plugins() const;
  std::vector<RejectedPlugin> const& rejected() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The folders of SEPLFLOW_PLUGIN_PATH (separated by colons), then the install's own folder.
std::vector<std::filesystem::path> default_plugin_places();

}  // namespace seplflow
