// Writes pickles, .npy files and files of torch byte by byte.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pickle_bytes {

// A number as little-endian bytes.
template <class T>
std::string little(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class T>
std::string big(T value) {
  std::string const bytes = little(value);
  return {bytes.rbegin(), bytes.rend()};
}

template <class T>
std::string packed(std::vector<T> const& values) {
  std::string bytes;
  for (T const value : values) bytes += little(value);
  return bytes;
}

inline std::span<std::uint8_t const> span_of(std::string_view bytes) {
  return {reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size()};
}

// Each returns one object as Python 3 writes it with protocol 4, without memo.
inline std::string text(std::string_view value) {
  return "X" + little(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
inline std::string bytes(std::string_view value) {
  return "B" + little(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
inline std::string integer(std::int64_t value) {
  return std::string("\x8a\x08", 2) + little(value);
}
inline std::string global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string tuple(std::string const& items) {
  return "(" + items + "t";
}
inline std::string dict(std::string const& keys_and_values) {
  return "}(" + keys_and_values + "u";
}
inline std::string list(std::string const& items) {
  return "](" + items + "e";
}
inline std::string call(std::string const& function, std::string const& arguments) {
  return function + tuple(arguments) + "R";
}
inline std::string pickled(std::string const& object, char protocol = 4) {
  return std::string("\x80") + protocol + object + ".";
}

inline std::string shape(std::vector<std::int64_t> const& extents) {
  std::string items;
  for (auto const extent : extents) items += integer(extent);
  return tuple(items);
}

// Objects of numpy.
inline std::string dtype(std::string const& name, std::string const& order = "<") {
  std::string const state = tuple("K\x03" + text(order) + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff" +
                                  std::string("K\0", 2));
  return call(global("numpy", "dtype"), text(name) + "\x89\x88") + state + "b";
}

inline std::string array_with_data(std::string const& type,
                                   std::vector<std::int64_t> const& extents,
                                   std::string const& data, bool fortran = false,
                                   std::string const& core = "numpy.core") {
  return call(global(core + ".multiarray", "_reconstruct"),
              global("numpy", "ndarray") + tuple(std::string("K\0", 2)) + bytes("b")) +
         tuple("K\x01" + shape(extents) + type + (fortran ? "\x88" : "\x89") + data) + "b";
}

inline std::string array(std::string const& type, std::vector<std::int64_t> const& extents,
                         std::string const& data, bool fortran = false) {
  return array_with_data(type, extents, bytes(data), fortran);
}

inline std::string array_of_object(std::string const& object) {
  return array_with_data(dtype("O8", "|"), {}, list(object));
}

inline std::string npy(std::string header, std::string const& data, char major = 1) {
  header += "\n";
  std::string const size = major == 1 ? little(static_cast<std::uint16_t>(header.size()))
                                      : little(static_cast<std::uint32_t>(header.size()));
  return std::string("\x93NUMPY") + major + std::string(1, '\0') + size + header + data;
}

inline std::string npy_of_object(std::string const& object) {
  return npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }",
             pickled(array_of_object(object), 3));
}

// Objects of torch. A storage has a key, a type ("FloatStorage"), a number of elements, and the
// data.
struct Storage {
  std::string key, type;
  std::int64_t elements;
  std::string data;
};

inline std::string storage_id(Storage const& storage, std::string const& location = "cpu",
                              std::string const& view = {}) {
  return tuple(text("storage") + global("torch", storage.type) + text(storage.key) +
               text(location) + integer(storage.elements) + view) +
         "Q";
}

inline std::string tensor(std::string const& storage, std::int64_t offset,
                          std::vector<std::int64_t> const& sizes,
                          std::vector<std::int64_t> const& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              storage + integer(offset) + shape(sizes) + shape(strides) + "\x89" +
                  call(global("collections", "OrderedDict"), ""));
}

inline std::string legacy(std::string const& object, std::vector<Storage> const& storages,
                          bool little_endian = true, std::int64_t version = 1001) {
  std::string keys, data;
  for (Storage const& storage : storages) {
    keys += text(storage.key);
    data += little(storage.elements) + storage.data;
  }
  return pickled("\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19", 2) + pickled(integer(version), 2) +
         pickled(dict(text("protocol_version") + integer(version) + text("little_endian") +
                      (little_endian ? "\x88" : "\x89")),
                 2) +
         pickled(object, 2) + pickled(list(keys), 2) + data;
}

// A tensor inside of a pickle, as torch reduces it.
inline std::string pickled_tensor(Storage const& storage, std::int64_t offset,
                                  std::vector<std::int64_t> const& sizes,
                                  std::vector<std::int64_t> const& strides) {
  std::string const file = legacy(storage_id(storage, "cuda:0", "N"), {storage});
  return tensor(call(global("torch.storage", "_load_from_bytes"), bytes(file)), offset, sizes,
                strides);
}

struct Entry {
  std::string name, data;
  std::uint16_t method = 0;  // 8: deflate
  std::uint16_t flags = 0x808;
};

inline std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (unsigned char const byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
  }
  return ~crc;
}

// As a block of deflate that is not compressed; for less than 64 KiB.
inline std::string deflated(std::string const& data) {
  auto const size = static_cast<std::uint16_t>(data.size());
  return "\x01" + little(size) + little(static_cast<std::uint16_t>(~size)) + data;
}

inline std::string zip(std::vector<Entry> const& entries, bool zip64 = false) {
  std::string file, directory;
  for (Entry const& entry : entries) {
    std::string const packed = entry.method == 8 ? deflated(entry.data) : entry.data;
    auto const size = little(static_cast<std::uint32_t>(packed.size())) +
                      little(static_cast<std::uint32_t>(entry.data.size()));
    auto const at = little(static_cast<std::uint32_t>(file.size()));
    auto const name = little(static_cast<std::uint16_t>(entry.name.size()));
    std::string const kind = little(entry.flags) + little(entry.method) + std::string(4, '\0') +
                             little(crc32_of(entry.data));
    std::string const wide = zip64 ? little(std::uint16_t{1}) + little(std::uint16_t{24}) +
                                         little(std::uint64_t{entry.data.size()}) +
                                         little(std::uint64_t{packed.size()}) +
                                         little(std::uint64_t{file.size()})
                                   : "";
    std::string const ones = "\xff\xff\xff\xff";
    file += "PK\x03\x04" + std::string(2, '\0') + kind + size + name + little(std::uint16_t{5}) +
            entry.name + std::string("FB\x01\0Z", 5) + packed;
    directory += "PK\x01\x02" + std::string(4, '\0') + kind + (zip64 ? ones + ones : size) +
                 name + little(static_cast<std::uint16_t>(wide.size())) + std::string(10, '\0') +
                 (zip64 ? ones : at) + entry.name + wide;
  }
  auto const count = static_cast<std::uint16_t>(entries.size());
  std::uint64_t const begin = file.size();
  file += directory;
  if (zip64) {
    std::string const record = "PK\x06\x06" + little(std::uint64_t{44}) + std::string(12, '\0') +
                               little(std::uint64_t{count}) + little(std::uint64_t{count}) +
                               little(std::uint64_t{directory.size()}) + little(begin);
    std::uint64_t const at = file.size();
    file += record + "PK\x06\x07" + std::string(4, '\0') + little(at) + little(std::uint32_t{1});
  }
  auto const size =
      zip64 ? std::uint32_t{0xffffffff} : static_cast<std::uint32_t>(directory.size());
  auto const at = zip64 ? std::uint32_t{0xffffffff} : static_cast<std::uint32_t>(begin);
  return file + "PK\x05\x06" + std::string(4, '\0') + little(count) + little(count) + little(size) +
         little(at) + std::string(2, '\0');
}

inline std::string torch_zip(std::string const& object, std::vector<Storage> const& storages,
                             std::vector<Entry> const& others = {}, bool zip64 = false) {
  std::vector<Entry> entries{{"archive/data.pkl", pickled(object, 2)}};
  for (Storage const& storage : storages) {
    entries.push_back({"archive/data/" + storage.key, storage.data});
  }
  entries.push_back({"archive/version", "3\n"});
  entries.insert(entries.end(), others.begin(), others.end());
  return zip(entries, zip64);
}

}  // namespace pickle_bytes
