#!/usr/bin/env python3
"""Measures the SEPL job of seplflow beside numpy programs and beside the floor; see README.md.

Usage: compare.py BUILD [--repeat N] [--repeat-numpy N] [--only TEXT] [--json FILE]
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
PYTHON = "/usr/bin/python3"
COCO_MASKS = 84
JOBS = (1, 2, 16)
SCENES = """name = "coco-sized"
[stages.scenes]
use = "dataset.scenes"
count = {count}
size = [480, 640]
[stages.pseudo]
use = "output.labels"
in = "scenes.pseudo"
[stages.truth]
use = "output.labels"
in = "scenes.truth"
[stages.json]
use = "output.masks"
in = "scenes.masks"
[stages.png]
use = "output.masks"
in = "scenes.masks"
format = "png"
"""


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


def coco_sized(program, count, scratch):
    """A folder like that of the test data, of generated images of COCO's size with 84 masks each.

    A scene has about 40 masks; those of the next scenes are added to them.
    """
    data = scratch / f"coco-{count}"
    data.mkdir()
    (data / "scenes.toml").write_text(SCENES.format(count=count))
    subprocess.run([program, "run", data / "scenes.toml", "--out", data / "run", "--quiet"],
                   check=True)
    names = [f"scene_{i:06}" for i in range(count)]
    (data / "list.txt").write_text("\n".join(names) + "\n")
    (data / "labels").symlink_to(data / "run" / "pseudo")
    (data / "truth_synthetic").symlink_to(data / "run" / "truth")
    (data / "sam_json").mkdir()
    for i, name in enumerate(names):
        records = []
        (data / "sam_png" / name).mkdir(parents=True)
        following = i
        while len(records) < COCO_MASKS:
            other = names[following % count]
            more = json.loads((data / "run" / "json" / f"{other}.json").read_text())
            for j in range(min(len(more), COCO_MASKS - len(records))):
                os.link(data / "run" / "png" / other / f"{j}.png",
                        data / "sam_png" / name / f"{len(records) + j}.png")
            records += more[:COCO_MASKS - len(records)]
            following += 1
        (data / "sam_json" / f"{name}.json").write_text(json.dumps(records))
    return data


def seplflow(program, data_set, jobs, out):
    """`program` may be a tuple: one that starts it, with its arguments."""
    before = program if isinstance(program, tuple) else (program,)
    pipeline = SOURCE / "pipelines" / "voc12" / "transcam.toml"
    arguments = [*before, "run", pipeline, "--out", out, "--jobs", jobs, "--quiet"]
    settings = (f"sam.use=masks.{data_set.form}", f"cam.dir={data_set.labels}",
                f"voc.truth={data_set.truth}")
    for setting in settings:
        arguments += ["--set", setting]
    environment = dict(os.environ, VOC_ROOT=str(data_set.root), SAM_MASKS=str(data_set.masks),
                       PSEUDO_LABELS=str(data_set.labels))
    process = subprocess.Popen([str(each) for each in arguments], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{out}: seplflow ended with status {os.waitstatus_to_exitcode(status)}")
    record = json.loads((out / "run.json").read_text())
    if record["samples"]["done"] != data_set.images:
        sys.exit(f"{out}: not every image is done")
    return {"seconds": record["seconds"], "cpu": usage.ru_utime + usage.ru_stime}


def output_of(arguments):
    output = subprocess.run([str(each) for each in arguments], check=True, capture_output=True)
    return json.loads(output.stdout)


def floor(program, data_set):
    result = output_of([program, data_set.form, data_set.list, data_set.labels, data_set.truth,
                        data_set.masks])
    data_set.mask_count = result["masks"]
    return result


def numpy_script(data_set, out):
    return output_of([PYTHON, HERE / "baseline.py", data_set.list, data_set.labels,
                      data_set.masks, out])


def vectorised(data_set, out):
    return output_of([PYTHON, HERE / "vectorised.py", data_set.form, data_set.list,
                      data_set.labels, data_set.masks, out])


def has_numpy():
    probe = [PYTHON, "-c", "import numpy, PIL"]
    return subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0


def spread(seconds):
    """From the fastest to the slowest, as a share of the median; much of it means a busy machine."""
    return (max(seconds) - min(seconds)) / statistics.median(seconds) * 100


def ratio(slow, fast):
    """The median of the ratios within each turn: what slows a turn slows both sides of it."""
    return statistics.median(a / b for a, b in zip(slow, fast))


def measure(sets, arguments, programs, scratch):
    """The times of everything that is compared: {set: {what: [{"seconds", "cpu"}, ...]}}."""
    program, floor_program = programs
    with_numpy = has_numpy()
    if not with_numpy:
        print(f"{PYTHON} has no numpy or no PIL: without the numpy programs\n")
    taken = {}
    # Interleaved, so that what else the machine does meets all alike; round 0 only warms up.
    for turn in range(arguments.repeat + 1):
        for data_set in sets:
            took = {"floor": floor(floor_program, data_set)}
            for jobs in JOBS:
                out = scratch / f"out-{turn}-{jobs}-{data_set.name}"
                took[f"seplflow --jobs {jobs}"] = seplflow(program, data_set, jobs, out)
            if with_numpy and data_set.images <= 40 and 0 < turn <= arguments.repeat_numpy:
                out = scratch / f"numpy-{turn}-{data_set.name}"
                took["vectorised numpy"] = vectorised(data_set, out)
                if data_set.form == "png":
                    took["numpy"] = numpy_script(data_set, out)
            for what, value in took.items():
                if turn > 0:
                    taken.setdefault(data_set.name, {}).setdefault(what, []).append(value)
    return taken


def column(taken, what, name="seconds"):
    return [each[name] for each in taken.get(what, [])]


def print_times(sets, taken):
    print(f"{'':36}{'seconds':>9}{'spread':>8}{'CPU s':>9}{'images/s':>10}{'masks/s':>10}")
    for data_set in sets:
        for what in taken[data_set.name]:
            seconds = column(taken[data_set.name], what)
            median = statistics.median(seconds)
            cpu = statistics.median(column(taken[data_set.name], what, "cpu"))
            print(f"{data_set.name + ', ' + what:36}{median:9.3f}{spread(seconds):7.0f}%{cpu:9.3f}"
                  f"{data_set.images / median:10.0f}{data_set.mask_count / median:10.0f}")


def ratios(sets, taken):
    """How many times as fast as each of the others seplflow is: {set: {what: ratio}}."""
    found = {}
    for data_set in sets:
        times = taken[data_set.name]
        one = column(times, "seplflow --jobs 1")
        ours = {what: ratio(column(times, what), one)
                for what in ("numpy", "vectorised numpy", "floor") if what in times}
        # The numpy script of the authors reads masks as PNGs only, whichever we read.
        as_png = taken.get(data_set.name.replace("JSON", "PNG"), {})
        if "numpy" not in ours and "numpy" in as_png:
            ours["numpy"] = ratio(column(as_png, "numpy"), one)

        ours["--jobs 2"] = ratio(one, column(times, "seplflow --jobs 2"))
        ours["--jobs 16"] = ratio(one, column(times, "seplflow --jobs 16"))
        found[data_set.name] = ours
    return found


def print_ratios(found):
    names = ("numpy", "vectorised numpy", "floor", "--jobs 2", "--jobs 16")
    print(f"\n{'':20}" + "".join(f"{name:>18}" for name in names))
    for name, values in found.items():
        cells = (f"{values[each]:.2f}" if each in values else "" for each in names)
        print(f"{name:20}" + "".join(f"{cell:>18}" for cell in cells))
    print("\nHow many times as fast seplflow --jobs 1 is as each of the first three, and how many times "
          "as fast\nmore jobs are as one.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--repeat-numpy", type=int, default=3)
    parser.add_argument("--only", default="", help="only the sets with this text in their names")
    parser.add_argument("--json", type=Path, help="write all times and ratios to this file")
    arguments = parser.parse_args()
    program = (arguments.build / "bin" / "seplflow").resolve()
    floor_program = (arguments.build / "bin" / "seplflow_bench_floor").resolve()
    if not floor_program.exists():
        sys.exit("The floor was not built: it needs libdeflate (libdeflate-dev).")
    data = test_data()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        few = coco_sized(program, 40, scratch)
        many = coco_sized(program, 400, scratch) if "400" in arguments.only else None
        sets = [
            Set("VOC 40 PNG", "png", "with_png_masks.txt", data, scratch),
            Set("VOC 40 JSON", "json", "with_png_masks.txt", data, scratch),
            Set("VOC 400 JSON", "json", "with_masks.txt", data, scratch),
            Set("COCO 40 PNG", "png", "list.txt", few, scratch),
            Set("COCO 40 JSON", "json", "list.txt", few, scratch),
        ]
        if many:
            sets += [Set("COCO 400 PNG", "png", "list.txt", many, scratch),
                     Set("COCO 400 JSON", "json", "list.txt", many, scratch)]
        sets = [each for each in sets if arguments.only in each.name]
        taken = measure(sets, arguments, (program, floor_program), scratch)
    print(f"Medians of {arguments.repeat} interleaved repetitions (numpy: "
          f"{arguments.repeat_numpy}), {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print_times(sets, taken)
    found = ratios(sets, taken)
    print_ratios(found)
    if arguments.json:
        arguments.json.write_text(json.dumps({"times": taken, "ratios": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
