#!/usr/bin/env bash
# Builds what the benchmark needs and runs it; see README.md.
#   tests/bench/run.sh [BUILD] [--repeat N]     BUILD: a configured build folder (build/release)
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/release
case ${1-} in
  "" | --*) ;;
  *) build=$1; shift ;;
esac
if [ ! -e "$build/CMakeCache.txt" ]; then
  echo "error: $build is not configured; run cmake --preset release -DSEPLFLOW_TESTS=ON" >&2
  exit 2
fi
cmake --build "$build" --target seplflow_bench >/dev/null
exec /usr/bin/python3 tests/bench/compare.py "$build" "$@"
