// How many random cases a test takes.
#pragma once

// Sanitizers look for other faults than wrong results, and need fewer cases for each path.
constexpr int random_cases(int count) {
#ifdef SEPLFLOW_SANITIZED
  return count / 10;
#else
  return count;
#endif
}
