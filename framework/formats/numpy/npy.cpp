#include "formats/numpy/npy.hpp"

#include <string>

#include "base/error.hpp"
#include "formats/numpy/npy_header.hpp"
#include "formats/numpy/pickle/document.hpp"
#include "formats/numpy/pickle/machine.hpp"

namespace seplflow {
namespace {

using pickle::Bytes;
using pickle::Cell;
using pickle::Store;

Cell read_objects(NpyHeader const& header, Bytes file, Store& store) {
  if (!header.shape.empty()) {
    throw Error("the file holds an array of objects of shape " + shape_text(header.shape) +
                "; seplflow loads arrays of numbers, and of objects only of shape ()");
  }
  pickle::Machine machine(file, header.bytes, store, 0);
  Cell const root = machine.run();
  pickle::require_end(machine.end(), file.size());
  return root;
}

Cell read_numbers(NpyHeader const& header, Bytes file, Store& store) {
  Bytes const bytes = file.subspan(header.bytes);
  if (store.delayed) store.delayed->leave_out(file.size());
  ArrayLayout layout{*header.dtype.type, header.dtype.byte_order, header.shape, {}, 0};
  layout.strides =
      header.fortran_order ? column_major_strides(header.shape) : row_major_strides(header.shape);
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

Cell read_root(Bytes file, Store& store) {
  NpyHeader const header = read_npy_header(file, store.delayed.get());
  return header.dtype.type ? read_numbers(header, file, store) : read_objects(header, file, store);
}

}  // namespace

Pickle read_npy(std::filesystem::path const& path) {
  return pickle::read_document(path, read_root);
}

Pickle parse_npy(std::span<std::uint8_t const> bytes, std::string_view name) {
  return pickle::parse_document(bytes, name, read_root);
}

}  // namespace seplflow
