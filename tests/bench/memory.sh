#!/usr/bin/env bash
# Memory must not grow with the data set: the demo's graph on 10,000 and on 100,000 scenes of 32 x 32
# pixels, label files included. Prints samples in and out, and the peak of resident memory; fails
# when a sample is lost or the peak grows by more than 10 %.
#   tests/bench/memory.sh [BUILD]     BUILD: a build folder with the program (build/release)
set -euo pipefail
cd "$(dirname "$0")/../.."

program=$(realpath "${1-build/release}/bin/seplflow")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

/usr/bin/python3 - "$program" "$scratch" <<'PYTHON'
import json, os, subprocess, sys

program, scratch = sys.argv[1:]
peaks = []
for count in (10_000, 100_000):
    out = f"{scratch}/{count}"
    process = subprocess.Popen([program, "run", "pipelines/demo.toml", "--out", out, "--quiet",
                                "--set", f"scenes.count={count}", "--set", "scenes.size=32"])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"the run of {count} scenes ended with status {os.waitstatus_to_exitcode(status)}")
    record = json.load(open(f"{out}/run.json"))
    samples = record["samples"]
    peaks.append(usage.ru_maxrss / 1024)
    print(f"{count:7} scenes: {samples['emitted']} emitted, {samples['retired']} retired, "
          f"{record['seconds']:.1f} s, peak {peaks[-1]:.1f} MiB")
    if not samples["emitted"] == samples["retired"] == samples["done"] == count:
        sys.exit("error: a sample was lost")
ratio = peaks[1] / peaks[0]
print(f"peak at 100,000 to peak at 10,000: {ratio:.3f}")
if ratio > 1.1:
    sys.exit("error: memory grows with the data set (more than 10 % from 10,000 to 100,000)")
PYTHON
