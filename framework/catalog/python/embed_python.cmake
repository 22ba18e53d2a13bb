# Puts the Python texts that workers run into a source file: plugin.py, a zero and _worker.py.
# cmake -D FOLDER=FOLDER -D OUT=FILE -P embed_python.cmake
file(READ ${FOLDER}/plugin.py plugin HEX)
file(READ ${FOLDER}/_worker.py worker HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${plugin}00${worker}")
file(WRITE ${OUT} "#include \"catalog/python/python_text.hpp\"

namespace seplflow {
namespace {
unsigned char const kPython[] = {${bytes}};
}  // namespace

std::string_view python_text() {
  return {reinterpret_cast<char const*>(kPython), sizeof kPython};
}

}  // namespace seplflow
")
