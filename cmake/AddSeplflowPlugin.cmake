# add_seplflow_plugin(NAME SOURCE...)
#
# Creates a plugin: a shared library of stages, linked to seplflow::plugin. To load it, add its folder
# to SEPLFLOW_PLUGIN_PATH. Builds without a CMAKE_BUILD_TYPE are Release: a stage without optimisation
# is ten times as slow.
function(add_seplflow_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE seplflow::plugin)
  # Hidden visibility keeps two plugins with a class of the same name from sharing it. The run paths of
  # the build and of the install are the same, because CMake would end that of the build with an empty
  # element, which means the folder that the program is started in.
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH_USE_LINK_PATH ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    target_compile_options(${name} PRIVATE -O3)
    target_compile_definitions(${name} PRIVATE NDEBUG)
  endif()
endfunction()

# add_seplflow_test(NAME PLUGIN SOURCE...)
#
# Creates a test of a plugin, and adds it to ctest: a program of these sources and of those of the
# plugin, linked to seplflow::testing. Link the test framework of your choice to it, or write main().
function(add_seplflow_test name plugin)
  add_executable(${name} ${ARGN} $<TARGET_OBJECTS:${plugin}>)
  target_link_libraries(${name} PRIVATE
    seplflow::testing $<TARGET_PROPERTY:${plugin},LINK_LIBRARIES>)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
