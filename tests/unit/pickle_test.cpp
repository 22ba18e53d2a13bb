#include <seplflow/formats/pickle.hpp>

#include <cmath>

#include <seplflow/error.hpp>
#include "support/catch.hpp"
#include "support/pickle_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace seplflow;
using namespace pickle_bytes;
using namespace std::string_literals;
using Kind = PickleValue::Kind;

namespace {

Pickle parsed(std::string const& bytes) {
  return parse_pickle(span_of(bytes), "p");
}

// Owns the bytes that its values are views of.
struct Parsed {
  explicit Parsed(std::string from) : bytes(std::move(from)), pickle(parsed(bytes)) {}
  PickleValue root() const { return pickle.root(); }
  std::string bytes;
  Pickle pickle;
};

std::string described(std::string const& object) {
  return Parsed(pickled(object)).root().description();
}

std::string repeated(std::string const& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("scalars of every opcode") {
  CHECK(described("N") == "None");
  CHECK(described("\x88") == "True");
  CHECK(described("\x89") == "False");
  CHECK(described("K\xff") == "the integer 255");
  CHECK(described("M\x01\x02") == "the integer 513");
  CHECK(described("J\xfe\xff\xff\xff") == "the integer -2");
  CHECK(described(std::string("\x8a\0", 2)) == "the integer 0");
  CHECK(described("\x8a\x01\x80") == "the integer -128");
  CHECK(described(std::string("\x8a\x02\x80\0", 4)) == "the integer 128");
  CHECK(described(std::string("\x8b\x03\0\0\0\xff\xff\x7f", 8)) == "the integer 8388607");
  CHECK(described(integer(INT64_MIN)) == "the integer -9223372036854775808");
  CHECK(described("G" + big(0.1)) == "the number 0.1");
  CHECK(described("X\x02" + std::string(3, '\0') + "ab") == "the text 'ab'");
  CHECK(described("\x8c\x03"
                  "abc") == "the text 'abc'");
  CHECK(described("\x8d" + little(std::uint64_t{1}) + "a") == "the text 'a'");
  CHECK(described("C\x01\xff") == "1 byte");
  CHECK(described("B\x02" + std::string(3, '\0') + "ab") == "2 bytes");
  CHECK(described("\x8e" + little(std::uint64_t{2}) + "ab") == "2 bytes");
  CHECK(described("\x96" + little(std::uint64_t{2}) + "ab") == "2 bytes");
}

TEST_CASE("pickles of protocols 0 and 1 are refused with what to do") {
  CHECK_THROWS_WITH(
      parsed("(dp0\nS'a'\np1\nI5\ns."),
      "p: byte 0: this is not a pickle of protocol 2 to 5; if it is one of protocol 0 "
      "or 1, load it in Python and save it again with protocol 2 or later");
  CHECK_THROWS_WITH(parsed("}U\x01"
                           "aK\x05s."),
                    Contains("not a pickle of protocol 2 to 5"));
  for (char const* const opcode :
       {"I5\n", "L5L\n", "F1.5\n", "S'a'\n", "Va\n", "(l", "(d", "]p0\n", "g0\n", "P1\n"}) {
    INFO(opcode);
    CHECK_THROWS_WITH(
        described(opcode),
        Contains("the pickle uses an opcode of protocol 0; load it in Python 3 and save "
                 "it again with protocol 2 or later"));
  }
}

TEST_CASE("a str of Python 2 is a text when it is ASCII") {
  CHECK(described("U\x02"
                  "ab") == "the text 'ab'");
  CHECK(described("T\x02" + std::string(3, '\0') + "\xe9z") == "2 bytes");
}

TEST_CASE("containers hold their items in the order of the file") {
  Parsed const file(pickled(dict(text("b") + list("K\x01K\x02") + text("a") + tuple("N\x88") +
                                 "K\x05" + "}" + "N" + "K\x07")));
  PickleValue const root = file.root();
  REQUIRE(root.kind() == Kind::dict);
  REQUIRE(root.size() == 4);
  CHECK(root.key(0).text() == "b");
  CHECK(root.value(0).item(1).integer() == 2);
  CHECK(root.find("a")->item(0).is(Kind::none));
  CHECK(root.find("a")->item(1).description() == "True");
  CHECK(root.key(2).integer() == 5);
  CHECK(root.value(2).size() == 0);
  CHECK_FALSE(root.find("c"));
  CHECK(root.description() == "a dict of 4 entries with the keys 'b', 'a', 5, None");
}

TEST_CASE("entries are found by text among many of text and number") {
  std::string entries;
  for (int i = 0; i < 2000; ++i) {
    int const shuffled = i * 7 % 2000;
    entries += (i % 2 == 0 ? integer(shuffled) : text("n" + std::to_string(shuffled))) + integer(i);
  }
  Parsed const file(pickled(dict(entries)));
  for (int i = 0; i < 2000; ++i) {
    int const shuffled = i * 7 % 2000;
    auto const found = file.root().find("n" + std::to_string(shuffled));
    CHECK(found.has_value() == (i % 2 == 1));
    if (found) CHECK(found->integer() == i);
  }
}

TEST_CASE("lists and dicts may be built one by one, and between marks") {
  CHECK(Parsed(pickled("]K\x01"
                       "aK\x02"
                       "a"))
            .root()
            .size() == 2);
  CHECK(Parsed(pickled("}K\x01K\x02s")).root().value(0).integer() == 2);
  CHECK(Parsed(pickled(")")).root().size() == 0);
  CHECK(Parsed(pickled("K\x01\x85")).root().size() == 1);
  CHECK(Parsed(pickled("K\x01K\x02\x86")).root().size() == 2);
  CHECK(Parsed(pickled("K\x01K\x02K\x03\x87")).root().size() == 3);
  CHECK(Parsed(pickled("K\x01"
                       "2\x86"))
            .root()
            .item(1)
            .integer() == 1);
  CHECK(Parsed(pickled("K\x01K\x02"
                       "0"))
            .root()
            .integer() == 1);
  CHECK(Parsed(pickled("K\x01(K\x02K\x03"
                       "1"))
            .root()
            .integer() == 1);
}

TEST_CASE("stored values can be used again, by every opcode of the memo") {
  std::string const far = "r" + little(std::uint32_t{40000}) + "j" + little(std::uint32_t{40000});
  for (std::string const& memo :
       {std::string("\x94h\0", 3), std::string("q\0h\0", 4), std::string("q\x07h\x07"), far}) {
    Parsed const file(pickled("]" + memo + "\x86"));
    CHECK(file.root().item(0).is(Kind::list));
    CHECK(file.root().item(1).is(Kind::list));
  }
  Parsed const grown(pickled("]\x94h" + std::string(1, '\0') +
                             "K\x05"
                             "a\x86"));
  CHECK(grown.root().item(0).size() == 1);
  CHECK_THROWS_WITH(described("h\x03"), Contains("refers to value 3, which it has not stored"));
  CHECK_THROWS_WITH(described("]q\x07h\x03"),
                    Contains("refers to value 3, which it has not stored"));
  CHECK_THROWS_WITH(described("]r" + little(std::uint32_t{4000000000})),
                    Contains("more than 16777216 values"));
}

TEST_CASE("an OrderedDict is a dict whose attributes are ignored") {
  std::string const ordered = global("collections", "OrderedDict");
  std::string const attributes = dict(text("_metadata") + "}");
  Parsed const file(pickled(call(ordered, "") + "(" + text("a") + "K\x01u" + attributes + "b"));
  CHECK(file.root().find("a")->integer() == 1);
  CHECK(Parsed(pickled(ordered + ")\x81")).root().size() == 0);
  Parsed const python2(
      pickled(call(ordered, list(list(text("a") + "K\x01") + tuple("K\x02K\x03")))));
  CHECK(python2.root().find("a")->integer() == 1);
  CHECK(python2.root().key(1).integer() == 2);
  CHECK(python2.root().value(1).integer() == 3);
}

TEST_CASE("bytes of protocol 2 are a text that stands for them") {
  auto const encoded = [](std::string const& characters, std::string const& encoding = "latin1") {
    return call(global("_codecs", "encode"), text(characters) + text(encoding));
  };
  Parsed const file(pickled(encoded("a\xc3\xbf\xc2\x80z")));
  auto const bytes = file.root().bytes();
  CHECK(std::string(bytes.begin(), bytes.end()) == "a\xff\x80z");
  CHECK(Parsed(pickled(encoded(""))).root().bytes().empty());
  CHECK(Parsed(pickled(call(global("__builtin__", "bytes"), ""))).root().bytes().empty());
  for (char const* const wrong : {"\xc4\x80", "\xc3", "a\x80", "\xc3z", "\xe2\x82\xac"}) {
    CHECK_THROWS_WITH(described(encoded(wrong)), Contains("has characters above 255"));
  }
  CHECK_THROWS_WITH(described(encoded("a", "rot13")), Contains("an encoding other than latin1"));
}

TEST_CASE("unknown names are refused by name") {
  CHECK_THROWS_WITH(
      described(global("os", "system")),
      Contains("p: byte 2: the pickle refers to 'os.system', which seplflow does not load"));
  CHECK_THROWS_WITH(
      described(text("posix") + text("system") + "\x93"),
      Contains("pickle refers to 'posix.system', which seplflow does not load (os.system)"));
  CHECK_THROWS_WITH(described(global("builtins", "eval")), Contains("'builtins.eval'"));
  CHECK_THROWS_WITH(described("(ibuiltins\neval\n"), Contains("INST, OBJ or NEWOBJ_EX"));
  CHECK_THROWS_WITH(described(global("numpy", "matrix")), Contains("'numpy.matrix'"));
  CHECK_THROWS_WITH(described(global("numpy.core", "os.system")),
                    Contains("'numpy.core.os.system'"));
  CHECK_THROWS_WITH(described(global("a\x1b[31m", "b")), Contains("'a\\x1b[31m.b'"));
  CHECK_THROWS_WITH(described(std::string("\x8f")), Contains("pickle uses EMPTY_SET (a set)"));
  CHECK_THROWS_WITH(described("NQ"), Contains("refers to data in another file"));
  CHECK_THROWS_WITH(described("\x82\x01"), Contains("EXT"));
  CHECK_THROWS_WITH(described("\xff"), Contains("there is no opcode 255"));
}

TEST_CASE("types and functions are not values") {
  CHECK_THROWS_WITH(described(global("numpy", "ndarray")), Contains("holds 'numpy.ndarray'"));
  CHECK_THROWS_WITH(described(list(dtype("f4"))), Contains("holds a numpy dtype"));
  CHECK_THROWS_WITH(described("\x8a\x09" + std::string(9, '\1')), Contains("more than 64 bits"));
  CHECK_THROWS_WITH(described(call(global("numpy", "ndarray"), "")),
                    Contains("calls numpy.ndarray"));
  CHECK_THROWS_WITH(described(call("]", "")), Contains("calls a list of 0 items"));
  CHECK_THROWS_WITH(described("]}b"), Contains("sets the state of a list"));
}

TEST_CASE("keys are scalars, and each occurs once") {
  CHECK_THROWS_WITH(described(dict(")N")), Contains("neither a number nor a text"));
  CHECK_THROWS_WITH(described(dict("G" + big(std::nan("")) + "N")), Contains("neither a number"));
  CHECK_THROWS_WITH(described(dict(text("a") + "N" + text("a") + "N")),
                    Contains("'a' as a key twice"));
  CHECK_THROWS_WITH(described(dict("K\x01N\x88N")), Contains("as a key twice"));
  CHECK_THROWS_WITH(described(dict("K\x01NG" + big(1.0) + "N")), Contains("as a key twice"));
  CHECK(Parsed(pickled(dict("K\x01NG" + big(1.5) + "N" + text("a") + "N" + bytes("a") + "NNN")))
            .root()
            .size() == 5);
}

TEST_CASE("keys have a maximum length") {
  CHECK_NOTHROW(described(dict(text(std::string(1024, 'a')) + "N")));
  CHECK_THROWS_WITH(described(dict(text(std::string(1025, 'a')) + "N")),
                    Contains("a key of 1025 bytes"));
  CHECK_THROWS_WITH(described(dict(bytes(std::string(1025, 'a')) + "N")),
                    Contains("keys have at most 1024"));
}

TEST_CASE("two texts that are keys again and again are refused without being compared") {
  std::string const long_text(1000, 'a');
  std::string const both = repeated("h\0Nh\x01N"s, 200000);
  CHECK_THROWS_WITH(
      described(text(long_text) + "\x94" + "0" + text(long_text + "b") + "\x94" + "0" + dict(both)),
      Contains("as a key twice"));
}

TEST_CASE("the same bytes cannot be decoded again and again") {
  std::string const decode = call(global("_codecs", "encode"), "h\0"s + text("latin1")) + "0";
  std::string const stored = text(std::string(10000, 'a')) + "\x94";
  CHECK_NOTHROW(described(stored + decode));
  CHECK_THROWS_WITH(described(stored + repeated(decode, 20)),
                    Contains("decodes the same bytes again and again"));
}

TEST_CASE("damaged pickles are refused") {
  for (char const* const wrong : {"",
                                  "t",
                                  "u",
                                  "e",
                                  "a",
                                  "s",
                                  "0",
                                  "1",
                                  "2",
                                  "R",
                                  "b",
                                  "\x85",
                                  "\x93",
                                  "\x94",
                                  "N(",
                                  "NN",
                                  "(.",
                                  "N(a",
                                  "](K\x01s",
                                  "}(K\x01u",
                                  "](K\x01u",
                                  "}(K\x01"
                                  "e",
                                  "](](e(e",
                                  "](N(ae",
                                  "(N\x86",
                                  "NN\x93",
                                  "N)R"}) {
    INFO(wrong);
    CHECK_THROWS_WITH(described(wrong), Contains("p: byte "));
  }
  CHECK_THROWS_WITH(parsed(""), "p: the file is empty");
  CHECK_THROWS_WITH(parsed("\x80\x06N."), Contains("has protocol 6"));
  CHECK_THROWS_WITH(parsed("\x80\x04N.N"),
                    Contains("byte 4: the pickle ends here, but 1 byte follow"));
  CHECK_THROWS_WITH(parsed("\x93NUMPY"), Contains("this is a .npy file of numpy, not a pickle"));
  CHECK_THROWS_WITH(parsed("{\"a\": 1}"), Contains("p: this is JSON, not a pickle"));
}

TEST_CASE("a pickle that is truncated anywhere is refused") {
  std::string const whole = pickled(
      dict(text("keys") + array(dtype("i8"), {2}, packed<std::int64_t>({1, 2})) + text("cam") +
           pickled_tensor({"7", "FloatStorage", 4, packed<float>({1, 2, 3, 4})}, 1, {3}, {1}) +
           "K\x05" + tuple("NG" + big(1.5))));
  CHECK(parsed(whole).root().size() == 3);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(parsed(whole.substr(0, size)), Error);
  }
}

TEST_CASE("sizes that the file only claims take no memory") {
  CHECK_THROWS_WITH(described("X\xff\xff\xff\xff"
                              "abc"),
                    Contains("expected 4294967295 bytes, 4 are left"));
  CHECK_THROWS_WITH(described("\x8e" + little(std::uint64_t{1} << 60)), Contains("are left"));
  CHECK_THROWS_WITH(described("\x95" + little(std::uint64_t{1} << 60) + "N"), Contains("are left"));
  CHECK_THROWS_WITH(
      described(array(dtype("f4"), {1000000, 1000000}, "abcd")),
      Contains("shape (1000000, 1000000) needs 1000000000000 elements, but 1 are stored"));
}

TEST_CASE("values that contain themselves are refused") {
  std::string const get = std::string("h\0", 2);
  CHECK_THROWS_WITH(described("]\x94" + get + "a"), Contains("a list that contains itself"));
  CHECK_THROWS_WITH(described("}\x94K\x01" + get + "s"), Contains("a dict that contains itself"));
  CHECK_THROWS_WITH(described("]\x94]" + get + "aa"), Contains("that contains itself"));
  CHECK_THROWS_WITH(described("]\x94(" + get +
                              "\x85"
                              "ta"),
                    Contains("that contains itself"));
}

TEST_CASE("values are nested to a maximum depth, however they are built") {
  auto const lists = [](int depth) { return repeated("]", depth) + "N" + repeated("a", depth); };
  CHECK(described(lists(static_cast<int>(kMaxPickleDepth))) == "a list of 1 item");
  CHECK_THROWS_WITH(described(lists(static_cast<int>(kMaxPickleDepth) + 1)),
                    Contains("nested more than 100 deep"));
  CHECK_THROWS_WITH(described(lists(1000000)), Contains("nested more than 100 deep"));
  CHECK_THROWS_WITH(described("N" + repeated("\x85", 1000000)), Contains("nested more than"));
  // Values that the root does not reach may have any depth, and are destroyed without recursion.
  CHECK(described(lists(1000000) + "0N") == "None");
}

TEST_CASE("a small pickle that would unfold to endless values takes little memory") {
  // Each list holds the one before ten times.
  std::string bomb = "]\x94";
  for (int i = 0; i < 90; ++i) {
    bomb += "0](" + repeated(std::string("h") + static_cast<char>(i), 10) + "e\x94";
  }
  Parsed const file(pickled(bomb));
  CHECK(file.root().size() == 10);
}

TEST_CASE("the number of values has a maximum") {
  CHECK_THROWS_WITH(described("}(" + repeated("K\1N", static_cast<int>(kMaxDictEntries) + 1) + "u"),
                    Contains("a dict has more than 2097152 entries"));
  CHECK_THROWS_WITH(described("(" + repeated("N", static_cast<int>(kMaxPickleValues)) + "t"),
                    Contains("more than 16777216 values"));
}

TEST_CASE("values say what they are when another type is expected") {
  Parsed const file(pickled(list("K\x01" + text("a") + ")N}")));
  PickleValue const root = file.root();
  CHECK_THROWS_WITH(root.item(1).integer(), "expected an integer, got the text 'a'");
  CHECK_THROWS_WITH(root.item(0).text(), "expected a text, got the integer 1");
  CHECK_THROWS_WITH(root.item(3).array(), "expected an array, got None");
  CHECK_THROWS_WITH(root.find("a"), "expected a dict, got a list of 5 items");
  CHECK_THROWS_WITH(root.item(4).item(0), "expected a list or a tuple, got an empty dict");
  CHECK_THROWS_WITH(root.item(5), "there is no item 5 among 5");
  CHECK(root.item(0).number() == 1);
}

TEST_CASE("values of a file stay valid after it was read") {
  TempFolder const folder;
  auto const path = folder.write("a.pkl", pickled(dict(text("k") + bytes("v"))));
  Pickle const file = read_pickle_file(path);
  CHECK(file.root().find("k")->bytes()[0] == 'v');
  CHECK_THROWS_WITH(
      read_pickle_file(folder.write("b.pkl", "\x80\2cos\nsystem\n.")),
      EndsWith("tensors") && Contains("b.pkl: byte 2: the pickle refers to 'os.system'"));
}
