#include "run/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

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
      Json::array_t list;
      list.reserve(v.size());
      for (Metrics const& each : v) list.push_back(seplflow::to_json(each));
      return Json(std::move(list));
    }
  };
  return std::visit(ToJson(), value);
}

// With a point even where it is whole: JSON has no other way to say that it is not a count.
void append_number(std::string& text, double value) {
  if (!std::isfinite(value)) {
    text += "null";
    return;
  }
  std::size_t const begin = text.size();
  append_shortest(text, value);
  if (text.find_first_of(".e", begin) == std::string::npos) text += ".0";
}

// The library takes a microsecond for each string, which shows in sweeps; most need no escapes.
void append_string(std::string& text, std::string_view value) {
  bool const is_plain = std::ranges::all_of(
      value, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (is_plain) {
    text.append(1, '"').append(value).append(1, '"');
  } else {
    text += Json(std::string(value)).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

class JsonWriter {
 public:
  JsonWriter(std::string& text, int indent) : text_(text), indent_(indent) {}

  void write(Json const& json, int level) {
    if (json.is_object()) {
      write_all(json.get_ref<Json::object_t const&>(), "{}", level, [&](auto const& entry) {
        append_string(text_, entry.first);
        text_ += ": ";
        write(entry.second, level + 1);
      });
    } else if (json.is_array()) {
      write_all(json.get_ref<Json::array_t const&>(), "[]", level,
                [&](Json const& each) { write(each, level + 1); });
    } else if (json.is_number_float()) {
      append_number(text_, json.get<double>());
    } else if (json.is_number_unsigned()) {
      append_count(json.get<std::uint64_t>());
    } else if (json.is_number_integer()) {
      append_count(json.get<std::int64_t>());
    } else if (json.is_string()) {
      append_string(text_, json.get_ref<std::string const&>());
    } else {
      text_ += json.dump();
    }
  }

  void write(std::vector<NamedMetrics> const& all, int level) {
    write_all(all, "{}", level, [&](NamedMetrics const& each) {
      append_string(text_, each.name);
      text_ += ": ";
      write(each, level + 1);
    });
  }

  void write(Metrics const& metrics, int level) {
    write_all(metrics.entries(), "{}", level, [&](auto const& entry) {
      append_string(text_, entry.first);
      text_ += ": ";
      write(entry.second, level + 1);
    });
  }

 private:
  void write(NamedMetrics const& named, int level) {
    struct Member {
      std::string_view name, text;
      Metrics::Value const* value;  // null: the text
    };
    std::vector<Member> members;
    for (auto const& [name, value] : named.metrics->entries()) members.push_back({name, "", &value});
    for (auto const& [name, text] : named.texts) {
      auto const same = std::ranges::find(members, name, &Member::name);
      if (same == members.end()) {
        members.push_back({name, text, nullptr});
      } else {
        *same = {name, text, nullptr};
      }
    }
    write_all(members, "{}", level, [&](Member const& member) {
      append_string(text_, member.name);
      text_ += ": ";
      if (member.value) {
        write(*member.value, level + 1);
      } else {
        append_string(text_, member.text);
      }
    });
  }

  void write(Metrics::Value const& value, int level) {
    if (auto const* const number = std::get_if<double>(&value)) {
      append_number(text_, *number);
    } else if (auto const* const count = std::get_if<std::int64_t>(&value)) {
      append_count(*count);
    } else if (auto const* const string = std::get_if<std::string>(&value)) {
      append_string(text_, *string);
    } else if (auto const* const inner = std::get_if<Metrics>(&value)) {
      write(*inner, level);
    } else if (auto const* const list = std::get_if<Metrics::List>(&value)) {
      write_all(*list, "[]", level, [&](Metrics const& each) { write(each, level + 1); });
    } else {
      text_ += "null";
    }
  }

  template <class Values, class Write>
  void write_all(Values const& values, char const (&brackets)[3], int level, Write const& write) {
    if (values.empty()) {
      text_ += brackets;
      return;
    }
    text_ += brackets[0];
    bool first = true;
    for (auto const& each : values) {
      if (!first) text_ += indent_ > 0 ? "," : ", ";
      first = false;
      begin_line(level + 1);
      write(each);
    }
    begin_line(level);
    text_ += brackets[1];
  }

  void begin_line(int level) {
    if (indent_ > 0) text_.append(1, '\n').append(static_cast<std::size_t>(indent_ * level), ' ');
  }

  template <class Integer>
  void append_count(Integer value) {
    char buffer[24];
    text_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }

  std::string& text_;
  int indent_;
};

}  // namespace

Json to_json(Metrics const& metrics) {
  Json::object_t json;
  json.reserve(metrics.entries().size());
  // The names differ, so none is searched for among those before it.
  for (auto const& [name, value] : metrics.entries()) json.emplace_back(name, to_json(value));
  return Json(std::move(json));
}

std::string json_text(Json const& json, int indent) {
  std::string text;
  JsonWriter(text, indent).write(json, 0);
  return text;
}

std::string json_text(std::vector<NamedMetrics> const& all, int indent) {
  std::string text;
  JsonWriter(text, indent).write(all, 0);
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
