#!/usr/bin/env bash
# Kills runs at 200 random moments, resumes them, and compares what comes of it byte for byte with
# runs that nobody disturbed, and as many with Python stages, of which processes are killed too. A
# fourth as many runs die inside the code of a plugin. See README.md.
#   tests/bench/kill.sh [BUILD] [--kills N] [--seed N]     BUILD: a configured build folder
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/release kills=200 seed=$RANDOM
while [ $# -gt 0 ]; do
  case $1 in
    --kills) kills=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    -*) echo "usage: tests/bench/kill.sh [BUILD] [--kills N] [--seed N]" >&2; exit 2 ;;
    *) build=$1; shift ;;
  esac
done
if [ ! -e "$build/CMakeCache.txt" ]; then
  echo "error: $build is not configured; run cmake --preset release -DSEPLFLOW_TESTS=ON" >&2
  exit 2
fi
cmake --build "$build" --target seplflow_cli_tests >/dev/null
echo "$kills kills, seed $seed"
SEPLFLOW_KILLS=$kills SEPLFLOW_KILL_SEED=$seed exec "$build/bin/seplflow_cli_tests" "[kill],[python-kill]"
