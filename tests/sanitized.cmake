# Tests that run programs of other build folders: sanitized tests and fuzz targets. scripts/test.sh
# builds those programs and names their folders here, so that one ctest runs and counts all tests. A
# high COST makes ctest start them first, because they take longest.
set(SEPLFLOW_ASAN_BUILD "" CACHE PATH "Build folder of the asan preset")
set(SEPLFLOW_TSAN_BUILD "" CACHE PATH "Build folder of the tsan preset")
set(SEPLFLOW_FUZZ_SECONDS 10 CACHE STRING "How long each fuzz target runs")

if(SEPLFLOW_ASAN_BUILD)
  # [arithmetic]: computes for long what other tests also run sanitized. [compiler]: runs a compiler.
  foreach(tests unit stage golden)
    add_test(NAME "asan and ubsan: ${tests} tests"
             COMMAND ${SEPLFLOW_ASAN_BUILD}/bin/seplflow_${tests}_tests "~[arithmetic]~[compiler]")
    set_tests_properties("asan and ubsan: ${tests} tests" PROPERTIES COST 100)
  endforeach()
  set_tests_properties("asan and ubsan: golden tests" PROPERTIES SKIP_RETURN_CODE ${SEPLFLOW_SKIPPED})

  add_test(NAME "fuzz: seeds" COMMAND seplflow_corpus_tests)
  set_tests_properties("fuzz: seeds" PROPERTIES FIXTURES_SETUP corpus)
  foreach(target coco label_png mask_json pickle pipeline plain_png records)
    set(found ${CMAKE_CURRENT_BINARY_DIR}/found/${target})
    file(MAKE_DIRECTORY ${found})
    add_test(NAME "fuzz: ${target}"
             COMMAND ${SEPLFLOW_ASAN_BUILD}/bin/seplflow_${target}_fuzz
                     -max_total_time=${SEPLFLOW_FUZZ_SECONDS} -rss_limit_mb=4096 -print_final_stats=1
                     -artifact_prefix=${found}/ ${found} ${PROJECT_BINARY_DIR}/corpus/${target})
    # In memory, for the target that reads files.
    set_tests_properties("fuzz: ${target}" PROPERTIES
      FIXTURES_REQUIRED corpus COST ${SEPLFLOW_FUZZ_SECONDS} ENVIRONMENT "TMPDIR=/dev/shm")
  endforeach()
endif()

if(SEPLFLOW_TSAN_BUILD)
  set(tsan_options "TSAN_OPTIONS=halt_on_error=1 second_deadlock_stack=1")
  add_test(NAME "tsan: engine tests" COMMAND ${SEPLFLOW_TSAN_BUILD}/bin/seplflow_engine_tests)
  add_test(NAME "tsan: a planted race is reported"
           COMMAND ${SEPLFLOW_TSAN_BUILD}/bin/seplflow_planted_race)
  set_tests_properties("tsan: engine tests" PROPERTIES ENVIRONMENT "${tsan_options}")
  set_tests_properties("tsan: a planted race is reported" PROPERTIES
    ENVIRONMENT "${tsan_options}"
    PASS_REGULAR_EXPRESSION "ThreadSanitizer: data race")
endif()
