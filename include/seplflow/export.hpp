// Marks what the shared library exports; everything else is hidden.
#pragma once

#if __cplusplus < 202002L
#error "seplflow needs C++20: compile with -std=c++20 or later"
#endif

#define SEPLFLOW_API __attribute__((visibility("default")))
