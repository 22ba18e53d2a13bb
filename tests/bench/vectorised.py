#!/usr/bin/env python3
"""SEPL as a careful numpy program does it, for compare.py to measure seplflow against.

Each mask is decoded once, all masks of an image are one array, and a single product counts the
pixels that each mask shares with each class. RLE is decoded by pycocotools if Python has it, and
else by numpy. The rule is that of baseline.py. It writes labels and scores nothing.

Usage: vectorised.py png|json LIST LABELS MASKS OUT
Prints the seconds of the work itself, without starting Python, as JSON.
"""

import json
import os
import sys
import time

import numpy as np
from PIL import Image

try:
    from pycocotools import mask as coco
except ImportError:
    coco = None


def counts_of(text):
    """The run lengths in COCO's compressed string."""
    numbers, value, shift = [], 0, 0
    for code in text.encode("ascii"):
        code -= 48
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            if code & 16:
                value -= 1 << shift
            if len(numbers) > 2:
                value += numbers[-2]
            numbers.append(value)
            value = shift = 0
    return numbers


def decoded(record):
    rle = record["segmentation"]
    if coco:
        return coco.decode(rle).astype(bool)
    counts = np.array(counts_of(rle["counts"]))
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return flat.reshape(rle["size"][::-1]).T


def masks_of(kind, place):
    if kind == "json":
        with open(place + ".json", encoding="utf-8") as file:
            return np.array([decoded(record) for record in json.load(file)])
    files = [entry.path for entry in os.scandir(place) if entry.name.endswith(".png")]
    return np.array([np.array(Image.open(path)) == 255 for path in files])


def enhance(labels, masks):
    classes = np.unique(labels[(labels > 0) & (labels < 255)])
    inside = labels[None] == classes[:, None, None]
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    shared = flat @ inside.reshape(len(classes), -1).astype(np.float32).T
    taken = 2 * shared > masks.sum(axis=(1, 2))[:, None]
    covered = masks.any(axis=0)
    enhanced = np.zeros_like(labels)
    for i, label in enumerate(classes):
        painted = masks[taken[:, i]].any(axis=0)
        enhanced[painted | (inside[i] & ~covered)] = label
    return enhanced


def main(kind, list_file, labels_folder, masks_folder, out_folder):
    with open(list_file, encoding="utf-8") as lines:
        names = lines.read().split()
    os.makedirs(out_folder, exist_ok=True)
    begin, cpu = time.perf_counter(), time.process_time()
    for name in names:
        labels = np.array(Image.open(os.path.join(labels_folder, name + ".png")))
        enhanced = enhance(labels, masks_of(kind, os.path.join(masks_folder, name)))
        Image.fromarray(enhanced).save(os.path.join(out_folder, name + ".png"))
    print(json.dumps({"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
