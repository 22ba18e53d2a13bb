// Reads pickles, opcode by opcode. No opcode does more than create, move or join values.
#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include "base/number_text.hpp"
#include "formats/numpy/pickle/cursor.hpp"
#include "formats/numpy/pickle/functions.hpp"

namespace seplflow::pickle {
namespace {

// What an opcode that exists, but is not loaded, stands for; empty for all others.
std::string_view meaning_of_refused(std::uint8_t opcode) {
  auto const is_in = [&](std::string_view opcodes) {
    return opcodes.find(static_cast<char>(opcode)) != std::string_view::npos;
  };
  if (is_in("FILSVdglpP")) {
    return "an opcode of protocol 0; load it in Python 3 and save it again with protocol 2 or "
           "later";
  }
  if (is_in("io\x92")) {
    return "INST, OBJ or NEWOBJ_EX (an object of a class), which seplflow does not load";
  }
  if (is_in("\x82\x83\x84")) return "EXT (a registered extension), which seplflow does not load";
  if (is_in("\x8f\x90")) return "EMPTY_SET (a set), which seplflow does not load";
  if (is_in("\x91")) return "FROZENSET (a frozenset), which seplflow does not load";
  if (is_in("\x97\x98")) {
    return "NEXT_BUFFER (a buffer outside of the pickle), which seplflow does not load";
  }
  return {};
}

// A str of Python 2: a text when it is ASCII, bytes otherwise.
Cell python2_string(Bytes bytes) {
  bool const ascii = std::ranges::all_of(bytes, [](auto byte) { return byte < 0x80; });
  return Cell::of_bytes(ascii ? Type::text : Type::bytes, bytes);
}

Cell long_integer(Bytes twos_complement) {
  if (twos_complement.size() > sizeof(std::int64_t)) {
    return Cell::of_bytes(Type::huge_integer, twos_complement);
  }
  bool const negative = !twos_complement.empty() && twos_complement.back() >= 0x80;
  std::uint64_t bits = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = twos_complement.size(); i-- > 0;) bits = bits << 8 | twos_complement[i];
  return {.type = Type::integer, .integer = static_cast<std::int64_t>(bits)};
}

class Unpickler {
 public:
  Unpickler(Bytes file, std::size_t begin, Store& store, PersistentLoad const& load)
      : cursor_(file, begin, store.file_being_read()),
        store_(store),
        persistent_load_(load) {}

  Cell run() {
    std::size_t begin = cursor_.position();
    try {
      require_protocol();
      while (!result_) {
        begin = cursor_.position();
        store_.spend_values(1);
        step_memo(read<std::uint8_t>());
      }
    } catch (Error const& error) {
      throw Error("byte " + std::to_string(begin) + ": " + error.what());
    }
    return *result_;
  }
  std::size_t position() const { return cursor_.position(); }

 private:
  void require_protocol() {
    if (read<std::uint8_t>() != 0x80) {
      throw Error(
          "this is not a pickle of protocol 2 to 5; if it is one of protocol 0 or 1, load it in "
          "Python and save it again with protocol 2 or later");
    }
    int const protocol = read<std::uint8_t>();
    if (protocol < 2 || protocol > 5) {
      throw Error("the pickle has protocol " + std::to_string(protocol) +
                  "; seplflow reads protocols 2 to 5");
    }
  }

  template <class T>
  T read() {
    return cursor_.number<T>();
  }

  // ---- The stack ----

  void push(Cell const& cell) { stack_.push_back(cell); }
  void push_integer(std::int64_t value) { push({.type = Type::integer, .integer = value}); }
  void push_boolean(bool value) { push({.type = Type::boolean, .boolean = value}); }
  void push_text(std::uint64_t size) { push(Cell::of_bytes(Type::text, cursor_.take(size))); }
  void push_bytes(std::uint64_t size) {
    push(Cell::of_bytes(Type::bytes, cursor_.take_later(size)));
  }
  void push_tuple(std::size_t first) {
    Cell const tuple = store_.new_tuple(above(first));
    stack_.resize(first);
    push(tuple);
  }
  void push_global(std::string_view module, std::string_view name) {
    push({.type = Type::global, .global = &find_global(module, name)});
  }

  // The index of the first value above the last mark.
  std::size_t bottom() const { return marks_.empty() ? 0 : marks_.back(); }
  // The index of the first of the last `count` values.
  std::size_t first_of(std::size_t count) const {
    if (stack_.size() - bottom() < count) throw Error("the pickle is damaged: a value is missing");
    return stack_.size() - count;
  }
  std::span<Cell const> above(std::size_t first) const { return std::span(stack_).subspan(first); }
  Cell& top() { return stack_[first_of(1)]; }

  Cell pop() {
    Cell const cell = top();
    stack_.pop_back();
    return cell;
  }
  // Returns where the last mark was.
  std::size_t pop_mark() {
    if (marks_.empty()) throw Error("the pickle is damaged: a mark is missing");
    std::size_t const first = bottom();
    marks_.pop_back();
    return first;
  }
  void pop_value_or_mark() {
    if (!marks_.empty() && bottom() == stack_.size()) {
      marks_.pop_back();
    } else {
      pop();
    }
  }

  // ---- The opcodes, with Python's names (pickletools). Each function runs one or passes it on
  // ----

  // Values that the pickle refers to later.
  void step_memo(std::uint8_t opcode) {
    switch (opcode) {
      case 0x94:  // MEMOIZE
        return remember(memo_.size());
      case 'q':  // BINPUT
        return remember(read<std::uint8_t>());
      case 'r':  // LONG_BINPUT
        return remember(read<std::uint32_t>());
      case 'h':  // BINGET
        return recall(read<std::uint8_t>());
      case 'j':  // LONG_BINGET
        return recall(read<std::uint32_t>());
      default:
        step_scalar(opcode);
    }
  }

  void remember(std::size_t id) {
    Cell const cell = top();
    if (id >= memo_.size()) {
      store_.spend_values(id - memo_.size());
      memo_.resize(id + 1);
    }
    memo_[id] = cell;
  }

  void recall(std::size_t id) {
    if (id >= memo_.size() || !memo_[id]) {
      throw Error("the pickle is damaged: it refers to value " + std::to_string(id) +
                  ", which it has not stored");
    }
    push(*memo_[id]);
  }

  void step_scalar(std::uint8_t opcode) {
    constexpr bool kSwapped = std::endian::native == std::endian::little;
    switch (opcode) {
      case 'N':  // NONE
        return push({});
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        return push_boolean(opcode == 0x88);
      case 'J':  // BININT
        return push_integer(read<std::int32_t>());
      case 'K':  // BININT1
        return push_integer(read<std::uint8_t>());
      case 'M':  // BININT2
        return push_integer(read<std::uint16_t>());
      case 0x8a:  // LONG1
        return push(long_integer(cursor_.take(read<std::uint8_t>())));
      case 0x8b:  // LONG4
        return push(long_integer(cursor_.take(read<std::uint32_t>())));
      case 'G': {  // BINFLOAT
        auto const number = elements::load<double, kSwapped>(cursor_.take(sizeof(double)).data());
        return push({.type = Type::number, .number = number});
      }
      default:
        step_bytes(opcode);
    }
  }

  void step_bytes(std::uint8_t opcode) {
    switch (opcode) {
      case 0x8c:  // SHORT_BINUNICODE
        return push_text(read<std::uint8_t>());
      case 'X':  // BINUNICODE
        return push_text(read<std::uint32_t>());
      case 0x8d:  // BINUNICODE8
        return push_text(read<std::uint64_t>());
      case 'C':  // SHORT_BINBYTES
        return push_bytes(read<std::uint8_t>());
      case 'B':  // BINBYTES
        return push_bytes(read<std::uint32_t>());
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        return push_bytes(read<std::uint64_t>());
      case 'U':  // SHORT_BINSTRING
        return push(python2_string(cursor_.take(read<std::uint8_t>())));
      case 'T':  // BINSTRING
        return push(python2_string(cursor_.take(read<std::uint32_t>())));
      default:
        step_container(opcode);
    }
  }

  void step_container(std::uint8_t opcode) {
    switch (opcode) {
      case '(':  // MARK
        return marks_.push_back(stack_.size());
      case '0':  // POP
        return pop_value_or_mark();
      case '1':  // POP_MARK
        return stack_.resize(pop_mark());
      case '2':  // DUP
        return push(Cell(top()));
      case ')':  // EMPTY_TUPLE
        return push_tuple(stack_.size());
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        return push_tuple(first_of(opcode - 0x84U));
      case 't':  // TUPLE
        return push_tuple(pop_mark());
      case ']':  // EMPTY_LIST
        return push(store_.new_list());
      case '}':  // EMPTY_DICT
        return push(store_.new_dict());
      case 'a':  // APPEND
        return append(first_of(1));
      case 'e':  // APPENDS
        return append(pop_mark());
      case 's':  // SETITEM
        return set_items(first_of(2));
      case 'u':  // SETITEMS
        return set_items(pop_mark());
      default:
        step_object(opcode);
    }
  }

  // The list or dict to which the values from `first` on are added.
  std::size_t container_below(std::size_t first, Type type) const {
    if (first > bottom() && stack_[first - 1].is(type)) return stack_[first - 1].index;
    throw Error(std::string("the pickle is damaged: it adds to something that is not a ") +
                (type == Type::list ? "list" : "dict"));
  }

  void append(std::size_t first) {
    auto const values = above(first);
    auto& list = store_.lists[container_below(first, Type::list)];
    list.insert(list.end(), values.begin(), values.end());
    stack_.resize(first);
  }

  void set_items(std::size_t first) {
    auto const values = above(first);
    std::size_t const dict = container_below(first, Type::dict);
    if (values.size() % 2 != 0) throw Error("the pickle is damaged: a key has no value");
    for (std::size_t i = 0; i < values.size(); i += 2) {
      store_.insert(dict, values[i], values[i + 1]);
    }
    stack_.resize(first);
  }

  // Whatever a name or a call stands for.
  void step_object(std::uint8_t opcode) {
    switch (opcode) {
      case 0x95:  // FRAME only says how much may be read at once
        return cursor_.require(read<std::uint64_t>());
      case 'c': {  // GLOBAL
        auto const module = cursor_.line();
        return push_global(module, cursor_.line());
      }
      case 0x93:  // STACK_GLOBAL
        return stack_global();
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
        return reduce();
      case 'b': {  // BUILD
        Cell const state = pop();
        return set_state(store_, top(), state);
      }
      case 'Q':  // BINPERSID
        return load_persistent();
      case '.':  // STOP
        return stop();
      default:
        refuse(opcode);
    }
  }

  void stack_global() {
    Cell const name = pop(), module = pop();
    if (!name.is(Type::text) || !module.is(Type::text)) {
      throw Error("the pickle is damaged: it refers to a name that is not a text");
    }
    push_global(module.text(), name.text());
  }

  void reduce() {
    Cell const arguments = pop(), callee = pop();
    if (!callee.is(Type::global) || !arguments.is(Type::tuple)) {
      throw Error("the pickle calls " + description(store_, callee) + ", which is not a function");
    }
    push(call(store_, *callee.global, arguments));
  }

  void load_persistent() {
    Cell const id = pop();
    if (!persistent_load_) {
      throw Error(
          "the pickle refers to data in another file, as the data.pkl in a zip of torch.save does; "
          "give the whole file that torch.save wrote");
    }
    push(persistent_load_(id));
  }

  void stop() {
    result_ = pop();
    if (!stack_.empty() || !marks_.empty()) {
      throw Error("the pickle is damaged: values are left over");
    }
  }

  [[noreturn]] static void refuse(std::uint8_t opcode) {
    std::string_view const meaning = meaning_of_refused(opcode);
    if (!meaning.empty()) throw Error("the pickle uses " + std::string(meaning));
    throw Error("the pickle is damaged: there is no opcode " + std::to_string(opcode));
  }

  Cursor cursor_;
  Store& store_;
  PersistentLoad const& persistent_load_;
  std::vector<Cell> stack_;
  std::vector<std::size_t> marks_;
  std::vector<std::optional<Cell>> memo_;
  std::optional<Cell> result_;
};

}  // namespace

Cell read_pickle(Bytes file, std::size_t& position, Store& store, PersistentLoad const& load) {
  Unpickler unpickler(file, position, store, load);
  Cell const root = unpickler.run();
  position = unpickler.position();
  return root;
}

Cell read_last_pickle(Bytes file, std::size_t begin, Store& store, PersistentLoad const& load) {
  std::size_t end = begin;
  Cell const root = read_pickle(file, end, store, load);
  if (end == file.size()) return root;
  throw Error("byte " + std::to_string(end) + ": the pickle ends here, but " +
              counted(file.size() - end, "byte") + " follow; seplflow reads one object per file");
}

}  // namespace seplflow::pickle
