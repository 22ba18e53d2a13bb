#!/usr/bin/env python3
"""Measures the VOC job of seplflow beside a numpy script and beside the floor; see README.md.

Usage: compare.py BUILD [--repeat N] [--repeat-numpy N]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
PNG_SET = "40 images, PNG"


def test_data():
    data = Path(os.environ.get("SEPLFLOW_TEST_DATA") or SOURCE.parent / "shared" / "data")
    if not (data / "voc12-transcam").is_dir():
        sys.exit(
            f"There is no test data in {data}. This benchmark needs label and mask files, which "
            "seplflow cannot generate; set SEPLFLOW_TEST_DATA, or run memory.sh, which needs none."
        )
    return data / "voc12-transcam"


class Set:
    """A list of images with their masks in one form."""

    def __init__(self, name, form, list_file, data, scratch):
        self.name = name
        self.form = form
        self.list = data / list_file
        self.labels = data / "labels"
        self.truth = data / "truth_synthetic"
        self.masks = data / f"sam_{form}"
        self.root = scratch / name
        lists = self.root / "ImageSets" / "Segmentation"
        lists.mkdir(parents=True)
        lists.joinpath("train.txt").write_text(self.list.read_text())
        self.images = len(self.list.read_text().split())


def seplflow(program, data_set, jobs, out):
    pipeline = SOURCE / "pipelines" / "voc12" / "transcam.toml"
    arguments = [program, "run", pipeline, "--out", out, "--jobs", jobs, "--quiet"]
    settings = (f"sam.use=masks.{data_set.form}", f"cam.dir={data_set.labels}",
                f"voc.truth={data_set.truth}")
    for setting in settings:
        arguments += ["--set", setting]
    environment = dict(os.environ, VOC_ROOT=str(data_set.root), SAM_MASKS=str(data_set.masks),
                       PSEUDO_LABELS=str(data_set.labels))
    subprocess.run([str(each) for each in arguments], env=environment, check=True)
    record = json.loads((out / "run.json").read_text())
    if record["samples"]["done"] != data_set.images:
        sys.exit(f"{out}: not every image is done")
    return record["seconds"]


def floor(program, data_set):
    arguments = [program, data_set.form, data_set.list, data_set.labels, data_set.truth,
                 data_set.masks]
    output = subprocess.run([str(each) for each in arguments], check=True, capture_output=True)
    result = json.loads(output.stdout)
    data_set.mask_count = result["masks"]
    return result["seconds"]


def numpy_script(data_set, out):
    arguments = ["/usr/bin/python3", HERE / "baseline.py", data_set.list, data_set.labels,
                 data_set.masks, out]
    output = subprocess.run([str(each) for each in arguments], check=True, capture_output=True)
    return json.loads(output.stdout)["seconds"]


def has_numpy():
    probe = ["/usr/bin/python3", "-c", "import numpy, PIL"]
    return subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0


def spread(seconds):
    """From the fastest to the slowest, as a share of the median; much of it means a busy machine."""
    return (max(seconds) - min(seconds)) / statistics.median(seconds) * 100


def print_times(sets, seconds):
    print(f"{'':34}{'seconds':>9}{'spread':>9}{'images/s':>10}{'masks/s':>10}")
    for (name, what), values in sorted(seconds.items()):
        median = statistics.median(values)
        data_set = sets[name]
        print(f"{name + ', ' + what:34}{median:9.3f}{spread(values):8.0f}%"
              f"{data_set.images / median:10.0f}{data_set.mask_count / median:10.0f}")


def ratio(slow, fast):
    """The median of the ratios within each turn: what slows a turn slows both sides of it."""
    return statistics.median(a / b for a, b in zip(slow, fast))


def print_ratios(sets, seconds):
    print(f"\n{'times as fast as':34}{'numpy':>10}{'floor':>10}{'1 thread':>12}")
    for name, data_set in sets.items():
        one = seconds[name, "seplflow --jobs 1"]
        for jobs in (1, 2):
            ours = seconds[name, f"seplflow --jobs {jobs}"]
            row = f"{name + f', seplflow --jobs {jobs}':34}"
            script = seconds.get((PNG_SET, "numpy")) if data_set.images == 40 else None
            row += f"{ratio(script, ours):10.1f}" if script else f"{'':10}"
            row += f"{ratio(seconds[name, 'floor'], ours):10.2f}"
            row += f"{ratio(one, ours):12.2f}" if jobs == 2 else ""
            print(row)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--repeat-numpy", type=int, default=3)
    arguments = parser.parse_args()
    program = (arguments.build / "bin" / "seplflow").resolve()
    floor_program = (arguments.build / "bin" / "seplflow_bench_floor").resolve()
    data = test_data()
    with_numpy = has_numpy()
    if not with_numpy:
        print("/usr/bin/python3 has no numpy or no PIL: without the numpy script\n")

    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        sets = {
            each.name: each
            for each in (
                Set(PNG_SET, "png", "with_png_masks.txt", data, scratch),
                Set("40 images, JSON", "json", "with_png_masks.txt", data, scratch),
                Set("400 images, JSON", "json", "with_masks.txt", data, scratch),
            )
        }
        # Interleaved, so that what else the machine does meets all alike; round 0 only warms up.
        for turn in range(arguments.repeat + 1):
            for name, data_set in sets.items():
                took = {"floor": floor(floor_program, data_set)}
                for jobs in (1, 2):
                    out = scratch / f"out-{turn}-{jobs}-{data_set.form}-{data_set.images}"
                    took[f"seplflow --jobs {jobs}"] = seplflow(program, data_set, jobs, out)
                numpy_turn = 0 < turn <= arguments.repeat_numpy
                if with_numpy and numpy_turn and name == PNG_SET:
                    took["numpy"] = numpy_script(data_set, scratch / f"numpy-{turn}")
                for what, value in took.items():
                    if turn > 0:
                        seconds.setdefault((name, what), []).append(value)
    print(f"Medians of {arguments.repeat} interleaved repetitions (numpy: "
          f"{arguments.repeat_numpy}), {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print_times(sets, seconds)
    print_ratios(sets, seconds)


if __name__ == "__main__":
    main()
