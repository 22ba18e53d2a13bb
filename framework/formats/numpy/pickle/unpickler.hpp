// Reads pickles, opcode by opcode. No opcode does more than create, move or join values.
#pragma once

#include <cstddef>
#include <functional>

#include "formats/numpy/pickle/values.hpp"

namespace seplflow::pickle {

// Returns the object that a persistent id stands for: torch refers to storages this way. Throws
// Error.
using PersistentLoad = std::function<Cell(Cell const& id)>;

// Reads the pickle that begins at byte `position` of `file`, and moves `position` to its end.
// Everything that the value refers to is kept in `store`; `file` must outlive the value. Throws
// Error, beginning with "byte N: ", the position in the file.
Cell read_pickle(Bytes file, std::size_t& position, Store& store, PersistentLoad const& load = {});

// The same for a pickle that begins at `begin` and must end where `file` ends.
Cell read_last_pickle(Bytes file, std::size_t begin, Store& store, PersistentLoad const& load = {});

}  // namespace seplflow::pickle
