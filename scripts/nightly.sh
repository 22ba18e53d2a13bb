#!/usr/bin/env bash
# A trial that trains here, on generated scenes and a CPU: a small classifier from image-level labels,
# its CAMs, SEPL's labels, and a small DeepLab on the pseudo-labels, on SEPL's labels and on the
# truth, scored on scenes that were not trained on. Prints mean and spread over the seeds as they
# come. Not part of the tests.
#
#   scripts/nightly.sh [BUILD [RUNS [SEED...]]]     default: build/release runs/nightly 1 2 3
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
runs=${2:-runs/nightly}
shift $(($# > 2 ? 2 : $#))
seeds=("${@:-1 2 3}")
read -ra seeds <<< "${seeds[*]}"
program=$build/bin/seplflow
trial=pipelines/trial

# run PIPELINE OUT [--set ...]: goes on where an earlier trial was interrupted.
run() {
  local pipeline=$1 out=$2
  shift 2
  "$program" run "$trial/$pipeline.toml" --out "$out" --resume "$@" >> "$runs/nightly.log" 2>&1 || {
    echo "$pipeline failed; the end of $runs/nightly.log:" >&2
    tail -n 20 "$runs/nightly.log" >&2
    exit 1
  }
}

miou() {
  python3 -c 'import json, sys; print(100 * json.load(open(sys.argv[1]))["score"]["miou"])' \
    "$1/metrics.json"
}

mkdir -p "$runs"
: > "$runs/scores.txt"
for seed in "${seeds[@]}"; do
  here=$runs/seed-$seed
  scenes=(--set "scenes.seed=$seed")
  draws=(--set "scale.seed=$seed" --set "crop.seed=$seed" --set "flip.seed=$seed"
         --set "train.seed=$seed" --set "run.seed=$seed")
  run classifier "$here/classifier" "${scenes[@]}" "${draws[@]}"
  CAM_CHECKPOINT=$here/classifier/train/weights.pth run labels "$here/labels" "${scenes[@]}"
  for kind in raw sepl truth; do
    LABELS=$here/labels/$kind run deeplab "$here/deeplab-$kind" "${scenes[@]}" "${draws[@]}"
    DEEPLAB_CHECKPOINT=$here/deeplab-$kind/train/weights.pth \
      run score "$here/score-$kind" --set "scenes.seed=$((seed + 1000000))"
    printf '%s %s %.2f\n' "$seed" "$kind" "$(miou "$here/score-$kind")" | tee -a "$runs/scores.txt"
  done
done

python3 - "$runs/scores.txt" << 'END'
import statistics
import sys

scores = {}
for line in open(sys.argv[1]):
    seed, kind, score = line.split()
    scores.setdefault(kind, []).append(float(score))
print("\nmIoU on scenes that were not trained on, mean and standard deviation over the seeds:")
for kind, values in scores.items():
    spread = statistics.stdev(values) if len(values) > 1 else float("nan")
    print(f"  DeepLab trained on {kind:<6} {statistics.mean(values):6.2f} +- {spread:.2f}")
END
