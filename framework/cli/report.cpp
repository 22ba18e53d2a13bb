#include "report/report.hpp"

#include <fstream>
#include <iostream>

#include "base/number_text.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "run/file_writer.hpp"

namespace seplflow::cli {
namespace {

namespace fs = std::filesystem;

struct ReportArguments {
  std::vector<std::string> runs;
  std::string out = "report.html";
  std::vector<std::string> overrides;
  std::int64_t panels = 5;
  bool overwrite = false;
};

// Whoever mistypes --out must not lose a file.
void require_replaceable(fs::path const& file, bool overwrite) {
  std::string const name = file.string();
  fs::file_status const status = fs::symlink_status(file);
  if (status.type() == fs::file_type::not_found) return;
  if (fs::is_directory(file)) {
    throw UsageError(name + " is a folder; name a file with --out, for example " +
                     (file / "report.html").string());
  }
  if (status.type() != fs::file_type::regular) {
    throw UsageError("cannot write " + name + ": it is not a regular file; choose another --out");
  }
  if (overwrite) return;
  std::string head(1000, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (is_report(head)) return;
  throw UsageError(name +
                   " exists and was not written by seplflow report; replace it with --overwrite, "
                   "or choose another file with --out OTHER");
}

void write_report(fs::path const& file, std::string const& html) {
  fs::path const absolute = fs::absolute(file);
  fs::path const aside = absolute.parent_path() / ("." + absolute.filename().string() + ".partial");
  AtomicWriter(aside).write(absolute, html);
  std::error_code ignored;
  fs::remove(aside, ignored);
}

int report(ReportArguments const& arguments) {
  require_replaceable(arguments.out, arguments.overwrite);
  ReportRequest request{{arguments.runs.begin(), arguments.runs.end()},
                        arguments.overrides,
                        static_cast<std::size_t>(arguments.panels)};
  Report const report = make_report(request);
  for (std::string const& each : report.missing) print_warning(each);
  write_report(arguments.out, report.html);
  std::cout << arguments.out << ": report of " << counted(arguments.runs.size(), "run") << ", ";
  char size[32];
  std::snprintf(size, sizeof size, "%.1f MB", static_cast<double>(report.html.size()) / 1e6);
  std::cout << size << '\n';
  return kDone;
}

}  // namespace

Command report_command() {
  auto const arguments = std::make_shared<ReportArguments>();
  Command command{.name = "report",
                  .summary = "Write a page about runs: scores, classes, images, sweeps, pictures",
                  .run = [arguments] { return report(*arguments); },
                  .examples =
                      "  seplflow report runs/demo\n"
                      "  seplflow report runs/t1-0.3 runs/t1-0.7 --out both.html\n"};
  command
      .positional("RUN", "run folders, or variants of a sweep (RUN/variants/NAME), side by side",
                  arguments->runs)
      .required = true;
  command.option("--out", "FILE", "the page, one HTML file (default report.html)", arguments->out);
  command.count("--panels",
                "how many of the best, worst and random images are shown as pictures (default 5)",
                arguments->panels);
  command.option("--set", "STAGE.OPTION=VALUE",
                 "set an option for the pictures, such as a folder that was moved",
                 arguments->overrides);
  command.flag("--overwrite", "replace a file that seplflow report did not write",
               arguments->overwrite);
  return command;
}

}  // namespace seplflow::cli
