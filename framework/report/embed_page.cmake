# Puts the files of the page, and Chart.js where it is known, into one text, and writes that as a source
# file: cmake -D PAGE=FOLDER -D CHARTS=FILE -D OUT=FILE -P embed_page.cmake
set(charts "")
if(CHARTS)
  file(READ ${CHARTS} charts)
  string(REGEX REPLACE "//# sourceMappingURL=[^\n]*" "" charts "${charts}")
  string(REGEX REPLACE "https?://" "" charts "${charts}")
endif()
set(script "\"use strict\";\n(() => {\n")
foreach(name dom table charts scores classes gains causes images sweep panels graph pipeline main)
  file(READ ${PAGE}/${name}.js text)
  string(APPEND script "${text}")
endforeach()
string(APPEND script "})();")
file(READ ${PAGE}/style.css style)
file(READ ${PAGE}/page.html page)
foreach(part charts script style)
  string(REGEX MATCH "https?://|</script|@(TITLE|DATA)@" found "${${part}}")
  if(found)
    message(FATAL_ERROR "The ${part} of the report must not contain \"${found}\"")
  endif()
  string(TOUPPER ${part} place)
  string(REPLACE "@${place}@" "${${part}}" page "${page}")
endforeach()
file(WRITE ${OUT}.html "${page}")
file(READ ${OUT}.html hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "#include \"report/page_text.hpp\"

namespace seplflow {
namespace {
unsigned char const kPage[] = {${bytes}};
}  // namespace

std::string_view page_text() {
  return {reinterpret_cast<char const*>(kPage), sizeof kPage};
}

}  // namespace seplflow
")
