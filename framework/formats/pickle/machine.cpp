#include "formats/pickle/machine.hpp"

#include <algorithm>
#include <cstring>

#include "data/error.hpp"
#include "formats/pickle/calls.hpp"
#include "formats/pickle/globals.hpp"
#include "formats/pickle/opcodes.hpp"
#include "formats/pickle/text.hpp"

namespace seplflow::pickle {

Machine::Machine(Bytes file, std::size_t begin, Store& store, int nesting,
                 PersistentLoad persistent_load)
    : cursor_(file, begin, nesting == 0 ? store.delayed.get() : nullptr),
      store_(store),
      nesting_(nesting),
      persistent_load_(std::move(persistent_load)) {
  if (nesting_ >= kMaxNesting) {
    throw Error("pickles lie in each other more than " + std::to_string(kMaxNesting) + " deep");
  }
}

Cell Machine::run() {
  std::size_t begin = cursor_.position();
  try {
    while (!result_) {
      begin = cursor_.position();
      step(cursor_.number<std::uint8_t>());
    }
  } catch (Error const& error) {
    throw Error("byte " + std::to_string(begin) + ": " + error.what());
  }
  return *result_;
}

void Machine::step(std::uint8_t opcode) {
  bool const known = step_memo(opcode) || step_scalar(opcode) || step_container(opcode) ||
                     step_object(opcode) || step_text(opcode);
  if (known) return;
  std::string const name = name_of_refused(opcode);
  throw Error(name.empty() ? "this is no pickle, or a damaged one: there is no opcode " +
                                 std::to_string(opcode)
                           : "pickle uses " + name + ", which seplflow does not load");
}

// The stack.

void Machine::push(Cell const& cell) {
  store_.charge(1);
  stack_.push_back(cell);
}

std::size_t Machine::first_of(std::size_t count) const {
  std::size_t const bottom = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - bottom < count) throw Error("the pickle is damaged: a value is missing");
  return stack_.size() - count;
}

Cell& Machine::top() {
  return stack_[first_of(1)];
}

Cell Machine::pop() {
  Cell const cell = top();
  stack_.pop_back();
  return cell;
}

void Machine::pop_anything() {
  bool const mark = !marks_.empty() && marks_.back() == stack_.size();
  if (mark) {
    marks_.pop_back();
  } else {
    pop();
  }
}

std::size_t Machine::pop_mark() {
  if (marks_.empty()) throw Error("the pickle is damaged: a mark is missing");
  std::size_t const first = marks_.back();
  marks_.pop_back();
  return first;
}

std::span<Cell const> Machine::above(std::size_t first) const {
  return std::span(stack_).subspan(first);
}

// Numbers, text and bytes.

void Machine::push_bytes(Type type, std::uint64_t size) {
  bool const later = type == Type::bytes;
  push(Cell::of_bytes(type, later ? cursor_.take_later(size) : cursor_.take(size)));
}

void Machine::push_owned(Type type, std::string const& text) {
  auto const buffer = store_.new_buffer(text.size());
  std::copy(text.begin(), text.end(), buffer.begin());
  push(type == Type::bytes ? python2_string(buffer) : Cell::of_bytes(type, buffer));
}

void Machine::push_long(Bytes two_complement) {
  if (two_complement.size() > sizeof(std::int64_t)) {
    push(Cell::of_bytes(Type::huge_integer, two_complement));
    return;
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < two_complement.size(); ++i) {
    bits |= std::uint64_t{two_complement[i]} << (8 * i);
  }
  unsigned const missing = 64 - 8 * static_cast<unsigned>(two_complement.size());
  bool const sign = !two_complement.empty() && two_complement.back() >= 0x80;
  if (sign && missing > 0) bits |= ~std::uint64_t{0} << (64 - missing);
  push(Cell::of_integer(static_cast<std::int64_t>(bits)));
}

bool Machine::step_scalar(std::uint8_t opcode) {
  switch (opcode) {
    case kNone:
      push({});
      return true;
    case kNewTrue:
      push(Cell::of_boolean(true));
      return true;
    case kNewFalse:
      push(Cell::of_boolean(false));
      return true;
    case kBinInt:
      push(Cell::of_integer(cursor_.number<std::int32_t>()));
      return true;
    case kBinInt1:
      push(Cell::of_integer(cursor_.number<std::uint8_t>()));
      return true;
    case kBinInt2:
      push(Cell::of_integer(cursor_.number<std::uint16_t>()));
      return true;
    case kLong1:
      push_long(cursor_.take(cursor_.number<std::uint8_t>()));
      return true;
    case kLong4:
      push_long(cursor_.take(cursor_.number<std::uint32_t>()));
      return true;
    case kBinFloat: {
      constexpr bool swapped = std::endian::native == std::endian::little;
      push(Cell::of_number(elements::load<double, swapped>(cursor_.take(sizeof(double)).data())));
      return true;
    }
    case kShortBinUnicode:
      push_bytes(Type::text, cursor_.number<std::uint8_t>());
      return true;
    case kBinUnicode:
      push_bytes(Type::text, cursor_.number<std::uint32_t>());
      return true;
    case kBinUnicode8:
      push_bytes(Type::text, cursor_.number<std::uint64_t>());
      return true;
    case kShortBinBytes:
      push_bytes(Type::bytes, cursor_.number<std::uint8_t>());
      return true;
    case kBinBytes:
      push_bytes(Type::bytes, cursor_.number<std::uint32_t>());
      return true;
    case kBinBytes8:
    case kByteArray8:
      push_bytes(Type::bytes, cursor_.number<std::uint64_t>());
      return true;
    case kShortBinString:
      push(python2_string(cursor_.take(cursor_.number<std::uint8_t>())));
      return true;
    case kBinString:
      push(python2_string(cursor_.take(cursor_.number<std::uint32_t>())));
      return true;
    default:
      return false;
  }
}

bool Machine::step_text(std::uint8_t opcode) {
  switch (opcode) {
    case kInt:
    case kLong:
      push(integer_of(cursor_.line()));
      return true;
    case kFloat:
      push(number_of(cursor_.line()));
      return true;
    case kString:
      push_owned(Type::bytes, unquoted(cursor_.line()));
      return true;
    case kUnicode:
      push_owned(Type::text, unescaped(cursor_.line()));
      return true;
    default:
      return false;
  }
}

// Containers.

void Machine::push_tuple(std::size_t size) {
  std::size_t const first = first_of(size);
  Cell const tuple = store_.new_tuple(above(first));
  stack_.resize(first);
  push(tuple);
}

Cell const& Machine::container_below(std::size_t first, Type type) const {
  std::size_t const bottom = marks_.empty() ? 0 : marks_.back();
  if (first > bottom && stack_[first - 1].is(type)) return stack_[first - 1];
  throw Error(std::string("the pickle is damaged: it adds to something that is no ") +
              (type == Type::list ? "list" : "dict"));
}

void Machine::append(std::size_t first) {
  auto const values = above(first);
  auto& list = store_.lists[container_below(first, Type::list).index];
  list.insert(list.end(), values.begin(), values.end());
  stack_.resize(first);
}

void Machine::set_items(std::size_t first) {
  auto const values = above(first);
  std::size_t const dict = container_below(first, Type::dict).index;
  if (values.size() % 2 != 0) throw Error("the pickle is damaged: a key is without a value");
  for (std::size_t i = 0; i < values.size(); i += 2) store_.insert(dict, values[i], values[i + 1]);
  stack_.resize(first);
}

std::size_t Machine::slip_in(Cell const& container) {
  std::size_t const first = pop_mark();
  stack_.insert(stack_.begin() + static_cast<std::ptrdiff_t>(first), container);
  return first + 1;
}

bool Machine::step_container(std::uint8_t opcode) {
  switch (opcode) {
    case kMark:
      store_.charge(1);
      marks_.push_back(stack_.size());
      return true;
    case kPop:
      pop_anything();
      return true;
    case kPopMark:
      stack_.resize(pop_mark());
      return true;
    case kDup:
      push(Cell(top()));
      return true;
    case kEmptyTuple:
      push_tuple(0);
      return true;
    case kTuple1:
      push_tuple(1);
      return true;
    case kTuple2:
      push_tuple(2);
      return true;
    case kTuple3:
      push_tuple(3);
      return true;
    case kTuple:
      push_tuple(stack_.size() - pop_mark());
      return true;
    case kEmptyList:
      push(store_.new_list());
      return true;
    case kEmptyDict:
      push(store_.new_dict());
      return true;
    case kAppend:
      append(first_of(1));
      return true;
    case kAppends:
      append(pop_mark());
      return true;
    case kSetItem:
      set_items(first_of(2));
      return true;
    case kSetItems:
      set_items(pop_mark());
      return true;
    case kList:
      append(slip_in(store_.new_list()));
      return true;
    case kDict:
      set_items(slip_in(store_.new_dict()));
      return true;
    default:
      return false;
  }
}

// The memo: values that are met again.

void Machine::remember(std::uint64_t id) {
  Cell const cell = top();
  store_.charge(1);
  if (id < memo_.size()) {
    memo_[id] = cell;
  } else if (id == memo_.size()) {
    memo_.push_back(cell);
  } else {
    store_.charge(2);
    far_memo_[id] = cell;
  }
}

void Machine::recall(std::uint64_t id) {
  if (id < memo_.size()) {
    push(memo_[id]);
    return;
  }
  auto const found = far_memo_.find(id);
  if (found == far_memo_.end()) {
    throw Error("the pickle is damaged: it refers to value " + std::to_string(id) +
                ", which it has not stored");
  }
  push(found->second);
}

bool Machine::step_memo(std::uint8_t opcode) {
  auto const id_of_line = [&] {
    Cell const id = integer_of(cursor_.line());
    if (!id.is(Type::integer)) return std::uint64_t{id.boolean};
    return static_cast<std::uint64_t>(id.integer);
  };
  switch (opcode) {
    case kMemoize:
      remember(memo_.size() + far_memo_.size());
      return true;
    case kBinPut:
      remember(cursor_.number<std::uint8_t>());
      return true;
    case kLongBinPut:
      remember(cursor_.number<std::uint32_t>());
      return true;
    case kPut:
      remember(id_of_line());
      return true;
    case kBinGet:
      recall(cursor_.number<std::uint8_t>());
      return true;
    case kLongBinGet:
      recall(cursor_.number<std::uint32_t>());
      return true;
    case kGet:
      recall(id_of_line());
      return true;
    default:
      return false;
  }
}

// Everything else.

void Machine::push_global(std::string_view module, std::string_view name) {
  Cell cell;
  cell.type = Type::global;
  cell.global = &find_global(module, name);
  push(cell);
}

void Machine::reduce() {
  Cell const arguments = pop();
  Cell const callee = pop();
  if (!callee.is(Type::global) || !arguments.is(Type::tuple)) {
    throw Error("pickle calls " + description(store_, callee) + ", which is no function");
  }
  push(call({store_, nesting_}, *callee.global, arguments));
}

void Machine::build() {
  Cell const state = pop();
  set_state({store_, nesting_}, top(), state);
}

bool Machine::step_object(std::uint8_t opcode) {
  switch (opcode) {
    case kProto: {
      auto const protocol = cursor_.number<std::uint8_t>();
      if (protocol <= 5) return true;
      throw Error("pickle is of protocol " + std::to_string(protocol) +
                  "; seplflow knows protocols 0 to 5");
    }
    case kFrame: {
      // Only says how much may be read at once; a wrong one is a sign of damage.
      auto const size = cursor_.number<std::uint64_t>();
      cursor_.require(size);
      return true;
    }
    case kGlobal: {
      auto const module = cursor_.line();
      push_global(module, cursor_.line());
      return true;
    }
    case kStackGlobal: {
      Cell const name = pop(), module = pop();
      if (!name.is(Type::text) || !module.is(Type::text)) {
        throw Error("the pickle is damaged: it refers to a name that is no text");
      }
      push_global(module.text(), name.text());
      return true;
    }
    case kReduce:
    case kNewObj:
      reduce();
      return true;
    case kBuild:
      build();
      return true;
    case kBinPersId: {
      Cell const id = pop();
      if (!persistent_load_) {
        throw Error(
            "pickle refers to something outside of it, as the data.pkl in a zip of "
            "torch.save does; give the whole file that torch.save wrote");
      }
      push(persistent_load_(id));
      return true;
    }
    case kStop: {
      result_ = pop();
      if (!stack_.empty() || !marks_.empty())
        throw Error("the pickle is damaged: values are left over");
      return true;
    }
    case kInst: {
      auto const module = cursor_.line();
      find_global(module, cursor_.line());
      return false;
    }
    default:
      return false;
  }
}

}  // namespace seplflow::pickle
