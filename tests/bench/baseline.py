#!/usr/bin/env python3
"""SEPL as a plain numpy script does it, for compare.py to measure seplflow against.

The rule is the published script's max_iou_imp: a class takes the masks of which it covers more than
half, and keeps its own pixels where no mask is. Like that script, this one goes over an image's
masks once for each of its classes and decodes their PNG files again every time. It writes labels
and scores nothing, so it does less than the pipeline that it is compared with.

Usage: baseline.py LIST LABELS MASKS OUT
Prints the seconds of the work itself, without starting Python, as JSON.
"""

import json
import os
import sys
import time

import numpy as np
from PIL import Image

CLASSES = range(1, 21)


def enhance(labels, folder):
    enhanced = np.zeros_like(labels)
    files = [entry.path for entry in os.scandir(folder) if entry.name.endswith(".png")]
    decoded = 0
    taken = set()
    for label in CLASSES:
        inside = labels == label
        if not inside.any():
            continue
        painted = np.zeros_like(inside)
        covered = np.zeros_like(inside)
        for path in files:
            if path in taken:
                continue
            mask = np.array(Image.open(path)) == 255
            decoded += 1
            covered |= mask
            if 2 * np.sum(inside & mask) > np.sum(mask):
                taken.add(path)
                painted |= mask
        enhanced[painted | (inside & ~covered)] = label
    return enhanced, decoded


def main(list_file, labels_folder, masks_folder, out_folder):
    with open(list_file, encoding="utf-8") as lines:
        names = lines.read().split()
    os.makedirs(out_folder, exist_ok=True)
    decoded = 0
    begin, cpu = time.perf_counter(), time.process_time()
    for name in names:
        labels = np.array(Image.open(os.path.join(labels_folder, name + ".png")))
        enhanced, count = enhance(labels, os.path.join(masks_folder, name))
        decoded += count
        Image.fromarray(enhanced).save(os.path.join(out_folder, name + ".png"))
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "cpu": time.process_time() - cpu, "decoded": decoded}))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
