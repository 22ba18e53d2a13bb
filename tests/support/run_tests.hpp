// Runs the tests of a program. Catch2 is compiled once for all test programs.
#pragma once

// Runs the test cases that the arguments name. Returns the program's exit status.
int run_tests(int argc, char** argv);
