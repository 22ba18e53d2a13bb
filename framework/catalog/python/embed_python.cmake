# Puts the Python texts that workers run into a source file: names and texts, with zeros between.
# cmake -D FOLDER=FOLDER -D OUT=FILE -P embed_python.cmake
set(bytes "")
foreach(file seplflow/plugin worker/modules worker/declarations worker/values worker/work)
  get_filename_component(name ${file} NAME)
  string(HEX ${name} hex_name)
  file(READ ${FOLDER}/${file}.py text HEX)
  string(APPEND bytes "${hex_name}00${text}00")
endforeach()
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
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
