// Reads Python's pickles as far as they hold data: numbers, text, containers, numpy arrays and
// torch tensors. Pickles are parsed, never executed.
#pragma once

#include <seplflow/formats/array.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seplflow {

namespace pickle {
struct Cell;   // a value as it is stored
struct Store;  // everything that the values of one file refer to
}  // namespace pickle

// A value in a pickle: a handle, as cheap to copy as two pointers. Valid as long as the Pickle that
// it comes from. The accessors throw Error, saying what was expected and what was found, when the
// value has another kind. Long arrays and bytes are read from the file at the first access, by any
// thread; this throws Error when the file cannot be read any more.
//
// A numpy scalar (numpy.int32(5), a key of cls_labels.npy) becomes an integer, a number or a
// boolean; an array of shape () stays an array. numpy's text (dtypes U and S) becomes a text, and an
// array of it a list of texts. A torch Parameter becomes its tensor, an
// OrderedDict a dict. A str of Python 2 becomes a text when it is ASCII, and bytes otherwise.
class PickleValue {
 public:
  // In the order of pickle::Type.
  enum class Kind { none, boolean, integer, number, text, bytes, list, tuple, dict, array };

  PickleValue(pickle::Store const& store, pickle::Cell const& cell)
      : store_(&store), cell_(&cell) {}

  Kind kind() const;
  bool is(Kind kind) const { return this->kind() == kind; }

  std::int64_t integer() const;
  double number() const;  // also for an integer
  std::string_view text() const;
  std::span<std::uint8_t const> bytes() const;
  Array const& array() const;

  // Items of a list or a tuple, entries of a dict.
  std::size_t size() const;
  // Item i < size() of a list or a tuple.
  PickleValue item(std::size_t i) const;
  // Key and value of entry i < size() of a dict, in the order of the file. Keys are neither
  // containers nor arrays, and no two are equal (True, 1 and 1.0 are equal, as in Python).
  PickleValue key(std::size_t i) const;
  PickleValue value(std::size_t i) const;
  // The value of a dict for a text key, or nothing. A binary search.
  std::optional<PickleValue> find(std::string_view key) const;

  // For messages: "a dict of 3 entries with the keys 'cam', 'high_res', 'keys'", "the integer 5",
  // "the text 'abc'", "a float32 array of shape (20,)"; long ones are shortened.
  std::string description() const;

 private:
  pickle::Store const* store_;
  pickle::Cell const* cell_;
};

// The values of one file, and the bytes that they refer to. Copies share both. Immutable; safe to
// use from several threads.
class Pickle {
 public:
  explicit Pickle(std::shared_ptr<pickle::Store const> store);
  // The value that was pickled.
  PickleValue root() const;
  // Reads all parts of a checkpoint whose checksums were not verified when it was opened
  // (torch_file.hpp), and throws Error, naming file and part, when one is damaged.
  void verify() const;

 private:
  std::shared_ptr<pickle::Store const> store_;
};

// Reads a file that pickle.dump wrote with protocol 2 to 5, e.g. RecurSeed's ID.pkl, or a file of
// torch.save; for the latter see torch_file.hpp, and for .npy files npy.hpp.
//
// Accepts None, bool, int (64 bits), float, str, bytes, list, tuple, dict, OrderedDict, numpy
// arrays and scalars of bool, integers, floating-point numbers and text (arrays of it of shape ()
// or (N,)) as any version of numpy pickles them, and torch tensors as torch pickles them. An array of objects is accepted only as the root:
// with shape () it stands for its object, with shape (N,) for a list of them. Everything else is
// refused by name: "the pickle refers to 'os.system', which seplflow does not load".
//
// Throws Error, naming the file, the byte and the cause, for other values, for truncated files, for
// protocols 0 and 1, for values that contain themselves or are nested more than kMaxPickleDepth
// deep, for keys of more than kMaxPickleKeyBytes, for dicts of more than kMaxDictEntries, for more
// than kMaxPickleValues values (one per opcode), and for arrays and texts that claim to be larger
// than the bytes that are left. Takes memory for the file, about 100 bytes per value, and a copy of
// arrays that protocol 2 stores as text. Values may be shared: a pickle of a few bytes can hold a list that takes forever to
// traverse, though no list in it is long.
Pickle read_pickle_file(std::filesystem::path const& path);

// The same from memory; `bytes` must outlive the values, and `name` stands for the file in
// messages. The pickle must end where the bytes end.
Pickle parse_pickle(std::span<std::uint8_t const> bytes, std::string_view name);

constexpr std::size_t kMaxPickleDepth = 100;
constexpr std::size_t kMaxPickleKeyBytes = 1024;
constexpr std::size_t kMaxPickleValues = std::size_t{1} << 24;
constexpr std::size_t kMaxDictEntries = std::size_t{1} << 21;

}  // namespace seplflow
