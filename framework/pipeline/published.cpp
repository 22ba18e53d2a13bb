#include "pipeline/published.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/number_text.hpp"
#include "pipeline/option_reader.hpp"
#include "pipeline/option_text.hpp"

namespace seplflow {
namespace {

using Percents = std::vector<std::optional<double>>;

struct PublishedReader {
  Document const& document;
  PipelineRequest const& request;
  Pipeline& pipeline;
  std::vector<Problem>& problems;

  void read() {
    for (Setting const& setting : document.published) {
      if (setting.key == "source") {
        auto source = read_text(setting, request.environment, problems);
        if (source) pipeline.published.source = std::move(*source);
      } else if (setting.key == "samples") {
        auto const count = setting.value->value_exact<std::int64_t>();
        if (count && *count > 0) {
          pipeline.published.samples = static_cast<std::uint64_t>(*count);
        } else {
          complain(setting.value_place,
                   "\"samples\" is the number of samples that the published numbers are over, for "
                   "example 1464");
        }
      } else if (names_an_evaluator(setting)) {
        read_numbers(setting);
      }
    }
  }

  bool complain(Place const& place, std::string message) {
    problems.push_back({place, std::move(message)});
    return false;
  }

  bool names_an_evaluator(Setting const& setting) {
    std::size_t const dot = setting.key.find('.');
    if (dot == std::string::npos || dot + 1 == setting.key.size()) {
      return complain(setting.place,
                      "write a published number as \"STAGE.METRIC\" = 81.2, for example "
                      "\"score.miou\" = 81.2; \"source\" names the publication, and \"samples\" is how "
                      "many samples its numbers are over");
    }
    std::string const stage = setting.key.substr(0, dot);
    std::vector<std::string> evaluators;
    for (PipelineStage const& each : pipeline.stages) {
      if (each.declaration->kind == StageKind::observer) evaluators.push_back(each.name);
    }
    if (std::ranges::find(evaluators, stage) != evaluators.end()) return true;
    return complain(setting.place, "the pipeline has no evaluator \"" + stage + "\"" +
                                       suggestion(stage, evaluators));
  }

  void read_numbers(Setting const& setting) {
    toml::node const& value = *setting.value;
    if (auto const one = number(value)) {
      pipeline.published.numbers.push_back(
          {setting.key, Percents(pipeline.variants.size(), *one), true});
      return;
    }
    if (!value.is_array()) {
      complain(setting.value_place,
               "expected a number in percent, or a list with one for each variant");
      return;
    }
    if (!request.sweeps.empty()) return;
    if (auto numbers =
            pipeline.is_grid() ? grid(setting) : row(setting, pipeline.variants.size())) {
      pipeline.published.numbers.push_back({setting.key, std::move(*numbers), false});
    }
  }

  static std::optional<std::optional<double>> number(toml::node const& node) {
    if (!node.is_number()) return std::nullopt;
    double const value = *node.value<double>();
    return std::isnan(value) ? std::optional<double>() : std::optional(value);
  }

  std::optional<Percents> row(Setting const& setting, std::size_t count) {
    toml::array const* const list = setting.value->as_array();
    std::string const expected =
        "expected a list of " + counted(count, "number") + " in percent, " +
        (pipeline.is_grid() ? "one for each value of \"" + pipeline.axes[0].key + "\""
                            : "one for each variant in their order (nan for none)");
    if (!list || list->size() != count) {
      complain(setting.value_place,
               expected + (list ? ", got " + std::to_string(list->size()) : ""));
      return std::nullopt;
    }
    Percents numbers;
    for (toml::node const& node : *list) {
      auto const value = number(node);
      if (!value) {
        complain(element(setting, node).value_place, "this is not a number; " + expected);
        return std::nullopt;
      }
      numbers.push_back(*value);
    }
    return numbers;
  }

  // The first axis across, the second down. In the order of variants the second changes faster.
  std::optional<Percents> grid(Setting const& setting) {
    Axis const &across = pipeline.axes[0], &down = pipeline.axes[1];
    toml::array const& rows = *setting.value->as_array();
    if (rows.size() != down.values.size()) {
      complain(setting.value_place, "expected " + std::to_string(down.values.size()) +
                                        " rows, one for each value of \"" + down.key + "\", got " +
                                        std::to_string(rows.size()));
      return std::nullopt;
    }
    Percents numbers(pipeline.variants.size());
    for (std::size_t d = 0; d < rows.size(); ++d) {
      auto const cells = row(element(setting, *rows.get(d)), across.values.size());
      if (!cells) return std::nullopt;
      for (std::size_t v = 0; v < numbers.size(); ++v) {
        auto const& values = pipeline.variants[v].values;
        if (values[1] == d) numbers[v] = (*cells)[values[0]];
      }
    }
    return numbers;
  }
};

std::string number_text(std::optional<double> number) {
  return number ? toml_text(*number) : "nan";
}

std::string list_text(Percents const& numbers, std::vector<std::size_t> const& variants) {
  std::string text;
  for (std::size_t const v : variants) text += (text.empty() ? "" : ", ") + number_text(numbers[v]);
  return "[" + text + "]";
}

std::string value_text(Pipeline const& pipeline, Published::Number const& number) {
  if (number.common) return number_text(number.percent.front());
  std::vector<std::size_t> all(pipeline.variants.size());
  std::iota(all.begin(), all.end(), 0);
  if (!pipeline.is_grid()) return list_text(number.percent, all);
  std::string text = "[\n";
  for (std::size_t d = 0; d < pipeline.axes[1].values.size(); ++d) {
    std::vector<std::size_t> row;
    std::ranges::copy_if(all, std::back_inserter(row),
                         [&](std::size_t v) { return pipeline.variants[v].values[1] == d; });
    text += "  " + list_text(number.percent, row) + ",\n";
  }
  return text + "]";
}

template <class ValueText>
std::string section(Pipeline const& pipeline, ValueText const& value_text) {
  if (pipeline.published.numbers.empty()) return "";
  std::string text = "\n[published]\n";
  if (!pipeline.published.source.empty()) {
    text += "source = " + resolved_text(pipeline.published.source) + "\n";
  }
  if (pipeline.published.samples) {
    text += "samples = " + std::to_string(*pipeline.published.samples) + "\n";
  }
  for (auto const& number : pipeline.published.numbers) {
    text += toml_string(number.name) + " = " + value_text(number) + "\n";
  }
  return text;
}

}  // namespace

void read_published(Document const& document, PipelineRequest const& request, Pipeline& pipeline,
                    std::vector<Problem>& problems) {
  PublishedReader{document, request, pipeline, problems}.read();
}

std::string published_text(Pipeline const& pipeline) {
  return section(pipeline, [&](auto const& number) { return value_text(pipeline, number); });
}

std::string published_text(Pipeline const& pipeline, std::size_t variant) {
  return section(pipeline,
                 [&](auto const& number) { return number_text(number.percent[variant]); });
}

}  // namespace seplflow
