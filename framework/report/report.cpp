#include "report/report.hpp"

#include <algorithm>

#include <seplflow/version.hpp>
#include "compare/comparison.hpp"
#include "report/page_text.hpp"
#include "report/pictures.hpp"
#include "report/run_data.hpp"

namespace seplflow {
namespace {

constexpr std::string_view kGenerator = "<meta name=\"generator\" content=\"seplflow report\">";

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  std::string replaced;
  std::size_t begin = 0;
  for (std::size_t at; (at = text.find(what, begin)) != std::string::npos;) {
    replaced.append(text, begin, at - begin).append(by);
    begin = at + what.size();
  }
  text = replaced.append(text, begin);
}

std::string html_text(std::string_view text) {
  std::string html;
  for (char const c : text) {
    html += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  }
  return html;
}

// Inside of <script>, where no text may begin a tag or a comment of HTML.
std::string json_in_html(Json const& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  replace_all(text, "<", "\\u003c");
  return text;
}

std::string title_of(std::vector<RunData> const& runs) {
  std::string title;
  for (RunData const& run : runs) {
    std::string name = text_in(run.json["record"], "name");
    if (name.empty()) {
      name = text_of_bytes(std::filesystem::canonical(run.folder).filename().string());
    }
    title += (title.empty() ? "" : ", ") + name;
  }
  return title;
}

}  // namespace

Report make_report(ReportRequest const& request) {
  std::vector<RunData> runs;
  for (auto const& folder : request.runs) runs.push_back(read_run_data(folder));
  Report report;
  Json data = {{"version", SEPLFLOW_VERSION}, {"runs", Json::array()}};
  for (std::size_t r = 0; r < runs.size(); ++r) {
    std::string const where = runs.size() > 1 ? letter(r) + ": " : "";
    for (std::string const& each : runs[r].missing) report.missing.push_back(where + each);
    runs[r].json["letter"] = letter(r);
  }
  std::string const title = title_of(runs);
  Panels panels = make_panels(runs, request.panels, request.overrides);
  data["panels"] = std::move(panels.json);
  data["missing"] = panels.missing;
  data["notes"] = panels.notes;
  report.missing.insert(report.missing.end(), panels.missing.begin(), panels.missing.end());
  for (RunData& run : runs) data["runs"].push_back(std::move(run.json));
  report.html = page_text();
  // The title first, since the data may have any text in it.
  replace_all(report.html, "@TITLE@", html_text(title));
  report.html.replace(report.html.rfind("@DATA@"), 6, json_in_html(data));
  return report;
}

bool is_report(std::string_view text) {
  return text.substr(0, 1000).find(kGenerator) != std::string_view::npos;
}

}  // namespace seplflow
