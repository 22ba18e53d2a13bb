#include "hdf5/stages.hpp"
#include "support/catch.hpp"
#include "support/stage_driver.hpp"

TEST_CASE("cam.h5 takes a sample and outputs scores") {
  StageDriver const stage(seplflow::cam::declare_h5);
  CHECK(stage.declaration().name == "cam.h5");
  CHECK(stage.declaration().outputs.at(0).name == "scores");
  CHECK_THAT(stage.problems(), Contains("set either dir ") && Contains(" or file "));
}

#ifndef SEPLFLOW_WITHOUT_HDF5

#include <hdf5.h>

#include <cmath>
#include <string>
#include <vector>

#include <seplflow/score_maps.hpp>
#include "support/temp_folder.hpp"

using namespace seplflow;

namespace {

namespace fs = std::filesystem;
using Options = std::map<std::string, OptionValue>;
using Labels = std::vector<Label>;
using Floats = std::vector<float>;

Floats const kTwoScores = {0.1F, 0.2F, 0.3F, 0.4F};

// A file that is written with libhdf5.
class H5Writer {
 public:
  explicit H5Writer(fs::path const& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~H5Writer() { H5Fclose(file_); }

  void group(std::string const& name) {
    H5Gclose(H5Gcreate2(file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  template <class T>
  void dataset(std::string const& name, hid_t stored, hid_t given, std::vector<hsize_t> const& shape,
               std::vector<T> const& values, bool packed = false) {
    hid_t const space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    hid_t const creation = H5Pcreate(H5P_DATASET_CREATE);
    if (packed) {
      H5Pset_chunk(creation, static_cast<int>(shape.size()), shape.data());
      H5Pset_deflate(creation, 6);
    }
    hid_t const set =
        H5Dcreate2(file_, name.c_str(), stored, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (!values.empty()) H5Dwrite(set, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(set);
    H5Pclose(creation);
    H5Sclose(space);
  }
  void floats(std::string const& name, std::vector<hsize_t> const& shape, Floats const& values,
              bool packed = false) {
    dataset(name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, shape, values, packed);
  }
  void keys(std::string const& name, std::vector<std::int64_t> const& values) {
    dataset(name, H5T_STD_I64LE, H5T_NATIVE_INT64, {values.size()}, values);
  }
  void irn(std::string const& folder) {
    keys(folder + "keys", {5, 2});
    floats(folder + "high_res", {2, 1, 2}, kTwoScores, true);
  }
  hid_t id() const { return file_; }

 private:
  hid_t file_;
};

struct H5Scores {
  Labels classes;
  Floats values;
};

H5Scores read_h5(Options options, std::string const& id = "a") {
  StageDriver stage(cam::declare_h5, {std::move(options), {}, {}});
  REQUIRE(stage.problems() == "");
  auto const scores = stage.run<ScoreMaps>(voc_sample(id, Size{1, 2}));
  H5Scores result{{scores.classes().begin(), scores.classes().end()}, {}};
  for (std::size_t k = 0; k < scores.classes().size(); ++k) {
    scores.visit_plane(k, [&](auto plane) {
      for (auto const value : plane) result.values.push_back(static_cast<float>(value));
    });
  }
  return result;
}

Options in_folder(TempFolder const& folder) {
  return {{"dir", folder.path().string()}};
}

}  // namespace

TEST_CASE("a file for each sample holds keys and scores, or a map for each class number") {
  TempFolder const folder;
  H5Writer(folder / "a.h5").irn("");
  {
    H5Writer file(folder / "b.hdf5");
    file.floats("5", {1, 2}, {0.1F, 0.2F});
    file.dataset("2", H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, {1, 2}, std::vector<double>{0.5, 0.25});
  }
  H5Scores const irn = read_h5(in_folder(folder));
  CHECK(irn.classes == Labels{6, 3});
  CHECK(irn.values == kTwoScores);
  H5Scores const psa = read_h5(in_folder(folder), "b");
  CHECK(psa.classes == Labels{3, 6});
  CHECK(psa.values == Floats{0.5F, 0.25F, 0.1F, 0.2F});
}

TEST_CASE("one file may hold the CAMs of all samples, as groups or as datasets") {
  TempFolder const folder;
  {
    H5Writer file(folder / "cams.h5");
    file.group("a");
    file.irn("a/");
    file.floats("2007000032", {20, 1, 2}, Floats(40, 0.5F));
  }
  Options const options = {{"file", (folder / "cams.h5").string()}};
  CHECK(read_h5(options).values == kTwoScores);
  CHECK(read_h5(options, "2007_000032").classes.size() == 20);
  CHECK_THROWS_WITH(read_h5(options, "b"), Contains("there is no group or dataset \"b\" in ") &&
                                            Contains("on_missing = \"empty\""));
  Options empty = options;
  empty["on_missing"] = std::string("empty");
  CHECK(read_h5(empty, "b").classes.empty());
  Options strict = options;
  strict["strict"] = true;
  CHECK_THROWS_WITH(read_h5(strict, "2007_000032"), Contains("\"2007_000032\""));
}

TEST_CASE("bytes and bool in HDF5 are scores, and text is not") {
  TempFolder const folder;
  {
    H5Writer file(folder / "a.h5");
    file.dataset("5", H5T_STD_U8LE, H5T_NATIVE_UINT8, {1, 2}, std::vector<std::uint8_t>{255, 51});
  }
  CHECK(read_h5(in_folder(folder)).values == Floats{1, 0.2F});
  {
    H5Writer file(folder / "b.h5");
    hid_t const text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    file.dataset("5", text, text, {1}, std::vector<char>{'t', 'e', 'x', 't'});
    H5Tclose(text);
  }
  CHECK_THROWS_WITH(read_h5(in_folder(folder), "b"), Contains("has for class number 5 None"));
}

TEST_CASE("errors of HDF5 files name the file and the cause") {
  TempFolder const folder;
  auto const options = in_folder(folder);
  folder.write("a.h5", "GIF89a");
  CHECK_THROWS_WITH(read_h5(options), Contains("a.h5: this is a GIF image, not an HDF5 file"));
  CHECK_THROWS_WITH(read_h5(options, "none"), Contains("there is no CAM file ") && Contains("none.h5"));
  H5Writer(folder / "a.h5").irn("");
  std::string const whole = read_text(folder / "a.h5");
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    folder.write("a.h5", whole.substr(0, size));
    CHECK_THROWS_WITH(read_h5(options), Contains("a.h5"));
  }
  {
    H5Writer file(folder / "b.h5");
    H5Lcreate_external("other.h5", "/5", file.id(), "5", H5P_DEFAULT, H5P_DEFAULT);
  }
  CHECK_THROWS_WITH(read_h5(options, "b"), Contains("'5' is a link to another object"));
  {
    H5Writer file(folder / "c.h5");
    file.dataset("5", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {1 << 20, 1 << 20}, Floats());
  }
  CHECK_THROWS_WITH(read_h5(options, "c"), Contains("has 1099511627776 elements; seplflow reads at most"));
  {
    H5Writer file(folder / "d.h5");
    file.group("x");
    H5Lcreate_hard(file.id(), "/", file.id(), "x/again", H5P_DEFAULT, H5P_DEFAULT);
  }
  CHECK_THROWS_WITH(read_h5(options, "d"), Contains("more groups or datasets than a CAM file needs"));
}

#endif
