#include "formats/numpy/npy_header.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "formats/numpy/pickle/cursor.hpp"
#include "formats/numpy/pickle/document.hpp"
#include "formats/numpy/pickle/dtype.hpp"
#include "formats/numpy/pickle/printable.hpp"

namespace seplflow {
namespace {

// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, a literal of Python.
class Literal {
 public:
  explicit Literal(std::string_view text) : rest_(text) {}

  NpyHeader read() {
    NpyHeader header;
    expect('{');
    while (!accept('}')) {
      std::string_view const key = read_text();
      expect(':');
      read_value(key, header);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty() || !descr_ || !order_ || !shape_) fail();
    return header;
  }

 private:
  void read_value(std::string_view key, NpyHeader& header) {
    if (key == "descr" && !descr_) {
      descr_ = true;
      skip_space();
      if (rest_.starts_with('['))
        throw Error("the array is one of records, which seplflow does not load");
      header.dtype = pickle::dtype_of(read_text());
    } else if (key == "fortran_order" && !order_) {
      order_ = true;
      header.fortran_order = read_boolean();
    } else if (key == "shape" && !shape_) {
      shape_ = true;
      header.shape = read_shape();
    } else {
      fail();
    }
  }

  std::string_view read_text() {
    skip_space();
    char const quote = rest_.empty() ? '\0' : rest_.front();
    std::size_t const end = rest_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) fail();
    std::string_view const text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool read_boolean() {
    skip_space();
    for (bool const value : {true, false}) {
      std::string_view const word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail();
  }

  std::vector<std::uint64_t> read_shape() {
    std::vector<std::uint64_t> shape;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::uint64_t extent = 0;
      auto const [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc{} || shape.size() == Array::kMaxAxes) fail();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      accept('L');  // of Python 2
      shape.push_back(extent);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }

  bool accept(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail();
  }

  [[noreturn]] void fail() const {
    throw Error("the header of the .npy file is damaged near '" + pickle::printable(rest_) + "'");
  }

  std::string_view rest_;
  bool descr_ = false, order_ = false, shape_ = false;
};

}  // namespace

NpyHeader read_npy_header(std::span<std::uint8_t const> bytes, DelayedFile* file) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  pickle::Cursor cursor(bytes, 0, file);
  bool const npy =
      bytes.size() >= kMagic.size() &&
      std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                 [](char c, std::uint8_t byte) { return static_cast<std::uint8_t>(c) == byte; });
  if (!npy) {
    std::string_view const known = pickle::known_format(bytes);
    throw Error(known.empty() ? std::string("this is no .npy file")
                              : "this is no .npy file, but " + std::string(known));
  }
  cursor.take(kMagic.size());
  int const major = cursor.number<std::uint8_t>(), minor = cursor.number<std::uint8_t>();
  if (major < 1 || major > 3 || minor != 0) {
    throw Error("this is a .npy file of version " + std::to_string(major) + "." +
                std::to_string(minor) + "; seplflow reads versions 1.0, 2.0 and 3.0");
  }
  std::size_t const size =
      major == 1 ? cursor.number<std::uint16_t>() : cursor.number<std::uint32_t>();
  auto const text = cursor.take(size);
  NpyHeader header = Literal({reinterpret_cast<char const*>(text.data()), text.size()}).read();
  header.bytes = cursor.position();
  return header;
}

}  // namespace seplflow
