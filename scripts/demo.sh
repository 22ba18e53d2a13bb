#!/usr/bin/env bash
# From a bare Debian 12, Debian 13 or Ubuntu 24.04 to a scored run: installs the missing packages,
# builds, and runs pipelines/demo.toml on generated scenes.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-deps.sh

echo "== Building in build/release"
cmake --preset release -DSEPLFLOW_TESTS=OFF >/dev/null
cmake --build --preset release -- --quiet

out=runs/demo
for ((i = 2; ; i++)); do
  [ -e "$out" ] || break
  out=runs/demo-$i
done
echo "== Running pipelines/demo.toml"
build/release/bin/seplflow run pipelines/demo.toml --out "$out"

echo
echo "== The label images are in $out/write, the scores in $out/metrics.json and $out/score.csv"
