#!/usr/bin/env bash
# Memory must not grow with the number of images that SAM makes masks of: 100 and 1000 of 1500 x 2000
# pixels, by a small model with random weights. Prints the peak of resident memory of both; fails
# when it grows by more than 10 %.
#   tests/bench/sam_memory.sh [BUILD]     BUILD: a build folder with the program and
#                                         seplflow_bench_sam (build/release)
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$(realpath "${1-build/release}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$build/bin/seplflow_bench_sam" make "$scratch/tiny.pth" tiny

/usr/bin/python3 - "$build/bin/seplflow" "$scratch" <<'PYTHON'
import json, os, subprocess, sys
from PIL import Image

program, scratch = sys.argv[1:]
images = os.path.join(scratch, "images")
os.mkdir(images)
Image.effect_mandelbrot((2000, 1500), (-2.2, -1.2, 1, 1.2), 100).convert("RGB").save(
    f"{images}/0.jpg", quality=85)
for i in range(1, 1000):
    os.link(f"{images}/0.jpg", f"{images}/{i}.jpg")
settings = ["sam.device=cpu", "sam.points_per_side=4", "sam.pred_iou_thresh=-100",
            "sam.stability_score_thresh=0"]
environment = dict(os.environ, IMAGES=images, SAM_CHECKPOINT=f"{scratch}/tiny.pth")
peaks = []
for count in (100, 1000):
    out = f"{scratch}/{count}"
    command = [program, "run", "pipelines/tools/sam_masks.toml", "--out", out, "--quiet",
               "--limit", str(count)]
    for setting in settings:
        command += ["--set", setting]
    process = subprocess.Popen(command, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"the run of {count} images ended with status {os.waitstatus_to_exitcode(status)}")
    record = json.load(open(f"{out}/run.json"))
    peaks.append(usage.ru_maxrss / 1024)
    print(f"{count:5} images: {record['samples']['done']} done, {record['seconds']:.0f} s, "
          f"peak {peaks[-1]:.1f} MiB", flush=True)
ratio = peaks[1] / peaks[0]
print(f"peak of 1000 to peak of 100: {ratio:.3f}")
if ratio > 1.1:
    sys.exit("error: memory grows with the number of images (more than 10 % from 100 to 1000)")
PYTHON
