#include <seplflow/formats/pickle.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/torch_file.hpp>
#include "formats/numpy/pickle/torch.hpp"
#include "formats/numpy/pickle/values.hpp"

namespace seplflow {

using pickle::Cell;
using pickle::Type;

static_assert(static_cast<int>(PickleValue::Kind::array) == static_cast<int>(Type::array));

PickleValue::Kind PickleValue::kind() const {
  return static_cast<Kind>(cell_->type);
}

namespace {

Cell const& require(pickle::Store const& store, Cell const& cell, Type type, char const* expected) {
  if (cell.is(type)) return cell;
  throw Error("expected " + std::string(expected) + ", got " + description(store, cell));
}

}  // namespace

std::int64_t PickleValue::integer() const {
  return require(*store_, *cell_, Type::integer, "an integer").integer;
}

double PickleValue::number() const {
  if (cell_->is(Type::integer)) return static_cast<double>(cell_->integer);
  return require(*store_, *cell_, Type::number, "a number").number;
}

std::string_view PickleValue::text() const {
  return require(*store_, *cell_, Type::text, "a text").text();
}

std::span<std::uint8_t const> PickleValue::bytes() const {
  return store_->loaded_bytes(require(*store_, *cell_, Type::bytes, "bytes").bytes());
}

Array const& PickleValue::array() const {
  return *store_->arrays[require(*store_, *cell_, Type::array, "an array").index].array;
}

namespace {

std::span<Cell const> items_of(pickle::Store const& store, Cell const& cell) {
  if (!cell.is(Type::list)) require(store, cell, Type::tuple, "a list or a tuple");
  return store.items_of(cell);
}

pickle::Dict const& dict_of(pickle::Store const& store, Cell const& cell) {
  return store.dicts[require(store, cell, Type::dict, "a dict").index];
}

void require_place(std::size_t i, std::size_t size) {
  if (i < size) return;
  throw Error("there is no item " + std::to_string(i) + " among " + std::to_string(size));
}

// The value for a key; nothing when there is none.
Cell const* find_in(pickle::Dict const& dict, Cell const& key) {
  auto const found = std::lower_bound(dict.sorted.begin(), dict.sorted.end(), key,
                                      [&](std::uint32_t entry, Cell const& wanted) {
                                        return pickle::key_less(dict.entries[entry].key, wanted);
                                      });
  if (found == dict.sorted.end()) return nullptr;
  pickle::Entry const& entry = dict.entries[*found];
  return pickle::key_less(key, entry.key) ? nullptr : &entry.value;
}

}  // namespace

std::size_t PickleValue::size() const {
  if (cell_->is(Type::dict)) return dict_of(*store_, *cell_).entries.size();
  return items_of(*store_, *cell_).size();
}

PickleValue PickleValue::item(std::size_t i) const {
  auto const items = items_of(*store_, *cell_);
  require_place(i, items.size());
  return {*store_, items[i]};
}

PickleValue PickleValue::key(std::size_t i) const {
  auto const& entries = dict_of(*store_, *cell_).entries;
  require_place(i, entries.size());
  return {*store_, entries[i].key};
}

PickleValue PickleValue::value(std::size_t i) const {
  auto const& entries = dict_of(*store_, *cell_).entries;
  require_place(i, entries.size());
  return {*store_, entries[i].value};
}

std::optional<PickleValue> PickleValue::find(std::string_view key) const {
  Cell const wanted =
      Cell::of_bytes(Type::text, {reinterpret_cast<std::uint8_t const*>(key.data()), key.size()});
  Cell const* const found = find_in(dict_of(*store_, *cell_), wanted);
  return found ? std::optional(PickleValue(*store_, *found)) : std::nullopt;
}

std::string PickleValue::description() const {
  return pickle::description(*store_, *cell_);
}

Pickle::Pickle(std::shared_ptr<pickle::Store const> store) : store_(std::move(store)) {}

void Pickle::verify() const {
  for (pickle::Checksum const& checksum : store_->checksums) {
    try {
      store_->require(checksum);
    } catch (Error const& error) {
      throw Error(store_->name + ": " + error.what());
    }
  }
}

PickleValue Pickle::root() const {
  return {*store_, store_->root};
}

namespace {

// A bare pickle, or one of torch's legacy streams, which begins like one.
Cell read_bare(pickle::Bytes bytes, pickle::Store& store) {
  if (pickle::is_torch_zip(bytes) || pickle::is_torch_stream(bytes)) {
    return pickle::read_torch(bytes, store);
  }
  if (store.lazy) store.lazy->need(std::min(bytes.size(), kFileKindBytes));
  // The reader of pickles knows what to say of pickles of protocol 0, which are text.
  require_kind(bytes, {FileKind::pickle, FileKind::text}, "this", "a pickle");
  return pickle::read_last_pickle(bytes, 0, store);
}

}  // namespace

Pickle read_pickle_file(std::filesystem::path const& path) {
  return pickle::read_document(path, read_bare);
}

Pickle parse_pickle(std::span<std::uint8_t const> bytes, std::string_view name) {
  return pickle::parse_document(bytes, name, read_bare);
}

Pickle read_torch_file(std::filesystem::path const& path) {
  return pickle::read_checkpoint(path, pickle::read_torch);
}

Pickle parse_torch_file(std::span<std::uint8_t const> bytes, std::string_view name) {
  return pickle::parse_document(bytes, name, pickle::read_torch);
}

}  // namespace seplflow

namespace seplflow::pickle {
namespace {

Pickle finished(std::shared_ptr<Store> store, Bytes bytes, std::string_view name,
                ReadRoot read_root) {
  // Texts are decoded once, and nested pickles read once, so that no level of nesting costs more
  // bytes than the file has.
  store->bytes_left = bytes.size() * (kMaxNesting + 1);
  store->values_left = kMaxPickleValues;
  store->name = name;
  try {
    if (bytes.empty()) throw Error("the file is empty");
    store->root = read_root(bytes, *store);
    check_values(*store);
  } catch (Error const& error) {
    throw Error(std::string(name) + ": " + error.what());
  }
  return Pickle(std::move(store));
}

}  // namespace

namespace {

Pickle read_lazily(std::filesystem::path const& path, ReadRoot read_root, std::uint64_t most_bytes,
                   bool defers_checksums) {
  constexpr std::size_t kLongestMark = 32;  // by which the reader of a format knows its files
  auto store = std::make_shared<Store>();
  store->lazy = std::make_unique<LazyFile>(path, most_bytes);
  store->defers_checksums = defers_checksums;
  Bytes const bytes = store->lazy->bytes();
  store->lazy->need(std::min(bytes.size(), kLongestMark));
  return finished(std::move(store), bytes, path.string(), read_root);
}

}  // namespace

Pickle read_document(std::filesystem::path const& path, ReadRoot read_root) {
  return read_lazily(path, read_root, kMaxFileBytes, false);
}

Pickle read_checkpoint(std::filesystem::path const& path, ReadRoot read_root) {
  return read_lazily(path, read_root, kAnyFileBytes, true);
}

Pickle parse_document(Bytes bytes, std::string_view name, ReadRoot read_root) {
  return finished(std::make_shared<Store>(), bytes, name, read_root);
}

}  // namespace seplflow::pickle
