#!/usr/bin/env bash
# Trainings that are killed at random moments, twice each, and then resumed: all end in the weights
# of a training that was not killed.
#
#   tests/bench/train_kill.sh PROGRAM [KILLS [SEED]]      default: 50 kills, seed 1
set -euo pipefail
program=$(realpath "$1")
kills=${2:-50}
RANDOM=${3:-1}
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

train() {
  "$program" run pipelines/trial/classifier.toml --out "$1" --resume --set scenes.count=20 \
    --set train.iterations=12 --set train.checkpoint_every=3 --set train.rate=0.01 \
    --set train.threads=1 > "$folder/log" 2>&1
}

# What must be equal: the time of an iteration is not.
results() {
  cat "$1/train/weights.pth" "$1/ledger.jsonl" "$1/metrics.json" <(cut -d, -f1-3 "$1/train.csv") |
    sha256sum
}

begin=$(date +%s%N)
train "$folder/whole"
milliseconds=$((($(date +%s%N) - begin) / 1000000))
expected=$(results "$folder/whole")
for ((kill = 0; kill < kills; kill += 2)); do
  rm -rf "$folder/killed"
  for attempt in 1 2; do
    train "$folder/killed" &
    child=$!
    sleep "$((RANDOM % milliseconds / 1000)).$(printf '%03d' $((RANDOM % 1000)))"
    pkill -KILL -P "$child" 2> /dev/null || true
    wait "$child" 2> /dev/null || true
  done
  train "$folder/killed" || { cat "$folder/log"; exit 1; }
  if [[ $(results "$folder/killed") != "$expected" ]]; then
    echo "the results of training $((kill / 2 + 1)) differ" >&2
    exit 1
  fi
done
echo "$kills kills: the same weights, ledger, scores and losses"
