#include <seplflow/formats/npy.hpp>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace pickle_bytes;

namespace {

std::string header(std::string const& descr, std::string const& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }    ";
}

std::vector<double> numbers(std::string const& file) {
  return parse_npy(span_of(file), "a.npy").root().array().to_vector<double>();
}

std::string described(std::string const& file) {
  return parse_npy(span_of(file), "a.npy").root().description();
}

}  // namespace

TEST_CASE("plain arrays of every version") {
  std::string const data = packed<float>({1, 2, 3, 4, 5, 6});
  for (char const version : {'\1', '\2', '\3'}) {
    std::string const file = npy(header("<f4", "(2, 3)"), data, version);
    CHECK(described(file) == "a float32 array of shape (2, 3)");
    CHECK(numbers(file) == std::vector<double>{1, 2, 3, 4, 5, 6});
  }
  CHECK(numbers(npy(header("<f4", "(2, 3)", true), data)) == std::vector<double>{1, 3, 5, 2, 4, 6});
  CHECK(numbers(npy(header(">i2", "(2,)"), std::string("\0\1\1\0", 4))) ==
        std::vector<double>{1, 256});
  CHECK(numbers(npy(header("|b1", "()"), "\1")) == std::vector<double>{1});
  CHECK(numbers(npy(header("<f8", "(0, 7)"), "")).empty());
  CHECK(numbers(npy("{'shape': (1L,), 'fortran_order': False, 'descr': \"|u1\"}", "a")) ==
        std::vector<double>{'a'});
}

TEST_CASE("a dict that numpy saved is a dict") {
  std::string const file = npy_of_object(
      dict(text("keys") + array(dtype("i8"), {2}, packed<std::int64_t>({3, 7})) + text("high_res") +
           array(dtype("f4"), {2, 1, 1}, packed<float>({0.25, 1})) + text("cam") +
           pickled_tensor({"1", "HalfStorage", 2, "\1\x3c\1\x3c"}, 0, {2, 1, 1}, {1, 1, 1})));
  Pickle const values = parse_npy(span_of(file), "a.npy");
  CHECK(values.root().find("keys")->array().integer(1) == 7);
  CHECK(values.root().find("high_res")->array().number(0) == 0.25);
  CHECK(values.root().find("cam")->array().type() == ElementType::float16);
}

TEST_CASE("errors of .npy files name the cause") {
  CHECK_THROWS_WITH(described(npy_of_object(global("os", "system"))),
                    Contains("a.npy: byte ") && Contains("refers to 'os.system', which seplflow"));
  CHECK_THROWS_WITH(described(""), "a.npy: the file is empty");
  CHECK_THROWS_WITH(described("hello"), "a.npy: this is text that begins with \"hello\", not a .npy file of numpy; load it and "
                    "write it with numpy.save");
  CHECK_THROWS_WITH(described("PK\3\4"), Contains("this is a zip file, not a .npy file of numpy; unpack it"));
  CHECK_THROWS_WITH(described(npy(header("<f4", "(1,)"), "abcd", '\4')), Contains("version 4.0"));
  CHECK_THROWS_WITH(described(npy(header("<U4", "(1,)"), "")),
                    Contains("text of shape (1,) has 0 bytes instead of 16"));
  CHECK(described(npy(header("|S2", "(2,)"), std::string("abc\0", 4))) == "a list of 2 items");
  CHECK_THROWS_WITH(
      described(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", "")),
      Contains("records"));
  CHECK_THROWS_WITH(described(npy(header("|O", "(2, 3)"), "")),
                    Contains("objects of shape (2, 3)"));
  CHECK_THROWS_WITH(described(npy(header("<f4", "(2,)"), "abcd")),
                    "a.npy: an array of float32 and shape (2,) needs 2 elements, but 1 are stored");
  CHECK_THROWS_WITH(described(npy(header("<f4", "(1,)"), "abcdefgh")),
                    Contains("8 bytes of data instead of 4"));
  CHECK_THROWS_WITH(described(npy(header("<f4", "(1000000, 1000000)"), "abcd")),
                    Contains("needs 1000000000000 elements"));
  CHECK_THROWS_WITH(described(npy(header("<f4", "(99999999999999999999,)"), "")),
                    Contains("damaged near '99999999999999999999"));
  CHECK_THROWS_WITH(described(npy_of_object("N") + "x"), Contains("but 1 byte follow"));
}

TEST_CASE("damaged headers are refused") {
  for (char const* const text :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}", "{'other': 1}"}) {
    INFO(text);
    CHECK_THROWS_WITH(described(npy(text, "abcd")), Contains("a.npy: "));
  }
}

TEST_CASE("a .npy file that is truncated anywhere is refused") {
  std::string const plain = npy(header("<f4", "(3,)"), packed<float>({1, 2, 3}));
  std::string const saved = npy_of_object(dict(text("a") + array(dtype("f4"), {1}, "abcd")));
  for (std::string const& file : {plain, saved}) {
    CHECK_NOTHROW(described(file));
    for (std::size_t size = 0; size < file.size(); ++size) {
      CHECK_THROWS_AS(described(file.substr(0, size)), Error);
    }
  }
}

TEST_CASE("an array of a file stays valid after the file was read") {
  TempFolder const folder;
  auto const path = folder.write("a.npy", npy(header("<f4", "(2,)"), packed<float>({1, 2})));
  Pickle const file = read_npy(path);
  CHECK(file.root().array().number(1) == 2);
  CHECK_THROWS_WITH(read_npy(folder / "none.npy"), Contains("No such file"));
}
