#include <seplflow/formats/npy.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include "formats/numpy/pickle/cursor.hpp"
#include "formats/numpy/pickle/functions.hpp"

namespace seplflow {
namespace {

using pickle::Bytes;
using pickle::Cell;
using pickle::Store;

// All fields are set once the header is read.
struct Header {
  std::optional<pickle::Dtype> dtype;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::uint64_t>> shape;
  std::size_t bytes = 0;  // of the header; the data follow
};

// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, a Python literal.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  Header read() {
    Header header;
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
    if (!rest_.empty() || !header.dtype || !header.fortran_order || !header.shape) {
      fail();
    }
    return header;
  }

 private:
  void read_value(std::string_view key, Header& header) {
    if (key == "descr" && !header.dtype) {
      skip_space();
      if (rest_.starts_with('['))
        throw Error("the array holds records, which seplflow does not load");
      header.dtype = pickle::dtype_of(read_text());
    } else if (key == "fortran_order" && !header.fortran_order) {
      header.fortran_order = read_boolean();
    } else if (key == "shape" && !header.shape) {
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
      accept('L');  // written by Python 2
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
};

Header read_header(Bytes bytes, LazyFile* file) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  pickle::Cursor cursor(bytes, 0, file);
  std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) {
    if (file != nullptr) file->need(std::min(bytes.size(), kFileKindBytes));
    throw Error("this " + what_it_is(bytes, "a .npy file of numpy",
                                     "load it and write it with numpy.save"));
  }
  cursor.take(kMagic.size());
  int const major = cursor.number<std::uint8_t>(), minor = cursor.number<std::uint8_t>();
  if (major < 1 || major > 3 || minor != 0) {
    throw Error("this is a .npy file of version " + std::to_string(major) + "." +
                std::to_string(minor) + "; seplflow reads versions 1.0, 2.0 and 3.0");
  }
  std::size_t const size =
      major == 1 ? cursor.number<std::uint16_t>() : cursor.number<std::uint32_t>();
  cursor.take(size);
  Header header = HeaderReader(text.substr(cursor.position() - size, size)).read();
  header.bytes = cursor.position();
  return header;
}

Cell read_objects(Header const& header, Bytes file, Store& store) {
  if (header.shape->size() > 1) {
    throw Error("the file holds an array of objects of shape " + shape_text(*header.shape) +
                "; seplflow loads arrays of numbers, and of objects only of shape () or (N,)");
  }
  return pickle::read_last_pickle(file, header.bytes, store);
}

Cell read_numbers(Header const& header, Bytes file, Store& store) {
  Bytes const bytes = file.subspan(header.bytes);
  if (LazyFile* const lazy = store.file_being_read()) lazy->leave_out(file.size());
  ArrayLayout layout{*header.dtype->type, header.dtype->byte_order, *header.shape, {}, 0};
  layout.strides =
      *header.fortran_order ? column_major_strides(layout.shape) : row_major_strides(layout.shape);
  Array array(std::move(layout), bytes, store.file_of(bytes));
  std::uint64_t const expected = array.size() * element_bytes(array.type());
  if (bytes.size() != expected) {
    throw Error("the file holds " + array.description() + " and " + std::to_string(bytes.size()) +
                " bytes of data instead of " + std::to_string(expected));
  }
  pickle::ArraySlot slot;
  slot.array = std::move(array);
  return store.new_array(std::move(slot));
}

}  // namespace

Pickle read_npy(std::filesystem::path const& path) {
  return pickle::read_document(path, pickle::read_npy_root);
}

Pickle parse_npy(std::span<std::uint8_t const> bytes, std::string_view name) {
  return pickle::parse_document(bytes, name, pickle::read_npy_root);
}

}  // namespace seplflow

namespace seplflow::pickle {

Cell read_npy_root(Bytes file, Store& store) {
  Header const header = read_header(file, store.file_being_read());
  if (header.dtype->type) return read_numbers(header, file, store);
  if (!header.dtype->characters) return read_objects(header, file, store);
  if (LazyFile* const lazy = store.file_being_read()) lazy->need(file.size());
  return read_texts(store, *header.dtype, *header.shape, file.subspan(header.bytes));
}

}  // namespace seplflow::pickle
