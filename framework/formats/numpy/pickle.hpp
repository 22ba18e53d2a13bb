// Python's pickles, as far as they hold data: numbers, text, containers, numpy arrays and torch
// tensors. Nothing in a pickle is ever run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "formats/numpy/array.hpp"

namespace seplflow {

namespace pickle {
struct Cell;   // a value as it is stored
struct Store;  // everything that the values of one file refer to
}  // namespace pickle

// A value in a pickle: a handle, as cheap to copy as two pointers. Valid as long as the Pickle that
// it comes from. The accessors throw Error, saying what was found and what was expected, when the
// value is of another kind. Long arrays and bytes are read from the file when they are looked at
// first, by any thread, which throws Error when the file cannot be read any more.
//
// What Python's numpy scalars are (numpy.int32(5), a key of cls_labels.npy) is an integer, a number
// or a boolean here; arrays of shape () stay arrays. A torch Parameter is its tensor, an
// OrderedDict is a dict. A text of Python 2 is a text when it is ASCII, and bytes otherwise.
class PickleValue {
 public:
  // In the order of pickle::Type.
  enum class Kind { none, boolean, integer, number, text, bytes, list, tuple, dict, array };

  PickleValue(pickle::Store const& store, pickle::Cell const& cell)
      : store_(&store), cell_(&cell) {}

  Kind kind() const;
  bool is(Kind kind) const { return this->kind() == kind; }

  std::int64_t integer() const;
  double number() const;  // of an integer too
  std::string_view text() const;
  std::span<std::uint8_t const> bytes() const;
  Array const& array() const;

  // Items of a list or a tuple, entries of a dict.
  std::size_t size() const;
  // Item i < size() of a list or a tuple.
  PickleValue item(std::size_t i) const;
  // Key and value of entry i < size() of a dict, in the order of the file. A key is no container
  // and no array, and no two are equal (True, 1 and 1.0 are, as in Python).
  PickleValue key(std::size_t i) const;
  PickleValue value(std::size_t i) const;
  // The value of a dict for a text as key, found by binary search. Nothing when there is none.
  std::optional<PickleValue> find(std::string_view key) const;

  // For messages: "a dict of 3 entries with the keys 'cam', 'high_res', 'keys'", "the integer 5",
  // "the text 'abc'", "a float32 array of shape (20,)"; long ones are cut.
  std::string description() const;

 private:
  pickle::Store const* store_;
  pickle::Cell const* cell_;
};

// The values of one file, and the bytes that they are views of. Copies share. Immutable, so any
// number of threads may read it.
class Pickle {
 public:
  explicit Pickle(std::shared_ptr<pickle::Store const> store);
  // The value that was pickled.
  PickleValue root() const;

 private:
  std::shared_ptr<pickle::Store const> store_;
};

// Reads what pickle.dump wrote (any protocol, 0 to 5), e.g. RecurSeed's ID.pkl, or torch.save; for
// the latter see formats/torch_file.hpp, and for .npy files formats/npy.hpp.
//
// Accepted are None, bool, int (64 bits), float, str, bytes, list, tuple, dict, OrderedDict, numpy
// arrays and scalars of bool, integers and floating-point numbers as any version of numpy pickles
// them, and torch tensors as torch pickles them. An array of objects is accepted as the root and
// with shape () only, where it stands for its object. Anything else is refused by name: "pickle
// refers to 'os.system', which seplflow does not load".
//
// Throws Error, naming the file, the byte and what is wrong, for that, for whatever ends too early,
// for values that contain themselves or lie more than kMaxPickleDepth deep, for keys of more than
// kMaxPickleKeyBytes, for more than kMaxPickleValues values, and for arrays and texts that claim to
// be larger than the bytes that are left. Takes memory for the file and at most about 100 bytes a
// value besides (and a copy of arrays that Python stored as text, in protocols 0 to 2). Values
// share what the file shares: a pickle of a few bytes can be a list that is endless to walk, though
// no list in it is long.
Pickle read_pickle_file(std::filesystem::path const& path);

// The same from memory; `bytes` must outlive the values, and `name` stands for the file in
// messages. Nothing may follow the pickle.
Pickle parse_pickle(std::span<std::uint8_t const> bytes, std::string_view name);

constexpr std::size_t kMaxPickleDepth = 100;
constexpr std::size_t kMaxPickleKeyBytes = 1024;
constexpr std::size_t kMaxPickleValues = std::size_t{1} << 24;

}  // namespace seplflow
