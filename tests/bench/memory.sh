#!/usr/bin/env bash
# Memory must not grow with the data set, nor with the length of a training. Prints samples in and out,
# and the peak of resident memory; fails when a sample is lost or the peak grows by more than 10 %.
#   tests/bench/memory.sh [BUILD [scenes|train]]    BUILD: a build folder with the program (build/release)
# scenes: the demo's graph on 10,000 and on 100,000 scenes of 32 x 32 pixels, label files included.
# train: a small classifier, 1,000 and 10,000 iterations of 2 crops, with a state every 100 iterations.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=$(realpath "${1-build/release}/bin/seplflow")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

/usr/bin/python3 - "$program" "$scratch" "${2-scenes}" <<'PYTHON'
import json, os, subprocess, sys

program, scratch, kind = sys.argv[1:]


def options_of(count):
    if kind == "scenes":
        return ["pipelines/demo.toml", f"scenes.count={count}", "scenes.size=32"]
    return ["pipelines/trial/classifier.toml", "scenes.count=40", "scenes.size=[32,40]", "crop.size=32",
            "scale.values=[32,48]", "train.width=1", "train.batch=2", "train.checkpoint_every=100",
            f"train.iterations={count}"]


counts, unit, samples_of_each = {"scenes": ((10_000, 100_000), "scenes", 1),
                                 "train": ((1_000, 10_000), "iterations", 2)}[kind]
peaks = []
for count in counts:
    out = f"{scratch}/{count}"
    pipeline, *options = options_of(count)
    process = subprocess.Popen([program, "run", pipeline, "--out", out, "--quiet"] +
                               [word for option in options for word in ("--set", option)])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"the run of {count} {unit} ended with status {os.waitstatus_to_exitcode(status)}")
    record = json.load(open(f"{out}/run.json"))
    samples = record["samples"]
    peaks.append(usage.ru_maxrss / 1024)
    print(f"{count:7} {unit}: {samples['emitted']} samples emitted, {samples['retired']} retired, "
          f"{record['seconds']:.1f} s, peak {peaks[-1]:.1f} MiB", flush=True)
    if not samples["emitted"] == samples["retired"] == samples["done"] == count * samples_of_each:
        sys.exit("error: a sample was lost")
ratio = peaks[1] / peaks[0]
print(f"peak at {counts[1]} to peak at {counts[0]}: {ratio:.3f}")
if ratio > 1.1:
    sys.exit(f"error: memory grows (more than 10 % from {counts[0]} to {counts[1]} {unit})")
PYTHON
