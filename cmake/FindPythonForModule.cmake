# Sets SEPLFLOW_PYTHON_BUILT: whether `import seplflow` is built. SEPLFLOW_PYTHON asks for it, and it
# needs pybind11 and the headers of Python 3.9 or later.
#
# Which Python: Python_EXECUTABLE if it is set, else the first of `python3` on the PATH and that of the
# system that has numpy, which the module needs when it is used.
set(SEPLFLOW_PYTHON AUTO CACHE STRING
    "Build the Python module: ON, OFF, or AUTO (if pybind11 and Python are found, without sanitizers)")
set_property(CACHE SEPLFLOW_PYTHON PROPERTY STRINGS AUTO ON OFF)

function(find_python_with_numpy result)
  find_program(SEPLFLOW_PYTHON_ON_PATH NAMES python3)
  mark_as_advanced(SEPLFLOW_PYTHON_ON_PATH)
  foreach(candidate ${SEPLFLOW_PYTHON_ON_PATH} /usr/bin/python3)
    execute_process(COMMAND ${candidate} -c "import sys, numpy; print(sys.executable)"
                    OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE
                    RESULT_VARIABLE status)
    if(status EQUAL 0)
      set(${result} ${found} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

set(SEPLFLOW_PYTHON_BUILT OFF)
set(why_no_python "")
if(NOT SEPLFLOW_PYTHON)
  set(why_no_python "SEPLFLOW_PYTHON is OFF")
elseif(SEPLFLOW_SANITIZE AND SEPLFLOW_PYTHON STREQUAL "AUTO")
  # Python itself is not sanitized, so the sanitizer's library would have to be preloaded.
  set(why_no_python "this build has a sanitizer (SEPLFLOW_PYTHON=ON builds it nevertheless)")
else()
  if(NOT Python_EXECUTABLE)
    find_python_with_numpy(Python_EXECUTABLE)
  endif()
  find_package(Python 3.9 COMPONENTS Interpreter Development.Module)
  if(NOT Python_Development.Module_FOUND)
    set(why_no_python "no headers of Python 3.9 or later were found (Debian: python3-dev)")
  else()
    find_package(pybind11 2.10 CONFIG)
    if(NOT pybind11_FOUND)
      set(why_no_python "pybind11 was not found (Debian: pybind11-dev)")
    endif()
  endif()
endif()
if(NOT why_no_python)
  set(SEPLFLOW_PYTHON_BUILT ON)
  message(STATUS "import seplflow: yes, for Python ${Python_VERSION}")
elseif(SEPLFLOW_PYTHON STREQUAL "ON")
  message(FATAL_ERROR "the Python module cannot be built: ${why_no_python}")
else()
  message(STATUS "import seplflow: no, ${why_no_python}")
endif()
