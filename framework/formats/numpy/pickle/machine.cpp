#include "formats/numpy/pickle/machine.hpp"

#include "base/error.hpp"
#include "formats/numpy/pickle/calls.hpp"
#include "formats/numpy/pickle/globals.hpp"
#include "formats/numpy/pickle/opcodes.hpp"
#include "formats/numpy/pickle/text.hpp"

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
