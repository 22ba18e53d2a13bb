#include <seplflow/formats/lazy_file.hpp>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <seplflow/error.hpp>
#include <seplflow/formats/npy.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace pickle_bytes;

namespace {

// Bytes that depend on their position.
std::string numbered_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 13);
  return bytes;
}

bool holds(LazyFile const& file, std::string const& content, std::size_t begin, std::size_t size) {
  auto const part = file.bytes().subspan(begin, size);
  return std::string(part.begin(), part.end()) == content.substr(begin, size);
}

}  // namespace

TEST_CASE("parts of a file that were left out are read when they are needed") {
  TempFolder const folder;
  std::string const content = numbered_bytes(3000000);
  LazyFile file(folder.write("a", content));
  REQUIRE(file.bytes().size() == content.size());
  file.need(100);
  CHECK(holds(file, content, 0, 100));
  file.leave_out(1000000);
  file.need(1000100);
  CHECK(holds(file, content, 1000000, 100));
  file.leave_out(2900000);
  file.need(content.size());
  CHECK(holds(file, content, 2900000, 100000));

  auto const gap = file.bytes().subspan(50, 999950);
  std::vector<std::uint8_t> copied(gap.size());
  file.copy(gap, copied.data());
  CHECK(std::string(copied.begin(), copied.end()) == content.substr(50, gap.size()));
  file.load(gap);
  CHECK(holds(file, content, 0, 1000000));
  file.copy(gap, copied.data());
  CHECK(std::string(copied.begin(), copied.end()) == content.substr(50, gap.size()));
  file.load(file.bytes());
  CHECK(holds(file, content, 0, content.size()));
}

TEST_CASE("isolated parts of a file are read alone, in any order") {
  TempFolder const folder;
  std::string const content = numbered_bytes(300000);
  auto const path = folder.write("a", content);
  LazyFile file(path);
  file.need(10);
  auto const part = [&](std::size_t begin, std::size_t size) {
    return file.bytes().subspan(begin, size);
  };
  file.isolate(part(200000, 100));
  file.isolate(part(100000, 50000));
  file.isolate(part(120000, 10));
  file.load(part(200000, 100));
  CHECK(holds(file, content, 200000, 100));
  std::filesystem::resize_file(path, 150000);
  CHECK(holds(file, content, 200000, 100));
  file.load(part(100000, 50000));
  CHECK(holds(file, content, 100000, 50000));
  std::vector<std::uint8_t> copied(1000);
  file.copy(part(50000, 1000), copied.data());
  CHECK(std::string(copied.begin(), copied.end()) == content.substr(50000, 1000));
  CHECK_THROWS_WITH(file.load(part(149000, 2000)), Contains("became shorter"));
}

TEST_CASE("a file knows its own parts") {
  TempFolder const folder;
  LazyFile const file(folder.write("a", "abc"));
  std::string const other = "abc";
  CHECK(file.holds(file.bytes()));
  CHECK(file.holds(file.bytes().subspan(1, 1)));
  CHECK_FALSE(file.holds(span_of(other)));
}

TEST_CASE("a file that becomes shorter while it is read is an error") {
  TempFolder const folder;
  auto const path = folder.write("a", numbered_bytes(300000));
  LazyFile file(path);
  file.need(10);
  file.leave_out(200000);
  std::filesystem::resize_file(path, 150000);
  CHECK_THROWS_WITH(file.need(300000), Contains("a became shorter while it was read"));
  CHECK_THROWS_WITH(file.load(file.bytes().first(200000)), Contains("became shorter"));
}

TEST_CASE("large arrays stay in the file until they are needed, and have the right values") {
  TempFolder const folder;
  std::size_t const size = 50000;
  std::vector<float> floats(size);
  std::vector<double> doubles(size);
  for (std::size_t i = 0; i < size; ++i) {
    floats[i] = static_cast<float>(i) / 7;
    doubles[i] = static_cast<double>(i) / 7;
  }
  std::string const raw = numbered_bytes(100000);
  Storage const storage{"1", "DoubleStorage", static_cast<std::int64_t>(size), packed(doubles)};
  std::string const content =
      dict(text("floats") + array(dtype("f4"), {100, 500}, packed(floats)) + text("turned") +
           array(dtype("f4"), {500, 100}, packed(floats), true) + text("tensor") +
           pickled_tensor(storage, 0, {static_cast<std::int64_t>(size)}, {1}) + text("bytes") +
           bytes(raw) + text("doubles") + array(dtype("f8"), {50000}, packed(doubles)));
  auto const path = folder.write("a.npy", npy_of_object(content));
  Pickle const file = read_npy(path);
  PickleValue const root = file.root();
  CHECK(root.find("floats")->array().to_vector<float>() == floats);
  CHECK(root.find("floats")->array().at(99).to_vector<double>().back() == floats.back());
  CHECK(root.find("floats")->array().to_vector<float>() == floats);
  CHECK(root.find("turned")->array().number(1) == floats[500]);
  CHECK(root.find("tensor")->array().to_vector<double>() == doubles);
  CHECK(root.find("doubles")->array().to_vector<double>() == doubles);
  CHECK(root.find("doubles")->array().contiguous_bytes().size() == 8 * size);
  auto const read = root.find("bytes")->bytes();
  CHECK(std::string(read.begin(), read.end()) == raw);

  auto const plain = folder.write(
      "b.npy",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (50000,), }", packed(floats)));
  CHECK(read_npy(plain).root().array().to_vector<float>() == floats);
}

TEST_CASE("values between long and short parts are the same from a file as from memory") {
  TempFolder const folder;
  for (std::size_t const around : {4096, 8192, 16384, 65536, 131072}) {
    for (std::size_t size = around - 20; size < around + 20; size += 3) {
      std::string const content = numbered_bytes(size);
      std::string const name(size % 300, 'n');
      std::string const whole =
          pickled(list(bytes(content) + text(name) + bytes(content) +
                       integer(static_cast<std::int64_t>(size)) + text(content) + "K\x01"));
      Pickle const file = read_pickle_file(folder.write("a.pkl", whole));
      PickleValue const root = file.root();
      for (std::size_t const i : {0, 2}) {
        auto const read = root.item(i).bytes();
        CHECK(std::string(read.begin(), read.end()) == content);
      }
      CHECK(root.item(1).text() == name);
      CHECK(root.item(3).integer() == static_cast<std::int64_t>(size));
      CHECK(root.item(4).text() == content);
      CHECK(root.item(5).integer() == 1);
    }
  }
}

TEST_CASE("several threads can read the same part of a file") {
  TempFolder const folder;
  std::vector<float> const floats(200000, 2);
  auto const path = folder.write(
      "a.npy",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (200000,), }", packed(floats)));
  Pickle const file = read_npy(path);
  std::vector<double> sums(8);
  std::vector<std::thread> threads;
  for (double& sum : sums) {
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < 200000; i += 1000) sum += file.root().array().number(i);
    });
  }
  for (auto& thread : threads) thread.join();
  for (double const sum : sums) CHECK(sum == 400);
}
