#include "hdf5_file.hpp"

#include <hdf5.h>

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include <seplflow/error.hpp>
#include <seplflow/formats/file_kind.hpp>
#include <seplflow/formats/input_file.hpp>
#include "formats/numpy/pickle/values.hpp"

namespace seplflow {
namespace {

namespace fs = std::filesystem;

using pickle::Cell;
using pickle::Store;
using pickle::Type;

// An object of libhdf5, which the function closes.
template <herr_t (*close)(hid_t)>
class Handle {
 public:
  // Throws Error when libhdf5 could not open it.
  explicit Handle(hid_t id) : id_(id) {
    if (id_ < 0) throw Error("the file is truncated or damaged");
  }
  ~Handle() { close(id_); }
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
};

struct Element {
  ElementType type;
  std::endian order;
};

std::optional<ElementType> integer_type(hid_t type) {
  bool const is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
  switch (H5Tget_size(type)) {
    case 1:
      return is_signed ? ElementType::int8 : ElementType::uint8;
    case 2:
      return is_signed ? ElementType::int16 : ElementType::uint16;
    case 4:
      return is_signed ? ElementType::int32 : ElementType::uint32;
    case 8:
      return is_signed ? ElementType::int64 : ElementType::uint64;
    default:
      return std::nullopt;
  }
}

std::optional<ElementType> float_type(hid_t type) {
  struct Form {
    std::size_t bytes, sign, exponent, exponent_bits, fraction_bits;
    ElementType type;
  };
  constexpr std::array kForms = {Form{2, 15, 10, 5, 10, ElementType::float16},
                                 Form{2, 15, 7, 8, 7, ElementType::bfloat16},
                                 Form{4, 31, 23, 8, 23, ElementType::float32},
                                 Form{8, 63, 52, 11, 52, ElementType::float64}};
  std::size_t sign = 0, exponent = 0, exponent_bits = 0, fraction = 0, fraction_bits = 0;
  if (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits) < 0) {
    return std::nullopt;
  }
  for (Form const& form : kForms) {
    if (form.bytes == H5Tget_size(type) && form.sign == sign && form.exponent == exponent &&
        form.exponent_bits == exponent_bits && fraction == 0 &&
        form.fraction_bits == fraction_bits) {
      return form.type;
    }
  }
  return std::nullopt;
}

// Nothing when it is no type of numbers. h5py stores bool as an enumeration of a byte.
std::optional<Element> element_of(hid_t type) {
  std::optional<ElementType> found;
  H5T_class_t const kind = H5Tget_class(type);
  if (kind == H5T_INTEGER) found = integer_type(type);
  if (kind == H5T_FLOAT) found = float_type(type);
  if (kind == H5T_ENUM && H5Tget_size(type) == 1) found = ElementType::boolean;
  if (!found) return std::nullopt;
  return Element{*found,
                 H5Tget_order(type) == H5T_ORDER_BE ? std::endian::big : std::endian::little};
}

// Turns objects of one file into values of a store.
class Converter {
 public:
  explicit Converter(Store& store) : store_(store) {}

  Cell value_of(hid_t parent, std::string const& name, int depth) {
    constexpr int kDeepest = 4;
    constexpr std::size_t kMostObjects = 65536;
    if (depth > kDeepest || ++objects_ > kMostObjects) {
      throw Error("it has more groups or datasets than a CAM file needs");
    }
    Handle<H5Oclose> const object(H5Oopen(parent, name.c_str(), H5P_DEFAULT));
    switch (H5Iget_type(object)) {
      case H5I_GROUP:
        return dict_of(object, depth);
      case H5I_DATASET:
        return array_of(object, name);
      default:
        return {};
    }
  }

 private:
  Cell dict_of(hid_t group, int depth) {
    H5G_info_t info{};
    if (H5Gget_info(group, &info) < 0) throw Error("the file is truncated or damaged");
    Cell const dict = store_.new_dict();
    for (hsize_t i = 0; i < info.nlinks; ++i) {
      std::string const name = link_name(group, i);
      H5L_info_t link{};
      if (H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT) < 0) {
        throw Error("the file is truncated or damaged");
      }
      if (link.type != H5L_TYPE_HARD) {
        throw Error("'" + pickle::printable(name) +
                    "' is a link to another object; seplflow reads files without such links");
      }
      Cell const value = value_of(group, name, depth + 1);
      store_.insert(dict.index, text(name), value);
    }
    return dict;
  }

  static std::string link_name(hid_t group, hsize_t i) {
    auto const get = [&](char* to, std::size_t size) {
      return H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, to, size, H5P_DEFAULT);
    };
    ssize_t const size = get(nullptr, 0);
    if (size <= 0) throw Error("the file is truncated or damaged");
    std::string name(static_cast<std::size_t>(size) + 1, '\0');
    get(name.data(), name.size());
    name.pop_back();
    return name;
  }

  // Bytes that live as long as the store.
  std::span<std::uint8_t> buffer(std::size_t size) {
    store_.buffers.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(size));
    return {store_.buffers.back().get(), size};
  }

  Cell text(std::string const& name) {
    auto const bytes = buffer(name.size());
    std::memcpy(bytes.data(), name.data(), name.size());
    return Cell::of_bytes(Type::text, bytes);
  }

  Cell array_of(hid_t dataset, std::string const& name) {
    Handle<H5Tclose> const type(H5Dget_type(dataset));
    auto const element = element_of(type);
    if (!element) return {};
    require_own_data(dataset, name);
    Handle<H5Sclose> const space(H5Dget_space(dataset));
    std::vector<std::uint64_t> shape;
    if (int const axes = H5Sget_simple_extent_ndims(space); axes > 0) {
      std::vector<hsize_t> extents(static_cast<std::size_t>(axes));
      H5Sget_simple_extent_dims(space, extents.data(), nullptr);
      shape.assign(extents.begin(), extents.end());
    }
    if (H5Sget_simple_extent_type(space) == H5S_NULL) shape = {0};
    auto const bytes = buffer(size_of(space, type, name));
    if (!bytes.empty() &&
        H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) {
      throw Error("the dataset '" + pickle::printable(name) +
                  "' cannot be read; the file is truncated or damaged, or is packed by a filter "
                  "that libhdf5 does not have");
    }
    ArrayLayout layout{element->type, element->order, std::move(shape), {}, 0};
    layout.strides = row_major_strides(layout.shape);
    pickle::ArraySlot slot;
    slot.array.emplace(std::move(layout), bytes);
    return store_.new_array(std::move(slot));
  }

  std::size_t size_of(hid_t space, hid_t type, std::string const& name) {
    constexpr std::uint64_t kMost = std::uint64_t{512} << 20;
    hssize_t const count = H5Sget_simple_extent_npoints(space);
    std::uint64_t const elements = count < 0 ? 0 : static_cast<std::uint64_t>(count);
    if (elements > (kMost - store_.unpacked) / H5Tget_size(type)) {
      throw Error("the dataset '" + pickle::printable(name) + "' has " + std::to_string(elements) +
                  " elements; seplflow reads at most " + std::to_string(kMost) +
                  " bytes of a sample");
    }
    std::size_t const size = elements * H5Tget_size(type);
    store_.unpacked += size;
    return size;
  }

  static void require_own_data(hid_t dataset, std::string const& name) {
    Handle<H5Pclose> const creation(H5Dget_create_plist(dataset));
    if (H5Pget_layout(creation) != H5D_VIRTUAL && H5Pget_external_count(creation) == 0) return;
    throw Error("the dataset '" + pickle::printable(name) +
                "' is stored in other files; copy it into this one");
  }

  Store& store_;
  std::size_t objects_ = 0;
};

// Whether each part of the path exists.
bool has_object(hid_t file, std::string const& object) {
  if (object == "/") return true;
  for (std::size_t end = 0; end != std::string::npos;) {
    end = object.find('/', end + 1);
    if (H5Lexists(file, object.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return true;
}

// Without messages on standard error, without plugins from the environment, and without locks, which
// some network file systems do not have.
hid_t open_hdf5(fs::path const& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
  Handle<H5Pclose> const access(H5Pcreate(H5P_FILE_ACCESS));
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access, false, true);
#endif
  return H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
}

void require_hdf5(fs::path const& path) {
  InputFile input(path, kAnyFileBytes);
  std::vector<std::uint8_t> head(std::min(input.size(), kFileKindBytes));
  head.resize(input.read(head));
  if (head.empty()) throw Error("the file is empty");
  require_kind(head, {FileKind::hdf5, FileKind::matlab}, "this", "an HDF5 file");
}

}  // namespace

std::optional<Pickle> read_hdf5(fs::path const& path, std::vector<std::string> const& objects) {
  static std::mutex turns;  // libhdf5 may be built without locks
  std::lock_guard const lock(turns);
  try {
    require_hdf5(path);
    Handle<H5Fclose> const file(open_hdf5(path));
    for (std::string const& object : objects) {
      if (!has_object(file, object)) continue;
      auto store = std::make_shared<Store>();
      store->name = path.string();
      store->values_left = kMaxPickleValues;
      store->root = Converter(*store).value_of(file, object, 0);
      check_values(*store);
      return Pickle(std::move(store));
    }
    return std::nullopt;
  } catch (Error const& error) {
    throw Error(path.string() + ": " + error.what());
  }
}

}  // namespace seplflow
