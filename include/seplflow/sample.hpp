// One item of a data set on its way through a pipeline.
#pragma once

#include <seplflow/classes.hpp>
#include <seplflow/export.hpp>
#include <seplflow/size.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace seplflow {
namespace detail {

template <class T>
inline char type_tag = 0;  // its address stands for T within a library

[[noreturn]] SEPLFLOW_API void throw_wrong_note(bool has_another);

// What a source remembers of a sample.
class Note {
 public:
  template <class T>
  void set(std::shared_ptr<T> note) {
    value_ = std::move(note);
    type_ = &type_tag<std::remove_const_t<T>>;
  }
  template <class T>
  T const& get() const {
    if (type_ != &type_tag<T>) throw_wrong_note(type_ != nullptr);
    return *static_cast<T const*>(value_.get());
  }

 private:
  std::shared_ptr<void const> value_;
  void const* type_ = nullptr;
};

}  // namespace detail

// The identity of a sample; its image and labels travel on other ports. Immutable once emitted.
struct Sample {
  std::string id;            // the name of its files: "2007_000032", or "train/0001" in subfolders
  ClassesPtr classes;        // of its data set
  std::optional<Size> size;  // of its image, if known without decoding it
  std::uint64_t index = 0;   // position in its data set, from 0; set by the engine
  // How often the run has taken the sample before, if it repeats its data set; set by the engine.
  std::uint64_t repetition = 0;
  // What is unusual about its files ("its image has the EXIF orientation 6, ..."), without its id.
  // The user is warned of it, and it is added to the errors of this sample.
  std::string remark = {};

  detail::Note source_note = {};

  // What its source remembers of it for its other outputs ("which line of the list"). No other
  // plugin can read it.
  template <class T>
  void set_note(std::shared_ptr<T> note) {
    source_note.set(std::move(note));
  }
  // Throws std::logic_error unless the source set a note of this type.
  template <class T>
  T const& note() const {
    return source_note.get<T>();
  }
};

// Why files must not be named after this id ("is an absolute path", ...); nothing when they may. An
// id is a relative path of ordinary names, so that its files stay inside their folder.
SEPLFLOW_API std::optional<std::string> why_unsafe_id(std::string_view id);

}  // namespace seplflow
