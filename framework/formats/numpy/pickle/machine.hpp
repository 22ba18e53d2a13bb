// Runs the opcodes of one pickle; each makes, moves or joins values, and none does anything else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/numpy/pickle/cursor.hpp"
#include "formats/numpy/pickle/store.hpp"

namespace seplflow::pickle {

// What a persistent id stands for: torch refers to its storages so. Throws Error.
using PersistentLoad = std::function<Cell(Cell const& id)>;

// How many pickles lie in each other: a tensor's storage is a pickle in the pickle.
constexpr int kMaxNesting = 4;

class Machine {
 public:
  // Reads from byte `begin` of `file` on. Everything that the pickle refers to is kept in `store`;
  // `file` and `store` must outlive the values. `nesting`: how many pickles this one lies in.
  Machine(Bytes file, std::size_t begin, Store& store, int nesting,
          PersistentLoad persistent_load = {});

  // Reads one pickle and returns what was pickled. Throws Error, beginning with "byte N: ", the
  // place in the file.
  Cell run();

  // Where in the file the pickle ended.
  std::size_t end() const { return cursor_.position(); }

 private:
  void step(std::uint8_t opcode);
  bool step_scalar(std::uint8_t opcode);
  bool step_text(std::uint8_t opcode);
  bool step_container(std::uint8_t opcode);
  bool step_memo(std::uint8_t opcode);
  bool step_object(std::uint8_t opcode);

  void push(Cell const& cell);
  Cell pop();
  Cell& top();
  void pop_anything();
  // Where the last mark was: the first of the values above it.
  std::size_t pop_mark();
  // The first of the last `count` values.
  std::size_t first_of(std::size_t count) const;
  std::span<Cell const> above(std::size_t first) const;

  void push_bytes(Type type, std::uint64_t size);
  void push_owned(Type type, std::string const& text);
  void push_long(Bytes two_complement);
  void push_tuple(std::size_t size);
  void push_global(std::string_view module, std::string_view name);
  // The list or dict that the values from `first` on are for.
  Cell const& container_below(std::size_t first, Type type) const;
  // Puts it where the last mark was; returns the first of the values above.
  std::size_t slip_in(Cell const& container);
  void append(std::size_t first);
  void set_items(std::size_t first);

  void remember(std::uint64_t id);
  void recall(std::uint64_t id);
  void reduce();
  void build();

  Cursor cursor_;
  Store& store_;
  int nesting_;
  PersistentLoad persistent_load_;
  std::vector<Cell> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Cell> memo_;
  std::unordered_map<std::uint64_t, Cell> far_memo_;  // out of turn
  std::optional<Cell> result_;
};

}  // namespace seplflow::pickle
