// The opcodes that make numbers, text, bytes and containers.
#include <algorithm>
#include <bit>
#include <string>

#include "base/error.hpp"
#include "formats/numpy/elements.hpp"
#include "formats/numpy/pickle/machine.hpp"
#include "formats/numpy/pickle/opcodes.hpp"
#include "formats/numpy/pickle/text.hpp"

namespace seplflow::pickle {

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

}  // namespace seplflow::pickle
