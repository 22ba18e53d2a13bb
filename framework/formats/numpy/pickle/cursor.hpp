// A place in bytes that are read from their beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "formats/numpy/elements.hpp"
#include "formats/numpy/pickle/store.hpp"

namespace seplflow::pickle {

class Cursor {
 public:
  // Begins at `position`, at most bytes.size(). Where `file` is given, `bytes` are its bytes.
  explicit Cursor(Bytes bytes, std::size_t position = 0, DelayedFile* file = nullptr)
      : bytes_(bytes), position_(position), file_(file) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }

  // The next bytes. Throws Error when fewer are left; so do all that follow.
  Bytes take(std::uint64_t size) {
    require(size);
    if (file_ != nullptr) file_->need(position_ + size);
    return pass(size);
  }

  // The same, but where they are many, they may stay in the file until somebody looks at them.
  Bytes take_later(std::uint64_t size) {
    constexpr std::uint64_t kMany = std::uint64_t{64} << 10;
    if (size < kMany || file_ == nullptr) return take(size);
    require(size);
    file_->leave_out(position_ + size);
    return pass(size);
  }

  // Throws Error when fewer bytes are left.
  void require(std::uint64_t size) const {
    if (size <= left()) return;
    throw Error("the data ends too early: " + std::to_string(size) + " bytes are announced, " +
                std::to_string(left()) + " are left; the file is cut off or damaged");
  }

  // A little-endian number.
  template <class T>
  T number() {
    return elements::load<T, std::endian::native == std::endian::big>(take(sizeof(T)).data());
  }

  // What comes before the next line feed, which is taken too.
  std::string_view line() {
    std::string_view const rest(reinterpret_cast<char const*>(bytes_.data()) + position_, left());
    constexpr std::size_t kUsual = 128;
    std::size_t end = std::string_view::npos;
    for (std::size_t size = kUsual; end == std::string_view::npos; size *= 2) {
      std::string_view const begin = rest.substr(0, size);
      if (file_ != nullptr) file_->need(position_ + begin.size());
      end = begin.find('\n');
      if (end == std::string_view::npos && begin.size() == rest.size()) {
        throw Error("the data ends in the middle of a line; the file is cut off or damaged");
      }
    }
    position_ += end + 1;
    return rest.substr(0, end);
  }

 private:
  Bytes pass(std::size_t size) {
    Bytes const taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }

  Bytes bytes_;
  std::size_t position_;
  DelayedFile* file_;
};

}  // namespace seplflow::pickle
