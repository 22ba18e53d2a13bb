# Sets SEPLFLOW_CHARTS: the file of Chart.js that is put into the program for seplflow report; empty
# without it. SEPLFLOW_REPORT_CHARTS asks for it.
set(SEPLFLOW_REPORT_CHARTS AUTO CACHE STRING "Charts in reports: ON, OFF, or AUTO (if Chart.js is found)")
set_property(CACHE SEPLFLOW_REPORT_CHARTS PROPERTY STRINGS AUTO ON OFF)

set(SEPLFLOW_CHARTS "")
if(SEPLFLOW_REPORT_CHARTS)
  find_file(CHARTJS_FILE chart.min.js PATHS /usr/share/javascript/chart.js
            /usr/share/nodejs/chart.js/dist NO_DEFAULT_PATH)
  if(CHARTJS_FILE)
    set(SEPLFLOW_CHARTS ${CHARTJS_FILE})
    message(STATUS "Charts in reports: yes, with ${CHARTJS_FILE}")
  elseif(SEPLFLOW_REPORT_CHARTS STREQUAL "ON")
    message(FATAL_ERROR "Reports cannot have charts: Chart.js was not found (Debian: libjs-chart.js)")
  else()
    message(STATUS "Charts in reports: no, Chart.js was not found (Debian: libjs-chart.js); "
                   "reports show tables instead")
  endif()
else()
  message(STATUS "Charts in reports: no, SEPLFLOW_REPORT_CHARTS is OFF")
endif()
