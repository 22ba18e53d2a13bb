#include <seplflow/sample.hpp>

#include <algorithm>
#include <stdexcept>

namespace seplflow {

void detail::throw_wrong_note(bool has_another) {
  throw std::logic_error(has_another ? "the note of the sample has another type"
                                     : "the source set no note for the sample");
}

std::optional<std::string> why_unsafe_id(std::string_view id) {
  if (id.empty()) return "is empty";
  if (id.size() > 1000) return "is longer than 1000 bytes";
  if (id.front() == '/') return "is an absolute path";
  if (std::ranges::any_of(id, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; })) {
    return "contains a control character or a backslash";
  }
  for (std::size_t begin = 0; begin <= id.size();) {
    std::size_t const end = std::min(id.find('/', begin), id.size());
    std::string_view const part = id.substr(begin, end - begin);
    if (part == "..") return "leaves its folder with \"..\"";
    if (part.empty() || part == ".") return "has an empty part between its slashes";
    if (part.size() > 240) return "has a part longer than 240 bytes";
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace seplflow
