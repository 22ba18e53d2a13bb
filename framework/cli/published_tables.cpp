#include "cli/published_tables.hpp"

#include "base/number_text.hpp"
#include "cli/table.hpp"

namespace seplflow::cli {
namespace {

using Number = Published::Number;
using Found = std::vector<std::optional<double>>;  // by variant

std::string source_of(Pipeline const& pipeline) {
  std::string const& source = pipeline.published.source;
  return source.empty() ? "published numbers" : source;
}

std::string here_and_published(std::optional<double> found, std::optional<double> published) {
  std::string const here = found ? percent(*found) : "-";
  return published ? here + " (" + percent(*published / 100) + ")" : here;
}

SummaryTable of_one(Pipeline const& pipeline, std::vector<Found> const& found) {
  SummaryTable table{
      "percent, beside " + source_of(pipeline), {"", "here", "published", "difference"}, {}};
  for (std::size_t n = 0; n < found.size(); ++n) {
    Number const& number = pipeline.published.numbers[n];
    auto const here = found[n].front();
    auto const published = number.percent.front();
    table.rows.push_back({number.name, here ? percent(*here) : "-",
                          published ? percent(*published / 100) : "-",
                          here && published ? percent(*here - *published / 100, true) : "-"});
  }
  return table;
}

// Nothing if any of them is missing.
std::optional<double> mean(Found const& values) {
  double sum = 0;
  for (auto const& value : values) {
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(values.size());
}

// A row for each variant and one for their mean, a column for each number.
SummaryTable of_many(Pipeline const& pipeline, std::vector<Found> const& found) {
  SummaryTable table{"percent, here (" + source_of(pipeline) + ")", {"variant"}, {}};
  for (Number const& number : pipeline.published.numbers) table.columns.push_back(number.name);
  for (std::size_t v = 0; v < pipeline.variants.size(); ++v) {
    std::vector<std::string> row = {pipeline.variants[v].name};
    for (std::size_t n = 0; n < found.size(); ++n) {
      row.push_back(here_and_published(found[n][v], pipeline.published.numbers[n].percent[v]));
    }
    table.rows.push_back(std::move(row));
  }
  table.rows.push_back({"mean"});
  for (std::size_t n = 0; n < found.size(); ++n) {
    table.rows.back().push_back(
        here_and_published(mean(found[n]), mean(pipeline.published.numbers[n].percent)));
  }
  return table;
}

SummaryTable of_grid(Pipeline const& pipeline, Number const& number, Found const& found) {
  return grid(pipeline, number.name + ", percent, here (" + source_of(pipeline) + ")",
              [&](std::size_t v) { return here_and_published(found[v], number.percent[v]); });
}

}  // namespace

std::vector<SummaryTable> published_tables(Pipeline const& pipeline, RunReport const& report) {
  auto const& found = report.beside_published;
  if (found.empty()) return {};
  if (!pipeline.sweeps()) return {of_one(pipeline, found)};
  if (!pipeline.is_grid()) return {of_many(pipeline, found)};
  std::vector<SummaryTable> tables;
  for (std::size_t n = 0; n < found.size(); ++n) {
    tables.push_back(of_grid(pipeline, pipeline.published.numbers[n], found[n]));
  }
  return tables;
}

}  // namespace seplflow::cli
