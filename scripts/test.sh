#!/usr/bin/env bash
# Installs the missing packages, builds, and runs all tests. Ends with the summary of ctest.
#   scripts/test.sh          all tests, with sanitizers and 10 s of each fuzz target
#   scripts/test.sh --quick  without sanitizers and fuzzing
set -euo pipefail
cd "$(dirname "$0")/.."

quick=false
case ${1-} in
  "") ;;
  --quick) quick=true ;;
  *) echo "usage: scripts/test.sh [--quick]" >&2; exit 2 ;;
esac

scripts/install-deps.sh --with-tests

build() {  # PRESET TARGET... -- CMAKE-OPTION...
  local preset=$1 targets=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do targets+=(--target "$1"); shift; done
  [ $# -eq 0 ] || shift
  echo "== Building in build/$preset"
  cmake --preset "$preset" -DSEPLFLOW_TESTS=ON "$@" >/dev/null
  cmake --build --preset "$preset" "${targets[@]}" -- --quiet
}

sanitized=(-DSEPLFLOW_ASAN_BUILD= -DSEPLFLOW_TSAN_BUILD=)
if ! $quick; then
  build asan seplflow_unit_tests seplflow_stage_tests seplflow_golden_tests seplflow_fuzz_targets
  scripts/build-tsan-tbb.sh
  build tsan seplflow_engine_tests seplflow_planted_race
  sanitized=("-DSEPLFLOW_ASAN_BUILD=$PWD/build/asan" "-DSEPLFLOW_TSAN_BUILD=$PWD/build/tsan")
fi
build release -- "${sanitized[@]}"

echo "== Running the tests"
exec ctest --test-dir build/release --output-on-failure --parallel "$(nproc)"
