// numpy.savez's zip with a .npy file for each array, and files of Python of any kind.
#include <algorithm>
#include <string>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/python_file.hpp>
#include "formats/numpy/pickle/torch.hpp"
#include "formats/numpy/zip.hpp"

namespace seplflow {
namespace pickle {
namespace {

constexpr std::string_view kMember = ".npy";

// The value of a .npy file in the zip; the object itself where it is an array of one object.
Cell read_member(Zip const& zip, std::string_view name, Store& store) {
  if (!name.ends_with(kMember)) {
    throw Error("the zip has the entry '" + printable(name) +
                "', which numpy.savez does not write: it writes NAME.npy");
  }
  ++store.nesting;  // its bytes are in memory
  Bytes const bytes = zip.unpack(name);
  Cell value;
  try {
    value = read_npy_root(bytes, store);
  } catch (Error const& error) {
    throw Error("the zip's entry '" + printable(name) + "': " + error.what());
  }
  --store.nesting;
  if (!value.is(Type::array)) return value;
  ArraySlot const& slot = store.arrays[value.index];
  return slot.object ? *slot.object : value;
}

Cell read_python_root(Bytes bytes, Store& store) {
  if (store.lazy) store.lazy->need(std::min(bytes.size(), kFileKindBytes));
  switch (file_kind_of(bytes)) {
    case FileKind::npy:
      return read_npy_root(bytes, store);
    case FileKind::npz:
      return read_npz_root(bytes, store);
    case FileKind::torch:
    case FileKind::zip:
      return read_torch(bytes, store);
    case FileKind::pickle:
      return read_last_pickle(bytes, 0, store);
    default:
      throw Error("this " +
                  what_it_is(bytes, "a file of numpy, torch or pickle (.npy, .npz, .pt, .pkl)",
                             "load it and write it with numpy.save"));
  }
}

}  // namespace

Cell read_npz_root(Bytes bytes, Store& store) {
  constexpr std::string_view kUnnamed = "arr_0.npy";
  Zip const zip(bytes, store);
  if (zip.entries().size() == 1 && zip.contains(kUnnamed)) return read_member(zip, kUnnamed, store);
  Cell const dict = store.new_dict();
  for (auto const& [name, place] : zip.entries()) {
    Cell const value = read_member(zip, name, store);
    std::string_view const key = name.substr(0, name.size() - kMember.size());
    store.insert(
        dict.index,
        Cell::of_bytes(Type::text, {reinterpret_cast<std::uint8_t const*>(key.data()), key.size()}),
        value);
  }
  return dict;
}

}  // namespace pickle

Pickle read_python_file(std::filesystem::path const& path) {
  return pickle::read_document(path, pickle::read_python_root);
}

Pickle parse_python_file(std::span<std::uint8_t const> bytes, std::string_view name) {
  return pickle::parse_document(bytes, name, pickle::read_python_root);
}

}  // namespace seplflow
