// Files that different versions of numpy and torch wrote.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/npy.hpp>
#include <seplflow/formats/torch_file.hpp>
#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace fs = std::filesystem;
using namespace seplflow;

namespace {

fs::path protocols() {
  return test_data() / "cams" / "protocols";
}

// Class (from 0) to activations, of a dict by class or of one with keys and planes.
std::map<std::int64_t, std::vector<double>> planes_of(PickleValue const& dict) {
  std::map<std::int64_t, std::vector<double>> planes;
  auto const keys = dict.find("keys");
  for (std::size_t i = 0; !keys && i < dict.size(); ++i) {
    planes[dict.key(i).integer()] = dict.value(i).array().to_vector<double>();
  }
  for (std::uint64_t i = 0; keys && i < keys->array().size(); ++i) {
    planes[keys->array().integer(i)] = dict.find("high_res")->array().at(i).to_vector<double>();
  }
  return planes;
}

std::vector<fs::path> files_in(fs::path const& folder) {
  std::vector<fs::path> files;
  for (auto const& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  REQUIRE_FALSE(files.empty());
  return files;
}

bool is_refused(fs::path const& file) {
  return file.filename().string().starts_with("refuse_");
}

}  // namespace

TEST_CASE("simulated: every protocol, type and order gives the same activations") {
  auto const expected = planes_of(read_npy(protocols() / "psa_p3.npy").root());
  REQUIRE(expected.size() == 4);
  int compared = 0;
  for (fs::path const& file : files_in(protocols())) {
    std::string const name = file.stem().string();
    if (is_refused(file) || name.starts_with("irn_empty") || name.starts_with("irn_only")) continue;
    INFO(name);
    CHECK(planes_of(read_npy(file).root()) == expected);
    ++compared;
  }
  CHECK(compared == 14);
}

TEST_CASE("simulated: images without classes have arrays without elements") {
  Pickle const empty = read_npy(protocols() / "irn_empty_p4.npy");
  CHECK(shape_text(empty.root().find("high_res")->array().shape()) == "(0, 111, 167)");
  Pickle const only = read_npy(protocols() / "irn_only_keys_p4.npy");
  CHECK(only.root().size() == 1);
  CHECK(only.root().find("keys")->array().size() == 0);
}

TEST_CASE("simulated: a pickle that would run a program is refused by name") {
  int refused = 0;
  for (fs::path const& file : files_in(protocols())) {
    if (!is_refused(file)) continue;
    CHECK_THROWS_WITH(
        read_npy(file),
        Contains(file.string()) &&
            Contains("pickle refers to 'posix.system', which seplflow does not load"));
    ++refused;
  }
  CHECK(refused == 2);
}

TEST_CASE("simulated: files of all CAM dialects load") {
  int loaded = 0;
  for (auto const& entry : fs::recursive_directory_iterator(test_data() / "cams")) {
    fs::path const& file = entry.path();
    if (is_refused(file)) continue;
    INFO(file);
    if (file.extension() == ".npy") {
      CHECK_NOTHROW(read_npy(file));
      ++loaded;
    } else if (file.extension() == ".pkl") {
      CHECK(read_pickle_file(file).root().find("seed"));
      ++loaded;
    }
  }
  CHECK(loaded >= 40);
}

TEST_CASE("real: three dialects of cls_labels.npy hold the same labels") {
  auto const labels = [](char const* folder) {
    Pickle const file = read_npy(test_data() / "lists" / folder / "cls_labels.npy");
    std::map<std::int64_t, std::vector<float>> result;
    for (std::size_t i = 0; i < file.root().size(); ++i) {
      PickleValue const key = file.root().key(i);
      std::int64_t id = 0;
      if (key.is(PickleValue::Kind::integer)) {
        id = key.integer();
      } else {
        std::string name(key.text());
        id = std::stoll(name.erase(name.find('_'), 1));
      }
      result[id] = file.root().value(i).array().to_vector<float>();
    }
    return result;
  };
  auto const irn = labels("irn");
  CHECK(irn.size() == 12031);
  CHECK(labels("psa") == irn);
  CHECK(labels("clims") == irn);
  for (auto const& [id, classes] : irn) REQUIRE(classes.size() == 20);
}

TEST_CASE("simulated: a checkpoint holds the same tensors in all three forms") {
  auto const folder = test_data() / "sam-tiny";
  Pickle const zip = read_torch_file(folder / "tiny256.pth");
  Pickle const legacy = read_torch_file(folder / "tiny256_legacy.pth");
  Pickle const wrapped = read_torch_file(folder / "tiny256_wrapped.pth");
  CHECK(wrapped.root().find("epoch")->integer() == 1);
  PickleValue const model = *wrapped.root().find("model");
  REQUIRE(zip.root().size() == 230);
  REQUIRE(legacy.root().size() == 230);
  REQUIRE(model.size() == 230);
  for (std::size_t i = 0; i < 230; ++i) {
    auto const name = zip.root().key(i).text();
    INFO(name);
    PickleValue const value = zip.root().value(i);
    Array const& tensor = value.array();
    for (PickleValue const& other : {*legacy.root().find(name), *model.find(name)}) {
      CHECK(shape_text(other.array().shape()) == shape_text(tensor.shape()));
      CHECK(other.array().to_vector<float>() == tensor.to_vector<float>());
    }
  }
}
