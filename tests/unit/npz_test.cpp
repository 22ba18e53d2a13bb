#include <seplflow/formats/python_file.hpp>

#include <algorithm>
#include <vector>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace pickle_bytes;

namespace {

std::string floats(std::string const& shape, std::vector<float> const& values) {
  return npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", packed(values));
}

std::string const kScores = floats("(2, 1, 2)", {0.1F, 0.2F, 0.3F, 0.4F});
std::string const kKeys = npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }",
                              packed<std::int64_t>({5, 2}));

struct ParsedNpz {
  explicit ParsedNpz(std::string from)
      : bytes(std::move(from)), file(parse_python_file(span_of(bytes), "a.npz")) {}
  std::string bytes;
  Pickle file;
};

std::string npz_description(std::string const& bytes) {
  return ParsedNpz(bytes).file.root().description();
}

}  // namespace

TEST_CASE("a .npz file is a dict of its arrays, stored or deflated, from memory and from disk") {
  TempFolder const folder;
  for (std::uint16_t const method : {0, 8}) {
    std::string const file =
        zip({{"keys.npy", kKeys, method}, {"high_res.npy", kScores, method}}, method == 8);
    auto const check = [](Pickle const& values) {
      CHECK(values.root().size() == 2);
      CHECK(values.root().find("keys")->array().to_vector<std::int64_t>() ==
            std::vector<std::int64_t>{5, 2});
      CHECK(values.root().find("high_res")->array().to_vector<float>() ==
            std::vector<float>{0.1F, 0.2F, 0.3F, 0.4F});
    };
    check(ParsedNpz(file).file);
    check(read_python_file(folder.write("a.npz", file)));
  }
}

TEST_CASE("a .npz file with one array without a name is that array") {
  CHECK(npz_description(zip({{"arr_0.npy", kScores}})) == "a float32 array of shape (2, 1, 2)");
  CHECK(npz_description(zip({{"arr_0.npy", kScores}, {"arr_1.npy", kScores}})) ==
        "a dict of 2 entries with the keys 'arr_0', 'arr_1'");
  std::string const object = npy_of_object(dict(text("a") + "K\x07"));
  CHECK(npz_description(zip({{"arr_0.npy", object, 8}})) == "a dict of 1 entry with the key 'a'");
  ParsedNpz const nested(zip({{"cams.npy", object}, {"keys.npy", kKeys}}));
  CHECK(nested.file.root().find("cams")->find("a")->integer() == 7);
}

TEST_CASE("files of numpy, torch and pickle are known by their content") {
  Storage const storage{"0", "FloatStorage", 2, packed<float>({1, 2})};
  std::string const tensor_of_two = tensor(storage_id(storage), 0, {2}, {1});
  TempFolder const folder;
  for (std::string const& file :
       {floats("(2,)", {1, 2}), torch_zip(tensor_of_two, {storage}),
        legacy(tensor(storage_id(storage, "cpu", "N"), 0, {2}, {1}), {storage}),
        pickled(pickled_tensor(storage, 0, {2}, {1})), zip({{"arr_0.npy", floats("(2,)", {1, 2})}})}) {
    CHECK(ParsedNpz(file).file.root().array().to_vector<float>() == std::vector<float>{1, 2});
    Pickle const read = read_python_file(folder.write("a.npy", file));
    CHECK(read.root().array().to_vector<float>() == std::vector<float>{1, 2});
  }
  CHECK_THROWS_WITH(npz_description("GIF89a"), Contains("a.npz: this is a GIF image, not a file of numpy"));
  CHECK_THROWS_WITH(npz_description(""), Contains("the file is empty"));
}

TEST_CASE("errors of .npz files name the entry and the cause") {
  std::string damaged = zip({{"keys.npy", kKeys}});
  damaged[damaged.find(packed<std::int64_t>({5, 2}))] = 6;
  CHECK_THROWS_WITH(npz_description(damaged), Contains("a.npz: the zip's entry 'keys.npy' is damaged: its "
                                                 "bytes do not have their checksum"));
  damaged = zip({{"keys.npy", kKeys, 8}});
  damaged[damaged.find(packed<std::int64_t>({5, 2}))] = 6;
  CHECK_THROWS_WITH(npz_description(damaged), Contains("'keys.npy' is damaged"));
  CHECK_THROWS_WITH(npz_description(zip({{"a.npy", "hello"}, {"b.npy", kKeys}})),
                    Contains("the zip's entry 'a.npy': this is text that begins with \"hello\""));
  CHECK_THROWS_WITH(npz_description(zip({{"a.npy", kKeys}, {"b.txt", ""}})),
                    Contains("the entry 'b.txt', which numpy.savez does not write"));
  CHECK_THROWS_WITH(npz_description(zip({{"a.npy", kKeys, 12}})), Contains("compressed by method 12"));
  CHECK_THROWS_WITH(npz_description(zip({{"a.npy", kKeys, 0, 1}})), Contains("is encrypted"));
  CHECK_THROWS_WITH(npz_description(zip({{"a.npy", npy_of_object(global("os", "system"))}})),
                    Contains("refers to 'os.system', which seplflow does not load"));
}

TEST_CASE("an entry that claims to unpack to more than it can is refused before memory is taken") {
  std::string file = zip({{"a.npy", kKeys, 8}});
  std::size_t const central = file.find("PK\x01\x02"), local = file.find("PK\x03\x04");
  for (std::uint32_t const claimed : {0xfffffff0U, 0x1fffffffU, 100000U, 1U}) {
    file.replace(central + 24, 4, little(claimed));
    file.replace(local + 22, 4, little(claimed));
    CHECK_THROWS_WITH(npz_description(file), Contains("unpack"));
  }
}

TEST_CASE("a .npz file that is truncated anywhere is refused") {
  std::string const whole = zip({{"keys.npy", kKeys, 8}, {"high_res.npy", kScores}});
  TempFolder const folder;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(npz_description(whole.substr(0, size)), Error);
  }
  CHECK_THROWS_AS(read_python_file(folder.write("a.npz", whole.substr(0, whole.size() / 2))), Error);
}
