# add_seplflow_plugin(NAME SOURCE...)
#
# Creates a plugin: a shared library of stages, linked to seplflow::plugin. To load it, add its folder
# to SEPLFLOW_PLUGIN_PATH.
function(add_seplflow_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE seplflow::plugin)
  # Hidden visibility keeps two plugins with a class of the same name from sharing it.
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()
