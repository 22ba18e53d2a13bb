// seplflow, the program.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/expanded_braces.hpp"
#include "cli/keep_memory.hpp"
#include "pipeline/problem.hpp"

namespace {

constexpr char const* kDescription =
    "seplflow lets SAM's masks sharpen the pseudo-labels of weakly supervised segmentation.\n"
    "A pipeline file (TOML) says which stages do what; \"seplflow stages\" lists them.";

constexpr char const* kFooter =
    "\nFirst steps:\n"
    "  seplflow stages                      what there is to build with\n"
    "  seplflow stages sepl.select          one stage: inputs, outputs, options\n"
    "  seplflow check PIPELINE.toml         finds every mistake before anything runs\n"
    "  seplflow run PIPELINE.toml           runs it into runs/NAME\n"
    "  seplflow run PIPELINE.toml --set select.t1=0.4 --out runs/t1-0.4\n"
    "  seplflow compare runs/NAME runs/t1-0.4\n"
    "\nExit status: 0 done; 1 done with failed samples, or failed while running; 2 the command "
    "line\n"
    "or the pipeline is wrong; 130 interrupted.";

int run_action(seplflow::cli::Action const& action) {
  using namespace seplflow;
  try {
    return action();
  } catch (PipelineError const& error) {
    std::cerr << error.what() << '\n';
    return cli::kUsage;
  } catch (UsageError const& error) {
    std::cerr << "error: " << error.what() << '\n';
    return cli::kUsage;
  } catch (std::exception const& error) {
    std::cerr << "error: " << error.what() << '\n';
    return cli::kFailed;
  } catch (...) {
    std::cerr << "error: something was thrown that is no std::exception\n";
    return cli::kFailed;
  }
}

// Results that nobody got are no results.
int with_output_flushed(int status) {
  if (std::cout.flush()) return status;
  std::cerr << "error: cannot write to standard output\n";
  return status == seplflow::cli::kDone ? seplflow::cli::kFailed : status;
}

}  // namespace

int main(int argc, char** argv) {
  seplflow::cli::keep_freed_memory();
  // A file that grows past its limit is an error of that write, not the end of the program.
  std::signal(SIGXFSZ, SIG_IGN);

  CLI::App app(kDescription, "seplflow");
  app.footer(kFooter);
  app.set_version_flag("--version", "seplflow " SEPLFLOW_VERSION);
  app.require_subcommand(1);
  app.fallthrough(false);

  seplflow::cli::Action action;
  std::vector<std::string> const command_line(argv, argv + argc);
  if (auto const message = seplflow::cli::expanded_braces(command_line)) {
    std::cerr << "error: " << *message << '\n';
    return seplflow::cli::kUsage;
  }
  seplflow::cli::add_run(app, action, command_line);
  seplflow::cli::add_merge(app, action, command_line);
  seplflow::cli::add_check(app, action);
  seplflow::cli::add_graph(app, action);
  seplflow::cli::add_compare(app, action);
  seplflow::cli::add_stages(app, action);
  std::vector<std::string> commands;
  for (CLI::App const* command : app.get_subcommands({})) commands.push_back(command->get_name());
  std::string const first = argc > 1 ? argv[1] : "";
  if (!first.empty() && first[0] != '-' && std::ranges::find(commands, first) == commands.end()) {
    std::cerr << "error: there is no command \"" << first << "\""
              << seplflow::did_you_mean(first, commands) << " (there are "
              << seplflow::quoted_list(commands) << ")\n";
    return seplflow::cli::kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    int const status = app.exit(error);
    return status == 0 ? seplflow::cli::kDone : seplflow::cli::kUsage;
  }
  return with_output_flushed(run_action(action));
}
