# add_seplflow_plugin(NAME SOURCE...)
#
# A shared library of stages, linked to seplflow::plugin. Load it by adding its folder to
# SEPLFLOW_PLUGIN_PATH.
function(add_seplflow_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE seplflow::plugin)
  # Hidden, so that two plugins with a class of the same name do not share it.
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()
