#include "run/json.hpp"

#include <charconv>
#include <cmath>

#include "base/number_text.hpp"
#include "base/utf8.hpp"

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

// With a point even where it is whole: JSON has no other way to say that it is not a count.
std::string number_text(double value) {
  if (!std::isfinite(value)) return "null";
  std::string const text = shortest(value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
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
    text += number_text(json.get<double>());
  } else if (json.is_string()) {
    string(json.get_ref<std::string const&>());
  } else {
    text += json.dump();
  }
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

bool is_too_deep(std::string_view json) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    char const c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepestJson) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

Json parsed_json(std::string_view text) {
  if (is_too_deep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

std::string text_of_bytes(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  while (!bytes.empty()) {
    std::string_view const character = bytes.substr(0, character_size(bytes[0]));
    if (!character.empty() && is_utf8(character)) {
      text += character;
      bytes.remove_prefix(character.size());
      continue;
    }
    auto const byte = static_cast<unsigned char>(bytes[0]);
    text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    bytes.remove_prefix(1);
  }
  return text;
}

std::string bytes_of_text(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    char const* const digits = text.data() + i + 2;
    bool const is_escape = text.substr(i, 2) == "\\x" && text.size() >= i + 4 &&
                           std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    bytes += is_escape ? static_cast<char>(byte) : text[i];
    if (is_escape) i += 3;
  }
  return bytes;
}

std::string text_in(Json const& json, char const* key) {
  auto const found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace seplflow
