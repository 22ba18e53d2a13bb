#!/usr/bin/env bash
# Memory must not grow with the data set: the demo's graph on 10,000 and on 100,000 scenes of 32 x 32
# pixels, without its output stage. Prints samples in and out, and the peak of resident memory.
#   tests/bench/memory.sh [BUILD]     BUILD: a build folder with the program (build/release)
set -euo pipefail
cd "$(dirname "$0")/../.."

program=$(realpath "${1-build/release}/bin/seplflow")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The demo up to its scores: 100,000 label files would measure the disk.
sed '/^\[stages.write\]/,$d' pipelines/demo.toml > "$scratch/demo.toml"

/usr/bin/python3 - "$program" "$scratch" <<'PYTHON'
import json, os, subprocess, sys

program, scratch = sys.argv[1:]
peaks = []
for count in (10_000, 100_000):
    out = f"{scratch}/{count}"
    process = subprocess.Popen([program, "run", f"{scratch}/demo.toml", "--out", out, "--quiet",
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
print(f"peak at 100,000 to peak at 10,000: {peaks[1] / peaks[0]:.3f}")
PYTHON
