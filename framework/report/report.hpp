// A page about runs, for people: one HTML file that needs nothing else.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace seplflow {

struct ReportRequest {
  std::vector<std::filesystem::path> runs;  // run folders, or variants of a sweep
  std::vector<std::string> overrides = {};  // "stage.option=value", for data that was moved
  std::size_t panels = 5;  // so many of the best, worst and random images are shown as pictures
};

struct Report {
  std::string html;
  std::vector<std::string> missing;  // what the page cannot show, and why; it says so too
};

// Reads the runs, which may be unfinished or have failed. Throws UsageError when a folder is not a
// run, its run.json cannot be read, or an override is wrong.
Report make_report(ReportRequest const& request);

// Whether make_report() wrote the text that begins so.
bool is_report(std::string_view text);

}  // namespace seplflow
