#include "formats/numpy/pickle/unpickler.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/number_text.hpp"
#include "formats/numpy/pickle/cursor.hpp"
#include "formats/numpy/pickle/functions.hpp"

namespace seplflow::pickle {
namespace {

// Python's names for them (pickletools).
enum Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kEmptyDict = '}',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kEmptyList = ']',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kBinFloat = 'G',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
  kByteArray8 = 0x96
};

// What an opcode that exists, but is not loaded, stands for; empty for all others.
std::string_view meaning_of_refused(std::uint8_t opcode) {
  switch (opcode) {
    case 'F':
    case 'I':
    case 'L':
    case 'S':
    case 'V':
    case 'd':
    case 'g':
    case 'l':
    case 'p':
    case 'P':
      return "an opcode of protocol 0; load it in Python 3 and save it again with protocol 2 or "
             "later";
    case 'i':
    case 'o':
    case 0x92:
      return "INST, OBJ or NEWOBJ_EX (an object of a class), which seplflow does not load";
    case 0x82:
    case 0x83:
    case 0x84:
      return "EXT (a registered extension), which seplflow does not load";
    case 0x8f:
    case 0x90:
      return "EMPTY_SET (a set), which seplflow does not load";
    case 0x91:
      return "FROZENSET (a frozenset), which seplflow does not load";
    case 0x97:
    case 0x98:
      return "NEXT_BUFFER (a buffer outside of the pickle), which seplflow does not load";
    default:
      return {};
  }
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
      : cursor_(file, begin, store.nesting == 0 ? store.lazy.get() : nullptr),
        store_(store),
        persistent_load_(load) {}

  Cell run();
  std::size_t position() const { return cursor_.position(); }

 private:
  void require_protocol();
  // Each runs the opcode, or leaves it to the next one.
  void step_memo(std::uint8_t opcode);
  void step_scalar(std::uint8_t opcode);
  void step_bytes(std::uint8_t opcode);
  void step_container(std::uint8_t opcode);
  void step_object(std::uint8_t opcode);
  [[noreturn]] void refuse(std::uint8_t opcode) const;

  void push(Cell const& cell) { stack_.push_back(cell); }
  void push_integer(std::int64_t value) { push({.type = Type::integer, .integer = value}); }
  void push_boolean(bool value) { push({.type = Type::boolean, .boolean = value}); }
  void push_text(std::uint64_t size) { push(Cell::of_bytes(Type::text, cursor_.take(size))); }
  void push_bytes(std::uint64_t size) {
    push(Cell::of_bytes(Type::bytes, cursor_.take_later(size)));
  }
  void push_tuple(std::size_t first);
  void push_global(std::string_view module, std::string_view name);
  Cell pop();
  void pop_value_or_mark();
  Cell& top() { return stack_[first_of(1)]; }
  // Where the last mark was: the index of the first value above it.
  std::size_t pop_mark();
  // The index of the first of the last `count` values.
  std::size_t first_of(std::size_t count) const;
  std::span<Cell const> above(std::size_t first) const { return std::span(stack_).subspan(first); }

  // The list or dict to which the values from `first` on are added.
  Cell const& container_below(std::size_t first, Type type) const;
  void append(std::size_t first);
  void set_items(std::size_t first);

  void remember(std::size_t id);
  void recall(std::size_t id);
  void read_global();
  void stack_global();
  void reduce();
  void build();
  void load_persistent();
  void stop();

  Cursor cursor_;
  Store& store_;
  PersistentLoad const& persistent_load_;
  std::vector<Cell> stack_;
  std::vector<std::size_t> marks_;
  std::vector<std::optional<Cell>> memo_;
  std::optional<Cell> result_;
};

Cell Unpickler::run() {
  std::size_t begin = cursor_.position();
  try {
    require_protocol();
    while (!result_) {
      begin = cursor_.position();
      store_.spend_values(1);
      step_memo(cursor_.number<std::uint8_t>());
    }
  } catch (Error const& error) {
    throw Error("byte " + std::to_string(begin) + ": " + error.what());
  }
  return *result_;
}

void Unpickler::require_protocol() {
  if (cursor_.number<std::uint8_t>() != kProto) {
    throw Error(
        "this is not a pickle of protocol 2 to 5; if it is one of protocol 0 or 1, load it in "
        "Python and save it again with protocol 2 or later");
  }
  int const protocol = cursor_.number<std::uint8_t>();
  if (protocol < 2 || protocol > 5) {
    throw Error("the pickle has protocol " + std::to_string(protocol) +
                "; seplflow reads protocols 2 to 5");
  }
}

void Unpickler::refuse(std::uint8_t opcode) const {
  std::string_view const meaning = meaning_of_refused(opcode);
  if (!meaning.empty()) throw Error("the pickle uses " + std::string(meaning));
  throw Error("the pickle is damaged: there is no opcode " + std::to_string(opcode));
}

// The stack.

std::size_t Unpickler::first_of(std::size_t count) const {
  std::size_t const bottom = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - bottom < count) throw Error("the pickle is damaged: a value is missing");
  return stack_.size() - count;
}

Cell Unpickler::pop() {
  Cell const cell = top();
  stack_.pop_back();
  return cell;
}

void Unpickler::pop_value_or_mark() {
  bool const mark = !marks_.empty() && marks_.back() == stack_.size();
  if (mark) {
    marks_.pop_back();
  } else {
    pop();
  }
}

std::size_t Unpickler::pop_mark() {
  if (marks_.empty()) throw Error("the pickle is damaged: a mark is missing");
  std::size_t const first = marks_.back();
  marks_.pop_back();
  return first;
}

// The memo: values that the pickle refers to later.

void Unpickler::remember(std::size_t id) {
  Cell const cell = top();
  if (id >= memo_.size()) {
    store_.spend_values(id - memo_.size());
    memo_.resize(id + 1);
  }
  memo_[id] = cell;
}

void Unpickler::recall(std::size_t id) {
  if (id >= memo_.size() || !memo_[id]) {
    throw Error("the pickle is damaged: it refers to value " + std::to_string(id) +
                ", which it has not stored");
  }
  push(*memo_[id]);
}

void Unpickler::step_memo(std::uint8_t opcode) {
  switch (opcode) {
    case kMemoize:
      return remember(memo_.size());
    case kBinPut:
      return remember(cursor_.number<std::uint8_t>());
    case kLongBinPut:
      return remember(cursor_.number<std::uint32_t>());
    case kBinGet:
      return recall(cursor_.number<std::uint8_t>());
    case kLongBinGet:
      return recall(cursor_.number<std::uint32_t>());
    default:
      step_scalar(opcode);
  }
}

void Unpickler::step_scalar(std::uint8_t opcode) {
  constexpr bool kSwapped = std::endian::native == std::endian::little;
  switch (opcode) {
    case kNone:
      return push({});
    case kNewTrue:
      return push_boolean(true);
    case kNewFalse:
      return push_boolean(false);
    case kBinInt:
      return push_integer(cursor_.number<std::int32_t>());
    case kBinInt1:
      return push_integer(cursor_.number<std::uint8_t>());
    case kBinInt2:
      return push_integer(cursor_.number<std::uint16_t>());
    case kLong1:
      return push(long_integer(cursor_.take(cursor_.number<std::uint8_t>())));
    case kLong4:
      return push(long_integer(cursor_.take(cursor_.number<std::uint32_t>())));
    case kBinFloat: {
      auto const number = elements::load<double, kSwapped>(cursor_.take(sizeof(double)).data());
      return push({.type = Type::number, .number = number});
    }
    default:
      step_bytes(opcode);
  }
}

void Unpickler::step_bytes(std::uint8_t opcode) {
  switch (opcode) {
    case kShortBinUnicode:
      return push_text(cursor_.number<std::uint8_t>());
    case kBinUnicode:
      return push_text(cursor_.number<std::uint32_t>());
    case kBinUnicode8:
      return push_text(cursor_.number<std::uint64_t>());
    case kShortBinBytes:
      return push_bytes(cursor_.number<std::uint8_t>());
    case kBinBytes:
      return push_bytes(cursor_.number<std::uint32_t>());
    case kBinBytes8:
    case kByteArray8:
      return push_bytes(cursor_.number<std::uint64_t>());
    case kShortBinString:
      return push(python2_string(cursor_.take(cursor_.number<std::uint8_t>())));
    case kBinString:
      return push(python2_string(cursor_.take(cursor_.number<std::uint32_t>())));
    default:
      step_container(opcode);
  }
}

// Containers.

void Unpickler::push_tuple(std::size_t first) {
  Cell const tuple = store_.new_tuple(above(first));
  stack_.resize(first);
  push(tuple);
}

Cell const& Unpickler::container_below(std::size_t first, Type type) const {
  std::size_t const bottom = marks_.empty() ? 0 : marks_.back();
  if (first > bottom && stack_[first - 1].is(type)) return stack_[first - 1];
  throw Error(std::string("the pickle is damaged: it adds to something that is not a ") +
              (type == Type::list ? "list" : "dict"));
}

void Unpickler::append(std::size_t first) {
  auto const values = above(first);
  auto& list = store_.lists[container_below(first, Type::list).index];
  list.insert(list.end(), values.begin(), values.end());
  stack_.resize(first);
}

void Unpickler::set_items(std::size_t first) {
  auto const values = above(first);
  std::size_t const dict = container_below(first, Type::dict).index;
  if (values.size() % 2 != 0) throw Error("the pickle is damaged: a key has no value");
  for (std::size_t i = 0; i < values.size(); i += 2) store_.insert(dict, values[i], values[i + 1]);
  stack_.resize(first);
}

void Unpickler::step_container(std::uint8_t opcode) {
  switch (opcode) {
    case kMark:
      return marks_.push_back(stack_.size());
    case kPop:
      return pop_value_or_mark();
    case kPopMark:
      return stack_.resize(pop_mark());
    case kDup:
      return push(Cell(top()));
    case kEmptyTuple:
      return push_tuple(stack_.size());
    case kTuple1:
      return push_tuple(first_of(1));
    case kTuple2:
      return push_tuple(first_of(2));
    case kTuple3:
      return push_tuple(first_of(3));
    case kTuple:
      return push_tuple(pop_mark());
    case kEmptyList:
      return push(store_.new_list());
    case kEmptyDict:
      return push(store_.new_dict());
    case kAppend:
      return append(first_of(1));
    case kAppends:
      return append(pop_mark());
    case kSetItem:
      return set_items(first_of(2));
    case kSetItems:
      return set_items(pop_mark());
    default:
      step_object(opcode);
  }
}

// Objects: whatever a name or a call stands for.

void Unpickler::push_global(std::string_view module, std::string_view name) {
  push({.type = Type::global, .global = &find_global(module, name)});
}

void Unpickler::read_global() {
  auto const module = cursor_.line();
  push_global(module, cursor_.line());
}

void Unpickler::stack_global() {
  Cell const name = pop(), module = pop();
  if (!name.is(Type::text) || !module.is(Type::text)) {
    throw Error("the pickle is damaged: it refers to a name that is not a text");
  }
  push_global(module.text(), name.text());
}

void Unpickler::reduce() {
  Cell const arguments = pop();
  Cell const callee = pop();
  if (!callee.is(Type::global) || !arguments.is(Type::tuple)) {
    throw Error("the pickle calls " + description(store_, callee) + ", which is not a function");
  }
  push(call(store_, *callee.global, arguments));
}

void Unpickler::build() {
  Cell const state = pop();
  set_state(store_, top(), state);
}

void Unpickler::load_persistent() {
  Cell const id = pop();
  if (!persistent_load_) {
    throw Error(
        "the pickle refers to data in another file, as the data.pkl in a zip of torch.save does; "
        "give the whole file that torch.save wrote");
  }
  push(persistent_load_(id));
}

void Unpickler::stop() {
  result_ = pop();
  if (!stack_.empty() || !marks_.empty()) {
    throw Error("the pickle is damaged: values are left over");
  }
}

void Unpickler::step_object(std::uint8_t opcode) {
  switch (opcode) {
    case kFrame:  // only says how much may be read at once
      return cursor_.require(cursor_.number<std::uint64_t>());
    case kGlobal:
      return read_global();
    case kStackGlobal:
      return stack_global();
    case kReduce:
    case kNewObj:
      return reduce();
    case kBuild:
      return build();
    case kBinPersId:
      return load_persistent();
    case kStop:
      return stop();
    default:
      refuse(opcode);
  }
}

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
