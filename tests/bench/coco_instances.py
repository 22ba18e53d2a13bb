#!/usr/bin/env python3
"""Opens COCO instances as large as those of val2014 and train2014, beside Python's json.load.

    coco_instances.py BUILD_DIR [--repeat N]

The files are made up: pictures, annotations and points an annotation as many as COCO 2014 has,
with the fields and in the layout of its files, by a fixed seed. Each repetition starts the program
(`seplflow check` on a pipeline with dataset.coco, which reads the file, checks it and counts its
samples) and Python (json.load and nothing else) one after the other. Seconds and peak memory are
those of the whole processes, as the system counts them; ratios are medians of the repetitions.
"""

import argparse
import ctypes
import os
import random
import statistics
import sys
import tempfile
import time

from sweep import PR_SET_CHILD_SUBREAPER, spent

# Of COCO 2014: images, annotations; about 22 points an annotation, one crowd in 160.
SPLITS = {"val2014": (40504, 291875), "train2014": (82783, 604907)}
CATEGORIES = [i for i in range(1, 91) if i not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)]
SECONDS_RATIO, MEMORY_RATIO = 5, 1 / 3


def outline(rng, x, y):
    points = []
    for _ in range(2 * max(3, int(rng.expovariate(1 / 26)))):
        points.append("%.2f" % (abs(rng.gauss(x, 40)) % 640))
    return "[[" + ", ".join(points) + "]]"


def crowd(rng):
    runs, left = [], 480 * 640
    while left > 0:
        runs.append(min(left, 1 + int(rng.expovariate(1 / 1500))))
        left -= runs[-1]
    return '{"counts": [' + ", ".join(map(str, runs)) + '], "size": [480, 640]}'


def write_instances(path, split):
    images, annotations = SPLITS[split]
    rng = random.Random(split)
    with open(path, "w") as out:
        out.write('{"info": {"description": "made up"}, "images": [')
        for i in range(images):
            name = "COCO_%s_%012d.jpg" % (split, 7 * i + 9)
            out.write((", " if i else "") + '{"license": 5, "file_name": "%s", "coco_url": '
                      '"http://images.example.org/%s/%s", "height": 480, "width": 640, '
                      '"date_captured": "2013-11-14 16:28:13", "flickr_url": '
                      '"http://farm.example.org/2567/5764835453_ef0afa6b46_z.jpg", "id": %d}'
                      % (name, split, name, 7 * i + 9))
        out.write('], "licenses": [], "annotations": [')
        for a in range(annotations):
            is_crowd = rng.random() < 0.006
            shape = crowd(rng) if is_crowd else outline(rng, rng.uniform(0, 640), 200)
            out.write((", " if a else "") + '{"segmentation": %s, "area": %.4f, "iscrowd": %d, '
                      '"image_id": %d, "bbox": [473.07, 395.93, 38.65, 28.67], '
                      '"category_id": %d, "id": %d}'
                      % (shape, rng.uniform(10, 1e5), is_crowd, 7 * rng.randrange(images) + 9,
                         rng.choice(CATEGORIES), a + 1))
        out.write('], "categories": [' + ", ".join(
            '{"supercategory": "things", "id": %d, "name": "thing %d"}' % (c, c)
            for c in CATEGORIES) + "]}")


def measure(command):
    """Wall seconds and peak memory in MB of a process that must end well."""
    begin = time.monotonic()
    _, memory = spent(["/bin/sh", "-c", 'exec "$@" >/dev/null', "sh"] + command, os.environ)
    return time.monotonic() - begin, memory


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("build")
    arguments.add_argument("--repeat", type=int, default=3)
    arguments = arguments.parse_args()
    program = os.path.join(arguments.build, "bin/seplflow")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        for split in SPLITS:
            path = os.path.join(folder, split + ".json")
            write_instances(path, split)
            pipeline = os.path.join(folder, split + ".toml")
            with open(pipeline, "w") as out:
                out.write('[stages.coco]\nuse = "dataset.coco"\nannotations = "%s"\n'
                          '[stages.write]\nuse = "output.labels"\nin = "coco.truth"\n' % path)
            ours, python = [], []
            for _ in range(arguments.repeat):
                ours.append(measure([program, "check", pipeline]))
                python.append(measure([sys.executable, "-c",
                                       "import json, sys; json.load(open(sys.argv[1]))", path]))
            faster = statistics.median(p[0] / o[0] for o, p in zip(ours, python))
            memory = statistics.median(o[1] / p[1] for o, p in zip(ours, python))
            slow |= faster < SECONDS_RATIO or memory > MEMORY_RATIO
            print("%s: %.0f MB" % (split, os.path.getsize(path) / 1e6))
            for name, runs in (("seplflow check", ours), ("json.load", python)):
                print("  %-14s %6.2f s, peak %5.0f MB" % (
                    name, statistics.median(r[0] for r in runs),
                    statistics.median(r[1] for r in runs)))
            print("  %.1f times as fast, %.3f of the memory" % (faster, memory))
            os.remove(path)
    if slow:
        sys.exit("expected at least %g times as fast and at most %.2f of the memory" %
                 (SECONDS_RATIO, MEMORY_RATIO))


if __name__ == "__main__":
    main()
