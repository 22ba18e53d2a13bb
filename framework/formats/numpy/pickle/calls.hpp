// What the few functions that pickles may call make of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/numpy/pickle/globals.hpp"
#include "formats/numpy/pickle/store.hpp"

namespace seplflow::pickle {

struct Context {
  Store& store;
  int nesting;  // how many pickles this one lies in
};

// The arguments of a call. Values, since whatever is made of them may move those in the store.
class Arguments {
 public:
  // Throws Error, naming `callee`, when there are fewer than `least` or more than `most`.
  Arguments(Context context, Global const& callee, Cell const& tuple, std::size_t least,
            std::size_t most);

  std::size_t size() const { return tuple_.items.size; }
  // None when there are fewer.
  Cell operator[](std::size_t i) const;
  // Throws Error unless argument i is of this type, which is `expected` in the message.
  Cell require(std::size_t i, Type type, char const* expected) const;

  std::uint64_t count(std::size_t i) const;
  std::vector<std::uint64_t> counts(std::size_t i) const;

 private:
  [[noreturn]] void refuse(std::size_t i, char const* expected) const;

  Context context_;
  Global const& callee_;
  Cell tuple_;
};

// What callee(*arguments) gives. Throws Error.
Cell call(Context context, Global const& callee, Cell const& arguments);

// What object.__setstate__(state) does, where that is known: for arrays and dtypes of numpy, and
// for OrderedDict, whose state (torch's _metadata) is nobody's business. Throws Error.
void set_state(Context context, Cell const& object, Cell const& state);

// The same for one library; formats/pickle/{numpy,torch}_calls.cpp.
Cell call_numpy(Context context, Global const& callee, Cell const& arguments);
Cell call_torch(Context context, Global const& callee, Cell const& arguments);
void set_array_state(Context context, Cell const& array, Cell const& state);
void set_dtype_state(Context context, Cell const& dtype, Cell const& state);

}  // namespace seplflow::pickle
