#!/usr/bin/env bash
# Trainings of a classifier and of a DeepLab that are killed at random moments, twice each, and then
# resumed: all end in the results of a training that was not killed.
#
#   tests/bench/train_kill.sh PROGRAM [KILLS [SEED]]      default: 50 kills, seed 1
set -euo pipefail
program=$(realpath "$1")
kills=${2:-50}
RANDOM=${3:-1}
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
small=(--set scenes.count=20)

# train KIND OUT: becomes the program, so that a kill hits it.
train() {
  LABELS=$folder/labels/truth exec "$program" run "pipelines/trial/$1.toml" --out "$2" --resume \
    "${small[@]}" --set train.iterations=12 --set train.checkpoint_every=2 --set train.threads=1 \
    --set train.log_every=1 > "$folder/log" 2>&1
}

# What must be equal: the time of an iteration is not.
results() {
  cat "$1/train/weights.pth" "$1/ledger.jsonl" "$1/metrics.json" <(cut -d, -f1-3 "$1/train.csv") |
    sha256sum
}

# Kills a training of this kind at two moments within `milliseconds`. One that was complete before
# its moment does not count, and the next moments come earlier.
kill_twice() {
  local kind=$1 out=$2 attempt moment child status
  for attempt in 1 2; do
    train "$kind" "$out" &
    child=$!
    moment=$((RANDOM * milliseconds / 32768))
    sleep "$((moment / 1000)).$(printf '%03d' $((moment % 1000)))"
    kill -KILL $(jobs -rp) 2> /dev/null || true
    status=0
    wait "$child" 2> /dev/null || status=$?
    if ((status == 0)); then
      milliseconds=$(((milliseconds + moment) / 2))
      return
    fi
    ((status == 137)) || { cat "$folder/log"; exit 1; }
    hits=$((hits + 1))
    if compgen -G "$out/.state/*/state.pth" > /dev/null; then checkpoints=$((checkpoints + 1)); fi
  done
}

hits=0 checkpoints=0
for kind in classifier deeplab; do
  begin=$(date +%s%N)
  (train $kind "$folder/$kind") || { cat "$folder/log"; exit 1; }
  milliseconds=$((($(date +%s%N) - begin) / 1000000))
  expected=$(results "$folder/$kind")
  wanted=$((hits + (kills + 1) / 2))
  while ((hits < wanted)); do
    rm -rf "$folder/killed"
    kill_twice $kind "$folder/killed"
    (train $kind "$folder/killed") || { cat "$folder/log"; exit 1; }
    if [[ $(results "$folder/killed") != "$expected" ]]; then
      echo "the results of a $kind differ after $hits kills" >&2
      exit 1
    fi
  done
  # What the DeepLab learns.
  if [[ $kind == classifier ]]; then
    CAM_CHECKPOINT=$folder/classifier/train/weights.pth "$program" run pipelines/trial/labels.toml \
      --out "$folder/labels" "${small[@]}" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
  fi
done
echo "$hits kills, $checkpoints of them after a checkpoint: the same weights, ledgers, scores and losses"
