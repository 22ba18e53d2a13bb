#include "run/json.hpp"

#include <cmath>

#include "base/number_text.hpp"

namespace seplflow {
namespace {

Json to_json(Metrics::Value const& value) {
  struct ToJson {
    Json operator()(std::nullptr_t) const { return nullptr; }
    Json operator()(std::int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(std::string const& v) const { return v; }
    Json operator()(Metrics const& v) const { return seplflow::to_json(v); }
    Json operator()(Metrics::List const& v) const {
      Json list = Json::array();
      for (Metrics const& each : v) list.push_back(seplflow::to_json(each));
      return list;
    }
  };
  return std::visit(ToJson(), value);
}

void write(std::string& text, Json const& json, int indent, int level) {
  auto const line = [&](int at) {
    if (indent > 0) text += "\n" + std::string(static_cast<std::size_t>(indent * at), ' ');
  };
  auto const string = [&](std::string const& value) {
    text += Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  if (json.is_structured() && !json.empty()) {
    text += json.is_object() ? '{' : '[';
    bool first = true;
    for (auto const& [key, value] : json.items()) {
      if (!first) text += indent > 0 ? "," : ", ";
      first = false;
      line(level + 1);
      if (json.is_object()) {
        string(key);
        text += ": ";
      }
      write(text, value, indent, level + 1);
    }
    line(level);
    text += json.is_object() ? '}' : ']';
  } else if (json.is_number_float()) {
    double const value = json.get<double>();
    text += std::isfinite(value) ? shortest(value) : "null";
  } else if (json.is_string()) {
    string(json.get_ref<std::string const&>());
  } else {
    text += json.dump();
  }
}

std::string csv_cell(Cell const& cell) {
  struct ToText {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return shortest(v); }
    std::string operator()(std::string const& v) const {
      if (v.find_first_of(",\"\r\n") == std::string::npos) return v;
      std::string quoted = "\"";
      for (char const c : v) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
      return quoted + "\"";
    }
  };
  return std::visit(ToText(), cell);
}

}  // namespace

Json to_json(Metrics const& metrics) {
  Json json = Json::object();
  for (auto const& [name, value] : metrics.entries()) json[name] = to_json(value);
  return json;
}

std::string json_text(Json const& json, int indent) {
  std::string text;
  write(text, json, indent, 0);
  return text;
}

std::string csv_line(Row const& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "," : "") + csv_cell(row[i]);
  return line + "\n";
}

std::string text_in(Json const& json, char const* key) {
  auto const found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace seplflow
