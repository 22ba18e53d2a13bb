#include <seplflow/formats/torch_file.hpp>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace pickle_bytes;

namespace {

Storage const kFloats{"0", "FloatStorage", 6, packed<float>({0, 1, 2, 3, 4, 5})};

struct Parsed {
  explicit Parsed(std::string from)
      : bytes(std::move(from)), file(parse_torch_file(span_of(bytes), "a.pth")) {}
  std::vector<double> numbers() const { return file.root().array().to_vector<double>(); }
  std::string bytes;
  Pickle file;
};

std::string described(std::string const& bytes) {
  return Parsed(bytes).file.root().description();
}

// "a.pth: what is wrong", or a description of the values.
std::string described_or_error(std::string const& bytes) {
  try {
    return described(bytes);
  } catch (Error const& error) {
    std::string const message = error.what();
    return message.starts_with("a.pth: ") ? message : "";
  }
}

std::string legacy_id(Storage const& storage, std::string const& location = "cpu") {
  return storage_id(storage, location, "N");
}

}  // namespace

TEST_CASE("a tensor is a view of its storage, in all three forms") {
  auto const in = [](std::string const& id) { return tensor(id, 1, {2, 2}, {1, 3}); };
  std::vector<double> const expected{1, 4, 2, 5};
  CHECK(Parsed(legacy(in(legacy_id(kFloats)), {kFloats})).numbers() == expected);
  CHECK(Parsed(torch_zip(in(storage_id(kFloats)), {kFloats})).numbers() == expected);
  CHECK(Parsed(torch_zip(in(storage_id(kFloats)), {kFloats}, {}, true)).numbers() == expected);
  std::string const inside = pickled(pickled_tensor(kFloats, 1, {2, 2}, {1, 3}));
  Pickle const inner = parse_pickle(span_of(inside), "a.pkl");
  CHECK(inner.root().array().to_vector<double>() == expected);
}

TEST_CASE("a zip in a pickle is read as well") {
  std::string const file = torch_zip(storage_id(kFloats), {kFloats});
  std::string const whole =
      pickled(tensor(call(global("torch.storage", "_load_from_bytes"), bytes(file)), 0, {6}, {1}));
  CHECK(parse_pickle(span_of(whole), "p").root().array().number(5) == 5);
}

TEST_CASE("a checkpoint holds what was saved, from any device") {
  std::string const model = call(global("collections", "OrderedDict"), "") + "(" + text("w") +
                            tensor(storage_id(kFloats, "cuda:3"), 0, {6}, {1}) + text("b") +
                            call(global("torch._utils", "_rebuild_parameter"),
                                 tensor(storage_id(kFloats, "cuda:3"), 0, {1}, {1}) + "\x88" +
                                     call(global("collections", "OrderedDict"), "")) +
                            "u" + dict(text("_metadata") + "}") + "b";
  Parsed const file(torch_zip(dict(text("model") + model + text("epoch") + "K\x03"), {kFloats}));
  PickleValue const state = *file.file.root().find("model");
  CHECK(file.file.root().find("epoch")->integer() == 3);
  CHECK(state.find("w")->array().size() == 6);
  CHECK(state.find("b")->array().size() == 1);
  CHECK(state.find("w")->array().storage().data() == state.find("b")->array().storage().data());
}

TEST_CASE("storages of every type") {
  for (char const* const type :
       {"DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage",
        "IntStorage", "ShortStorage", "CharStorage", "ByteStorage", "BoolStorage"}) {
    INFO(type);
    int sizes = 0;
    for (std::size_t const size : {1, 2, 4, 8}) {
      Storage const storage{"0", type, 1, std::string(size, '\1')};
      std::string const file = torch_zip(tensor(storage_id(storage), 0, {1}, {1}), {storage});
      std::string const result = described_or_error(file);
      if (result.find("the storage '0' has") != std::string::npos) continue;
      ++sizes;
      Parsed const parsed(file);
      CHECK(element_bytes(parsed.file.root().array().type()) == size);
      CHECK(parsed.file.root().array().number(0) > 0);
    }
    CHECK(sizes == 1);
  }
  Storage const untyped{"0", "UntypedStorage", 4, little<std::int32_t>(-9)};
  std::string const v3 =
      call(global("torch._utils", "_rebuild_tensor_v3"),
           storage_id(untyped) + integer(0) + shape({1}) + shape({1}) + "\x89" +
               call(global("collections", "OrderedDict"), "") + global("torch", "int32"));
  CHECK(Parsed(torch_zip(v3, {untyped})).numbers() == std::vector<double>{-9});
  CHECK_THROWS_WITH(described(torch_zip(tensor(storage_id(untyped), 0, {1}, {1}), {untyped})),
                    Contains("without giving its type"));
  Storage const complex{"0", "ComplexFloatStorage", 1, std::string(8, '\0')};
  CHECK_THROWS_WITH(described(torch_zip(tensor(storage_id(complex), 0, {1}, {1}), {complex})),
                    Contains("'torch.ComplexFloatStorage', which seplflow does not load"));
}

TEST_CASE("views of storages, as old versions wrote them") {
  std::string const view = tuple(text("v") + integer(2) + integer(3));
  std::string const object = tensor(storage_id(kFloats, "cpu", view), 1, {2}, {1});
  CHECK(Parsed(legacy(object, {kFloats})).numbers() == std::vector<double>{3, 4});
  std::string const beyond = tensor(storage_id(kFloats, "cpu", view), 1, {3}, {1});
  CHECK_THROWS_WITH(described(legacy(beyond, {kFloats})), Contains("but 3 are stored"));
  std::string const wide = tuple(text("v") + integer(4) + integer(3));
  CHECK_THROWS_WITH(
      described(legacy(tensor(storage_id(kFloats, "cpu", wide), 0, {1}, {1}), {kFloats})),
      Contains("a view reaches beyond its storage"));
}

TEST_CASE("tensors that reach beyond their storage are refused") {
  for (auto const& [offset, size, stride] : std::vector<std::array<std::int64_t, 3>>{
           {0, 7, 1}, {6, 1, 1}, {0, 2, 6}, {1, 1000000, 1000000}}) {
    CHECK_THROWS_WITH(
        described(torch_zip(tensor(storage_id(kFloats), offset, {size}, {stride}), {kFloats})),
        Contains("but 6 are stored"));
    CHECK_THROWS_WITH(
        described(legacy(tensor(legacy_id(kFloats), offset, {size}, {stride}), {kFloats})),
        Contains("but 6 are stored"));
  }
  CHECK_THROWS_WITH(described(torch_zip(tensor(storage_id(kFloats), 0, {2}, {1, 1}), {kFloats})),
                    Contains("has 2 strides"));
  CHECK_THROWS_WITH(described(torch_zip(tensor(storage_id(kFloats), -1, {2}, {1}), {kFloats})),
                    Contains("the integer -1; expected a count"));
}

TEST_CASE("errors of legacy streams name the cause") {
  std::string const object = tensor(legacy_id(kFloats), 0, {6}, {1});
  CHECK_THROWS_WITH(described(legacy(object, {kFloats}, false)), Contains("big-endian machine"));
  CHECK_THROWS_WITH(described(legacy(object, {kFloats}, true, 1000)), Contains("unknown version"));
  CHECK_THROWS_WITH(described(legacy(object, {})), Contains("data of the storage '0' are missing"));
  Storage other = kFloats;
  other.key = "1";
  CHECK_THROWS_WITH(described(legacy(object, {kFloats, other})), Contains("that no tensor uses"));
  CHECK_THROWS_WITH(described(legacy(object, {kFloats, kFloats})), Contains("is damaged"));
  Storage larger = kFloats;
  larger.elements = 1000000000000;
  CHECK_THROWS_WITH(described(legacy(object, {larger})),
                    Contains("holds 1000000000000 elements instead of 6"));
  CHECK_THROWS_WITH(described(legacy(tensor(legacy_id(larger), 0, {6}, {1}), {larger})),
                    Contains("expected 4000000000000 bytes, 24 are left"));
  CHECK_THROWS_WITH(described(legacy(object, {kFloats}) + "x"), Contains("1 byte follow"));
  CHECK_THROWS_WITH(described(legacy(tuple(text("module") + "NNN") + "Q", {})),
                    Contains("save its state_dict()"));
  CHECK_THROWS_WITH(described(legacy("NQ", {})), Contains("not a storage of torch"));
}

TEST_CASE("errors of zips name the cause") {
  std::string const object = tensor(storage_id(kFloats), 0, {6}, {1});
  CHECK_THROWS_WITH(described(torch_zip(object, {})), Contains("'archive/data/0' is missing"));
  Storage half = kFloats;
  half.data.resize(12);
  CHECK_THROWS_WITH(described(torch_zip(object, {half})), Contains("has 12 bytes instead of 24"));
  CHECK_THROWS_WITH(described(torch_zip(object, {kFloats}, {{"archive/byteorder", "big"}})),
                    Contains("byte order 'big'"));
  CHECK_NOTHROW(described(torch_zip(object, {kFloats}, {{"archive/byteorder", "little"}})));
  CHECK_THROWS_WITH(described(torch_zip(object, {kFloats}, {{"archive/constants.pkl", ""}})),
                    Contains("TorchScript"));
  CHECK_THROWS_WITH(described(torch_zip(object, {kFloats, kFloats})), Contains("occurs twice"));
  CHECK_THROWS_WITH(described(zip({{"a.npy", ""}})), Contains("a .npz file of numpy"));
  CHECK_THROWS_WITH(described(zip({{"a", ""}})), Contains("it has no data.pkl"));
  CHECK_THROWS_WITH(described(zip({{"a/data.pkl", "x", 8}})),
                    Contains("'a/data.pkl' is compressed"));
  CHECK_THROWS_WITH(described(zip({{"a/data.pkl", "x", 0, 1}})),
                    Contains("'a/data.pkl' is encrypted"));
  CHECK_THROWS_WITH(described(torch_zip(global("os", "system"), {})),
                    Contains("refers to 'os.system', which seplflow does not load"));
  std::string moved = torch_zip(object, {kFloats});
  moved[moved.find("PK\3\4", 1)] = 'p';
  CHECK_THROWS_WITH(described(moved), Contains("'archive/data/0' is not where the directory says"));
  CHECK_THROWS_WITH(described("hello"), Contains("not a file that torch.save writes"));
}

TEST_CASE("an entry of a zip has the size in its own header, where that has one") {
  std::string const sound = torch_zip("N", {});
  auto const at = sound.find("archive/data.pkl") - 8;  // its size, before the lengths of names
  REQUIRE(sound.substr(at, 4) == little(std::uint32_t{4}));
  std::string file = sound;
  file.replace(at, 4, little(std::uint32_t{104}));
  CHECK_THROWS_WITH(described(file), Contains("'archive/data.pkl' has 104 bytes according to its "
                                              "own header, and 4 according to the directory"));
  file.replace(at, 4, little(std::uint32_t{0}));  // as torch writes it
  CHECK(described(file) == described(sound));
}

TEST_CASE("checkpoints that are truncated anywhere are refused") {
  std::string const v2 = tensor(storage_id(kFloats), 0, {6}, {1});
  for (std::string const& file : {legacy(tensor(legacy_id(kFloats), 0, {6}, {1}), {kFloats}),
                                  torch_zip(v2, {kFloats}), torch_zip(v2, {kFloats}, {}, true)}) {
    CHECK_NOTHROW(described(file));
    for (std::size_t size = 0; size < file.size(); ++size) {
      CHECK_THROWS_AS(described(file.substr(0, size)), Error);
    }
  }
}

TEST_CASE("damage to any one byte of a checkpoint is refused or harmless") {
  std::string const v2 = tensor(storage_id(kFloats), 0, {6}, {1});
  for (std::string const& file : {legacy(tensor(legacy_id(kFloats), 0, {6}, {1}), {kFloats}),
                                  torch_zip(v2, {kFloats}, {}, true)}) {
    for (std::size_t i = 0; i < file.size(); ++i) {
      for (char const change : {'\x01', '\x80', '\xff'}) {
        std::string damaged = file;
        damaged[i] = static_cast<char>(damaged[i] ^ change);
        std::string const result = described_or_error(damaged);
        if (result.empty()) FAIL("byte " << i << " changed by " << int{change});
      }
    }
  }
}

TEST_CASE("a checkpoint on disk may have a long pickle") {
  std::string items;
  for (int i = 0; i < 2000; ++i) {
    items += text("layer." + std::to_string(i)) + tensor(storage_id(kFloats), i % 6, {1}, {1});
  }
  TempFolder const folder;
  Pickle const file = read_torch_file(folder.write("a.pth", torch_zip(dict(items), {kFloats})));
  CHECK(file.root().size() == 2000);
  CHECK(file.root().find("layer.1997")->array().number(0) == 1997 % 6);
  CHECK_NOTHROW(file.verify());
}

TEST_CASE("a checkpoint that is truncated while it is in use is an error") {
  TempFolder const folder;
  Storage const large{"0", "FloatStorage", 100000, std::string(400000, 'a')};
  for (std::string const& bytes :
       {torch_zip(tensor(storage_id(large), 0, {100000}, {1}), {large}),
        legacy(tensor(legacy_id(large), 0, {100000}, {1}), {large})}) {
    auto const path = folder.write("a.pth", bytes);
    Pickle const file = read_torch_file(path);
    std::filesystem::resize_file(path, 1000);
    CHECK_THROWS_WITH(file.root().array().to_vector<float>(),
                      Contains("a.pth became shorter while it was read"));
    CHECK_THROWS_WITH(file.root().array().number(99999), Contains("became shorter"));
  }
}

TEST_CASE("pickles are nested to a maximum depth") {
  std::string inner = legacy("N", {});
  for (int i = 0; i < 6; ++i) {
    inner = legacy(call(global("torch.storage", "_load_from_bytes"), bytes(inner)), {});
  }
  CHECK_THROWS_WITH(described(inner), Contains("nested more than 4 deep"));
}

TEST_CASE("the same nested pickle cannot be read again and again") {
  std::string const load = call(global("torch.storage", "_load_from_bytes"), std::string("h\0", 2));
  std::string repeated = bytes(legacy(text(std::string(10000, 'a')), {})) + "\x94";
  for (int i = 0; i < 20; ++i) repeated += "0" + load;
  std::string const file = pickled(repeated);
  CHECK_THROWS_WITH(parse_pickle(span_of(file), "p"),
                    Contains("decodes the same bytes again and again"));
}

TEST_CASE("a checkpoint on disk stays valid, and its checksums are verified on request") {
  TempFolder const folder;
  auto const path =
      folder.write("a.pth", torch_zip(tensor(storage_id(kFloats), 0, {6}, {1}), {kFloats}));
  Pickle const file = read_torch_file(path);
  CHECK(file.root().array().number(5) == 5);
  CHECK_NOTHROW(file.verify());
  std::string flipped = torch_zip(tensor(storage_id(kFloats), 0, {6}, {1}), {kFloats});
  flipped[flipped.find(kFloats.data) + 8] ^= 1;
  Pickle const damaged = read_torch_file(folder.write("c.pth", flipped));
  CHECK_THROWS_WITH(damaged.verify(),
                    Contains("c.pth: the zip's entry 'archive/data/0' is damaged: its bytes"));
  CHECK_THROWS_WITH(described(flipped), Contains("'archive/data/0' is damaged"));
  flipped = torch_zip(tensor(storage_id(kFloats), 0, {6}, {1}), {kFloats});
  flipped[flipped.find("FloatStorage")] ^= 1;
  CHECK_THROWS_WITH(read_torch_file(folder.write("d.pth", flipped)),
                    Contains("'archive/data.pkl' is damaged"));
  CHECK_THROWS_WITH(read_torch_file(folder.write("b.pth", "")),
                    Contains("b.pth: the file is empty"));
  CHECK_THROWS_WITH(read_torch_file(folder.path()), Contains("is a folder"));
}

TEST_CASE("a file of tensors and texts is read as it was written") {
  std::vector<float> const floats{0.5F, -1, 3, 4e-30F, 7, 8};
  std::vector<std::int64_t> const number{-7};
  auto const bytes_of = [](auto const& values) {
    return std::span(reinterpret_cast<std::uint8_t const*>(values.data()),
                     values.size() * sizeof values[0]);
  };
  std::vector<ArrayToWrite> const tensors{
      {"a.weight", ElementType::float32, {2, 3}, bytes_of(floats)},
      {"again", ElementType::float32, {2, 3}, bytes_of(floats)},
      {"count", ElementType::int64, {}, bytes_of(number)}};
  std::vector<TextToWrite> const texts{{"place", std::string("a\0b\xc3\xbc", 5)}};
  auto const file = encode_torch_file(tensors, texts);
  Pickle const read = parse_torch_file(file, "a.pth");
  read.verify();
  REQUIRE(read.root().size() == 4);
  CHECK(read.root().key(0).text() == "a.weight");
  Array const array = read.root().find("a.weight")->array();
  CHECK(array.to_vector<float>() == floats);
  CHECK(shape_text(array.shape()) == "(2, 3)");
  CHECK(read.root().find("again")->array().storage().data() == array.storage().data());
  CHECK(read.root().find("count")->array().integer(0) == -7);
  CHECK(read.root().find("place")->text() == texts[0].second);
  std::vector<ArrayToWrite> wrong{{"a", ElementType::float32, {7}, bytes_of(floats)}};
  CHECK_THROWS_WITH(encode_torch_file(wrong), Contains("(7,)") && Contains("28"));
  wrong[0].type = ElementType::uint8;
  CHECK_THROWS_AS(encode_torch_file(wrong), Error);
}
