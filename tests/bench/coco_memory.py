#!/usr/bin/env python3
"""Memory and speed over as many images as COCO has: 82,081 of COCO's size with 84 masks each.

The images are links to a few generated ones. Prints the peak of resident memory after 2,000 images and
after all, their ratio, and images per second; fails if the peak grows by more than 5 % or exceeds
200 MB.

Usage: coco_memory.py BUILD [--images N] [--jobs N]
"""

import argparse
import ctypes
import json
import os
import sys
import tempfile
from pathlib import Path

from compare import SOURCE, coco_sized
from sweep import PR_SET_CHILD_SUBREAPER, spent

GENERATED = 100
FEW = 2000
MOST_GROWTH = 1.05
MOST_BYTES = 200e6


def linked(data, count, scratch):
    """Folders with `count` names for the generated images, as the job reads them."""
    names = [f"image_{i:06}" for i in range(count)]
    for folder, kind in (("labels", "png"), ("truth_synthetic", "png"), ("sam_json", "json")):
        (scratch / folder).mkdir()
        targets = [data / folder / f"scene_{i:06}.{kind}" for i in range(GENERATED)]
        for i, name in enumerate(names):
            os.symlink(targets[i % GENERATED], scratch / folder / f"{name}.{kind}")
    lists = scratch / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("\n".join(names) + "\n")


def run(program, scratch, jobs, limit):
    out = scratch / f"out-{limit}"
    pipeline = SOURCE / "pipelines" / "voc12" / "transcam.toml"
    arguments = [program, "run", pipeline, "--out", out, "--jobs", jobs, "--limit", limit, "--quiet",
                 "--set", "sam.use=masks.json", "--set", f"cam.dir={scratch / 'labels'}",
                 "--set", f"voc.truth={scratch / 'truth_synthetic'}"]
    environment = dict(os.environ, VOC_ROOT=str(scratch), SAM_MASKS=str(scratch / "sam_json"),
                       PSEUDO_LABELS=str(scratch / "labels"))
    _, mebibytes = spent([str(each) for each in arguments], environment)
    record = json.loads((out / "run.json").read_text())
    if record["samples"]["done"] != limit:
        sys.exit(f"{out}: not every image is done")
    peak = mebibytes * 2**20
    print(f"{limit:7} images: {record['seconds']:.1f} s, {limit / record['seconds']:.0f} images/s, "
          f"peak {peak / 1e6:.1f} MB", flush=True)
    return peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--images", type=int, default=82081)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    program = (arguments.build / "bin" / "seplflow").resolve()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        data = coco_sized(program, GENERATED, scratch)
        linked(data, arguments.images, scratch)
        few = run(program, scratch, arguments.jobs, FEW)
        many = run(program, scratch, arguments.jobs, arguments.images)
    print(f"peak after all to peak after {FEW}: {many / few:.3f}")
    if many > MOST_GROWTH * few or many > MOST_BYTES:
        sys.exit("error: memory grows with the data set, or exceeds 200 MB")


if __name__ == "__main__":
    main()
