// Arrays and scalars as versions of numpy pickle them.

#include <seplflow/error.hpp>
#include <seplflow/formats/pickle.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"

using namespace seplflow;
using namespace pickle_bytes;

namespace {

struct ParsedPickle {
  explicit ParsedPickle(std::string const& object)
      : bytes(pickled(object)), pickle_(parse_pickle(span_of(bytes), "p")) {}
  PickleValue root() const { return pickle_.root(); }
  std::vector<double> numbers() const { return root().array().to_vector<double>(); }
  std::string bytes;
  Pickle pickle_;
};

std::string numpy_description(std::string const& object) {
  return ParsedPickle(object).root().description();
}

std::string frombuffer(std::string const& type, std::vector<std::int64_t> const& extents,
                       std::string const& data, std::string const& order,
                       std::string const& axes = {}) {
  return call(global("numpy.core.numeric", "_frombuffer"),
              "\x96" + little(static_cast<std::uint64_t>(data.size())) + data + type +
                  shape(extents) + text(order) + axes);
}

std::string scalar(std::string const& type, std::string const& data) {
  return call(global("numpy._core.multiarray", "scalar"), type + bytes(data));
}

}  // namespace

TEST_CASE("an array is a view of the file's bytes") {
  std::string const data = packed<float>({1, 2, 3, 4, 5, 6});
  ParsedPickle const file(array(dtype("f4"), {2, 3}, data));
  PickleValue const root = file.root();
  Array const& array = root.array();
  CHECK(array.type() == ElementType::float32);
  CHECK(shape_text(array.shape()) == "(2, 3)");
  CHECK(file.numbers() == std::vector<double>{1, 2, 3, 4, 5, 6});
  auto const* const begin = reinterpret_cast<std::uint8_t const*>(file.bytes.data());
  CHECK(array.contiguous_bytes().data() > begin);
  CHECK(array.contiguous_bytes().data() < begin + file.bytes.size());
}

TEST_CASE("arrays of all types, in both byte orders") {
  struct Case {
    char const* name;
    std::string little, big;
    double value;
  };
  for (Case const& each :
       {Case{"i2", little<std::int16_t>(-300), big<std::int16_t>(-300), -300},
        Case{"i4", little<std::int32_t>(-7), big<std::int32_t>(-7), -7},
        Case{"i8", little<std::int64_t>(-7), big<std::int64_t>(-7), -7},
        Case{"u2", little<std::uint16_t>(7), big<std::uint16_t>(7), 7},
        Case{"u4", little<std::uint32_t>(7), big<std::uint32_t>(7), 7},
        Case{"u8", little<std::uint64_t>(7), big<std::uint64_t>(7), 7},
        Case{"f2", "\x01\x3c", "\x3c\x01", 1.0009765625}, Case{"f4", little(0.5F), big(0.5F), 0.5},
        Case{"f8", little(0.1), big(0.1), 0.1}}) {
    INFO(each.name);
    CHECK(ParsedPickle(array(dtype(each.name, "<"), {1}, each.little)).numbers()[0] == each.value);
    CHECK(ParsedPickle(array(dtype(each.name, ">"), {1}, each.big)).numbers()[0] == each.value);
  }
  CHECK(ParsedPickle(array(dtype("i1", "|"), {1}, "\xff")).numbers()[0] == -1);
  CHECK(ParsedPickle(array(dtype("u1", "|"), {1}, "\xff")).numbers()[0] == 255);
  CHECK(ParsedPickle(array(dtype("b1", "|"), {1}, "\1")).numbers()[0] == 1);
}

TEST_CASE("Fortran order is honoured") {
  std::string const data = packed<std::int32_t>({1, 4, 2, 5, 3, 6});
  CHECK(ParsedPickle(array(dtype("i4"), {2, 3}, data, true)).numbers() ==
        std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(ParsedPickle(frombuffer(dtype("i4"), {2, 3}, data, "F")).numbers() ==
        std::vector<double>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("protocol 5 gives arrays as buffers, in any order of axes") {
  std::string const data = packed<std::int32_t>({0, 1, 2, 3, 4, 5});
  CHECK(ParsedPickle(frombuffer(dtype("i4"), {3, 2}, data, "C")).numbers() ==
        std::vector<double>{0, 1, 2, 3, 4, 5});
  // numpy 2.3: reshape((3, 2)).transpose((1, 0)).
  ParsedPickle const turned(frombuffer(dtype("i4"), {3, 2}, data, "K", shape({1, 0})));
  CHECK(shape_text(turned.root().array().shape()) == "(2, 3)");
  CHECK(turned.numbers() == std::vector<double>{0, 2, 4, 1, 3, 5});
  CHECK_THROWS_WITH(numpy_description(frombuffer(dtype("i4"), {3, 2}, data, "K", shape({0, 0}))),
                    Contains("order of axes that does not fit its array"));
  CHECK_THROWS_WITH(numpy_description(frombuffer(dtype("i4"), {3, 2}, data, "K", shape({0, 7}))),
                    Contains("order of axes that does not fit its array"));
  CHECK_THROWS_WITH(numpy_description(frombuffer(dtype("i4"), {3, 2}, data, "A")), Contains("order 'A'"));
}

TEST_CASE("the module names of numpy 2 are known") {
  std::string const data = packed<float>({1, 2});
  CHECK(ParsedPickle(array_with_data(dtype("f4"), {2}, bytes(data), false, "numpy._core")).numbers() ==
        std::vector<double>{1, 2});
}

TEST_CASE("array data of protocol 2 are a text, or a str of Python 2") {
  // 0x3ff00000'00000080 little-endian, as text: 0x80 0 0 0 0 0 0xf0 0x3f.
  std::string const characters = std::string("\xc2\x80\0\0\0\0\0\xc3\xb0?", 10);
  std::string const encoded = call(global("_codecs", "encode"), text(characters) + text("latin1"));
  CHECK(ParsedPickle(array_with_data(dtype("f8"), {1}, encoded)).numbers()[0] == 1.0000000000000284);
  std::string const raw = little(1.0F);
  std::string const python2 = "T" + little(static_cast<std::uint32_t>(raw.size())) + raw;
  CHECK(ParsedPickle(array_with_data(dtype("f4"), {1}, python2)).numbers()[0] == 1);
  CHECK(ParsedPickle(array_with_data(dtype("i1", "|"), {2},
                               "U\x02"
                               "ab"))
            .numbers()[1] == 'b');
}

TEST_CASE("numpy's scalars are scalars, and keys") {
  CHECK(numpy_description(scalar(dtype("i4"), little<std::int32_t>(2007000032))) ==
        "the integer 2007000032");
  CHECK(numpy_description(scalar(dtype("i8", ">"), big<std::int64_t>(-3))) == "the integer -3");
  CHECK(numpy_description(scalar(dtype("f4"), little(0.5F))) == "the number 0.5");
  CHECK(numpy_description(scalar(dtype("b1", "|"), "\1")) == "True");
  CHECK(ParsedPickle(dict(scalar(dtype("i4"), little<std::int32_t>(9)) + "N")).root().key(0).integer() ==
        9);
  CHECK_THROWS_WITH(numpy_description(scalar(dtype("u8"), std::string(8, '\xff'))), Contains("above"));
  CHECK_THROWS_WITH(numpy_description(scalar(dtype("i4"), "abc")), Contains("but 0 are stored"));
  CHECK_THROWS_WITH(numpy_description(scalar(dtype("i4"), "abcdefgh")), Contains("8 bytes instead of 4"));
}

TEST_CASE("an outermost array of one object stands for this object") {
  CHECK(numpy_description(array_of_object(dict(text("a") + "N"))) == "a dict of 1 entry with the key 'a'");
  CHECK_THROWS_WITH(numpy_description(list(array_of_object("N"))),
                    Contains("array of objects among its values"));
  CHECK_THROWS_WITH(numpy_description(array_of_object(array_of_object("N"))),
                    Contains("array of objects among its values"));
  CHECK_THROWS_WITH(numpy_description(array_with_data(dtype("O8", "|"), {2, 1}, list("NN"))),
                    Contains("of objects of shape (2, 1)"));
  CHECK_THROWS_WITH(numpy_description(array_with_data(dtype("O8", "|"), {3}, list("NN"))),
                    Contains("of objects of shape (3,)"));
}

TEST_CASE("an outermost array of several objects stands for a list of them") {
  CHECK(numpy_description(array_with_data(dtype("O8", "|"), {2}, list("NN"))) == "a list of 2 items");
}

TEST_CASE("numpy's text becomes text and lists of texts, wherever it is") {
  auto const wide = [](std::u32string_view characters, bool is_big = false) {
    std::string data;
    for (char32_t const c : characters) data += is_big ? big(std::uint32_t{c}) : little(std::uint32_t{c});
    return data;
  };
  std::u32string const names{U"bus\0\U0001F600\u00e9\0\0", 8};
  for (bool const is_big : {false, true}) {
    std::string const type = dtype("U4", is_big ? ">" : "<");
    for (std::string const& object :
         {array(type, {2}, wide(names, is_big)), array(type, {2, 1}, wide(names, is_big)),
          frombuffer(type, {2}, wide(names, is_big), text("C"))}) {
      ParsedPickle const parsed(dict(text("keys") + object));
      PickleValue const keys = *parsed.root().find("keys");
      REQUIRE(keys.size() == 2);
      CHECK(keys.item(0).text() == "bus");
      CHECK(keys.item(1).text() == "\xf0\x9f\x98\x80\xc3\xa9");
    }
  }
  CHECK(numpy_description(scalar(dtype("S4", "|"), std::string("bus\0", 4))) == "the text 'bus'");
  CHECK(numpy_description(array(dtype("U3"), {}, wide(U"bus"))) == "the text 'bus'");
  CHECK(numpy_description(dict(scalar(dtype("U3"), wide(U"bus")) + "N")) ==
        "a dict of 1 entry with the key 'bus'");
  CHECK(numpy_description(array(dtype("S2", "|"), {1}, "\xff\xfe")) == "a list of 1 item");
  CHECK(numpy_description(array(dtype("U4"), {0}, "")) == "a list of 0 items");
  CHECK_THROWS_WITH(numpy_description(array(dtype("U2"), {2}, "abcd")),
                    Contains("text of shape (2,) has 4 bytes instead of 8"));
  CHECK_THROWS_WITH(numpy_description(array(dtype("S1", "|"), {2, 2}, "abcd")),
                    Contains("text of shape (2, 2)"));
  CHECK_THROWS_WITH(numpy_description(array(dtype("U1"), {1}, "\xff\xff\xff\x7f")),
                    Contains("a character that Unicode does not have"));
  CHECK_THROWS_WITH(numpy_description(array(dtype("U0"), {std::int64_t{1} << 40}, "")),
                    Contains("the most that seplflow loads"));
}

TEST_CASE("element types that are not numbers or text are refused by name") {
  for (char const* const name : {"U", "Sx", "V8", "M8", "c8", "f16", ""}) {
    CHECK_THROWS_WITH(numpy_description(array(dtype(name), {0}, "")),
                      Contains("numpy's type '" + std::string(name) + "'"));
  }
  CHECK_THROWS_WITH(numpy_description(array(dtype("f4", "?"), {0}, "")), Contains("is not a byte order"));
}

TEST_CASE("arrays that do not fit their data are refused") {
  CHECK_THROWS_WITH(numpy_description(array(dtype("f4"), {2}, "abcd")), Contains("but 1 are stored"));
  CHECK_THROWS_WITH(numpy_description(array(dtype("f4"), {1}, "abcdefgh")),
                    Contains("8 bytes instead of 4"));
  CHECK_THROWS_WITH(numpy_description(array(dtype("f4"), {1}, "abcdef")), Contains("6 bytes instead of 4"));
  CHECK_THROWS_WITH(numpy_description(array(dtype("f4"), {-1}, "")),
                    Contains("expected a tuple of counts"));
  CHECK_THROWS_WITH(numpy_description(array(dtype("f4"), std::vector<std::int64_t>(65, 1), "abcd")),
                    Contains("65 axes"));
  CHECK_THROWS_WITH(numpy_description(array_with_data(dtype("f4"), {1}, "N")), Contains("are not bytes"));
  std::string const bare =
      call(global("numpy.core.multiarray", "_reconstruct"), global("numpy", "ndarray") + "NN");
  CHECK_THROWS_WITH(numpy_description(bare), Contains("an array without its data"));
  CHECK_THROWS_WITH(numpy_description(bare + "Nb"), Contains("a state that is not a tuple"));
  std::string const twice = tuple("K\1" + shape({0}) + dtype("f4") + "\x89" + bytes("")) + "b";
  CHECK_THROWS_WITH(numpy_description(bare + twice + twice), Contains("for the second time"));
  CHECK_THROWS_WITH(numpy_description(call(global("numpy.core.multiarray", "_reconstruct"),
                                   global("numpy", "dtype") + "NN")),
                    Contains("not a numpy.ndarray"));
  CHECK_THROWS_WITH(numpy_description(call(global("numpy.core.multiarray", "scalar"), "")),
                    Contains("calls numpy.core.multiarray.scalar with 0 arguments"));
}
