// A position in bytes that are read from their beginning.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <seplflow/error.hpp>
#include "formats/numpy/convert_elements.hpp"
#include "formats/numpy/pickle/values.hpp"

namespace seplflow::pickle {

class Cursor {
 public:
  // Begins at `position`, at most bytes.size(). Where `file` is given, `bytes` are its bytes.
  explicit Cursor(Bytes bytes, std::size_t position = 0, LazyFile* file = nullptr)
      : bytes_(bytes), position_(position), file_(file) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }

  // The next bytes. Throws Error when fewer are left, as all functions below do.
  Bytes take(std::uint64_t size) {
    require(size);
    if (file_ != nullptr) file_->need(position_ + size);
    return pass(size);
  }

  // The same, but a long part may stay in the file until it is looked at.
  Bytes take_later(std::uint64_t size) {
    constexpr std::uint64_t kLong = std::uint64_t{64} << 10;
    if (size < kLong || file_ == nullptr) return take(size);
    require(size);
    file_->leave_out(position_ + size);
    return pass(size);
  }

  void require(std::uint64_t size) const {
    if (size <= left()) return;
    throw Error("the data ends too early: expected " + std::to_string(size) + " bytes, " +
                std::to_string(left()) + " are left; the file is truncated or damaged");
  }

  // A little-endian number.
  template <class T>
  T number() {
    return elements::load<T, std::endian::native == std::endian::big>(take(sizeof(T)).data());
  }

  // A name, which a line feed ends.
  std::string_view line() {
    constexpr std::size_t kLongest = 1024;
    std::size_t const size = std::min(left(), kLongest);
    if (file_ != nullptr) file_->need(position_ + size);
    std::string_view const text(reinterpret_cast<char const*>(bytes_.data()) + position_, size);
    std::size_t const end = text.find('\n');
    if (end == std::string_view::npos) {
      throw Error("a name does not end within " + std::to_string(size) +
                  " bytes; the file is truncated or damaged");
    }
    position_ += end + 1;
    return text.substr(0, end);
  }

 private:
  Bytes pass(std::size_t size) {
    Bytes const taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }

  Bytes bytes_;
  std::size_t position_;
  LazyFile* file_;
};

}  // namespace seplflow::pickle
