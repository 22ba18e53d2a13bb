// The version of seplflow. CMake reads it here.
#pragma once

#define SEPLFLOW_VERSION_MAJOR 0
#define SEPLFLOW_VERSION_MINOR 1
#define SEPLFLOW_VERSION_PATCH 0
#define SEPLFLOW_VERSION "0.1.0"
