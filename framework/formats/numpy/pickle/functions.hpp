// The names that pickles may refer to, and the few functions among them that they may call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/numpy/pickle/values.hpp"

namespace seplflow::pickle {

class Arguments;

struct Global {
  enum class Kind { function, numpy_array, torch_class, torch_dtype, torch_storage, torch_bytes };

  std::string_view module, name;
  Kind kind = Kind::function;
  ElementType type = ElementType::uint8;  // of torch_dtype and torch_storage
  // For functions: what the call returns, and how many arguments it takes.
  Cell (*call)(Arguments const& arguments) = nullptr;
  std::size_t least = 0, most = 0;

  std::string full_name() const { return std::string(module) + "." + std::string(name); }
};

// Throws Error, "the pickle refers to 'os.system', which seplflow does not load", for all names
// that are not known.
Global const& find_global(std::string_view module, std::string_view name);

// The arguments of a call. They are copied, since the function may move those in the store.
class Arguments {
 public:
  // Throws Error, naming `callee`, when it does not take so many arguments.
  Arguments(Store& store, Global const& callee, Cell const& tuple);

  Store& store() const { return store_; }
  std::size_t size() const { return tuple_.items.size; }
  // None when there are fewer.
  Cell operator[](std::size_t i) const;
  // Throws Error unless argument i has this type, which the message calls `expected`.
  Cell require(std::size_t i, Type type, char const* expected) const;

  std::uint64_t count(std::size_t i) const;
  std::vector<std::uint64_t> counts(std::size_t i) const;

 private:
  [[noreturn]] void refuse(std::size_t i, char const* expected) const;

  Store& store_;
  Global const& callee_;
  Cell tuple_;
};

// What callee(*arguments) returns. Throws Error.
Cell call(Store& store, Global const& callee, Cell const& arguments);

// Does what object.__setstate__(state) does: for arrays and dtypes of numpy, and for OrderedDict,
// whose state (torch's _metadata) is ignored. Throws Error for all other objects.
void set_state(Store& store, Cell const& object, Cell const& state);

// numpy_functions.cpp
Cell numpy_reconstruct(Arguments const& arguments);
Cell numpy_scalar(Arguments const& arguments);
Cell numpy_frombuffer(Arguments const& arguments);
Cell numpy_dtype(Arguments const& arguments);
void set_array_state(Store& store, Cell const& array, Cell const& state);
void set_dtype_state(Store& store, Cell const& dtype, Cell const& state);
// "<f4", "|b1", "O", ...; without a byte order, the machine's own. Throws Error for types that
// seplflow does not load: dates, records, complex numbers, longer numbers.
Dtype dtype_of(std::string_view name);
// numpy's array of text: a list of texts, or one text if its shape is (). Like a str of Python 2,
// text of one byte a character becomes bytes when it is not ASCII.
Cell read_texts(Store& store, Dtype const& dtype, std::span<std::uint64_t const> shape,
                Bytes bytes);

// torch.cpp
Cell torch_load_bytes(Arguments const& arguments);
Cell torch_tensor(Arguments const& arguments);
Cell torch_tensor_v2(Arguments const& arguments);
Cell torch_tensor_v3(Arguments const& arguments);
Cell torch_parameter(Arguments const& arguments);
Cell torch_from_type(Arguments const& arguments);
Cell torch_size(Arguments const& arguments);

}  // namespace seplflow::pickle
