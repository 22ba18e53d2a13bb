#!/usr/bin/env bash
# A trial that trains here, on generated scenes and a CPU: a small classifier from image-level labels,
# its CAMs, SEPL's labels, and a small DeepLab on the pseudo-labels, on SEPL's labels and on the
# truth, scored on scenes that were not trained on. Prints a table with each seed, mean and spread,
# as they come. Not part of the tests.
#
#   scripts/nightly.sh [BUILD [RUNS [SEED...]]]     default: build/release runs/nightly 1 2 3
#
# All seeds and all kinds of labels run at once, each training with one thread. The same command goes
# on where an earlier one was interrupted, and does not repeat what is complete.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
runs=${2:-runs/nightly}
shift $(($# > 2 ? 2 : $#))
read -ra seeds <<< "${*:-1 2 3}"
program=$build/bin/seplflow
trial=pipelines/trial
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# run SEED PIPELINE OUT [--set ...]
run() {
  local seed=$1 pipeline=$2 out=$3 log=$runs/seed-$1-$3.log begin=$SECONDS
  shift 3
  "$program" run "$trial/$pipeline.toml" --out "$runs/seed-$seed/$out" --resume "$@" \
    >> "$log" 2>&1 || {
    local status=$?
    ((status == 130)) || { echo "seed $seed: $out failed; the end of $log:"; tail -n 20 "$log"; } >&2
    exit "$status"
  }
  echo "seed $seed: $out done after $((SECONDS - begin)) s"
}

# Options of all stages that draw.
draws() {
  local stage
  for stage in scenes scale crop flip train run; do printf -- '--set\n%s.seed=%s\n' $stage "$1"; done
}

make_labels() {
  local seed=$1 options
  mapfile -t options < <(draws "$seed")
  run "$seed" classifier classifier "${options[@]}"
  CAM_CHECKPOINT=$runs/seed-$seed/classifier/train/weights.pth \
    run "$seed" labels labels --set "scenes.seed=$seed"
}

# The scenes to score on have seeds that no training has.
try_labels() {
  local seed=$1 kind=$2 here=$runs/seed-$1 options
  mapfile -t options < <(draws "$seed")
  LABELS=$here/labels/$kind run "$seed" deeplab "deeplab-$kind" "${options[@]}"
  DEEPLAB_CHECKPOINT=$here/deeplab-$kind/train/weights.pth \
    run "$seed" score "score-$kind" --set "scenes.seed=$((seed + 1000000))"
}

set -m  # each child is a process group, which an interruption reaches as a whole
children=()
trap 'kill -INT -- "${children[@]/#/-}" 2> /dev/null || true' INT TERM

start() {
  "$@" &
  children+=($!)
}

finish() {
  local child status=0
  for child in "${children[@]}"; do
    # A wait ends early when the script is interrupted.
    until wait "$child" || status=$?; ! kill -0 "$child" 2> /dev/null; do :; done
  done
  children=()
  ((status == 0)) || { echo "the trial is not complete; the same command continues it" >&2; exit "$status"; }
}

mkdir -p "$runs"
for seed in "${seeds[@]}"; do start make_labels "$seed"; done
finish
for seed in "${seeds[@]}"; do
  for kind in raw sepl truth; do start try_labels "$seed" $kind; done
done
finish

python3 - "$runs" "${seeds[@]}" << 'END'
import json
import statistics
import sys

runs, *seeds = sys.argv[1:]


def row(title, values):
    spread = f"{statistics.stdev(values):8.2f}" if len(values) > 1 else f"{'-':>8}"
    print(f"{title:<34}" + "".join(f"{value:8.2f}" for value in values) +
          f"{statistics.mean(values):10.2f}{spread}")


def miou(run, *keys):
    values = []
    for seed in seeds:
        score = json.load(open(f"{runs}/seed-{seed}/{run}/metrics.json"))["score"]
        for key in keys:
            score = score[key]
        values.append(100 * score["miou"])
    return values


print(f"\n{'mIoU in percent':<34}" + "".join(f"{seed:>8}" for seed in seeds) +
      f"{'mean':>10}{'spread':>8}")
print("labels of the scenes to train on")
row("  pseudo-labels of the CAMs", miou("labels", "baseline"))
row("  SEPL's labels", miou("labels"))
print("DeepLab on scenes that it has not seen")
trained = {kind: miou(f"score-{kind}") for kind in ("raw", "sepl", "truth")}
row("  trained on the pseudo-labels", trained["raw"])
row("  trained on SEPL's labels", trained["sepl"])
row("  trained on the truth", trained["truth"])
row("  SEPL's minus pseudo-labels", [b - a for a, b in zip(trained["raw"], trained["sepl"])])
print("spread: standard deviation over the seeds")
END
