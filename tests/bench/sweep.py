#!/usr/bin/env python3
"""Measures what 49 settings cost beside one; see README.md.

Usage: sweep.py BUILD [--repeat N]
"""

import argparse
import ctypes
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from compare import SOURCE, Set, ratio, spread, test_data

DEMAND = 1.25
SETTINGS = 49
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
WHAT = ("wall", "CPU", "memory")


def folder_in_memory():
    """None where there is none. On a disk, creating files may cost more than all that is measured, if
    others were removed shortly before; see docs/performance.md."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def pipeline_without_labels(scratch):
    text = (SOURCE / "pipelines" / "paper" / "table3.toml").read_text()
    begin = text.index("[stages.write]")
    file = scratch / "table3.toml"
    file.write_text(text[:begin] + text[text.index("[sweep]"):])
    return file


def spent(arguments, environment):
    """CPU seconds of a program, and its peak memory in MiB.

    A process that Python starts itself counts Python's memory as its own. So a shell starts it, and
    ends; this process adopts and awaits what the shell left.
    """
    shell = ["/bin/sh", "-c", '"$@" &', "sh"] + arguments
    started = os.posix_spawn("/bin/sh", shell, environment)
    os.waitpid(started, 0)
    _, status, usage = os.wait4(-1, 0)
    if status != 0:
        sys.exit(f"{' '.join(arguments)}\nended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run(program, pipeline, data_set, jobs, settings, out):
    arguments = [program, "run", pipeline, "--out", out, "--jobs", jobs, "--quiet"]
    changes = ["cam.method=transcam", f"cam.dir={data_set.labels}", f"voc.truth={data_set.truth}"]
    for change in changes:
        arguments += ["--set", change]
    if settings == 1:
        arguments += ["--sweep", "select.t1=0.5", "--sweep", "select.t2=0.85"]
    environment = dict(os.environ, VOC_ROOT=str(data_set.root), SAM_MASKS=str(data_set.masks),
                       PSEUDO_LABELS=str(data_set.labels))
    cpu, memory = spent([str(each) for each in arguments], environment)
    record = json.loads((out / "run.json").read_text())
    rows = len((out / "sweep.csv").read_text().splitlines()) - 1
    if record["samples"]["done"] != data_set.images or rows != settings:
        sys.exit(f"{out}: not every image or setting is done")
    return {"wall": record["seconds"], "CPU": cpu, "memory": memory}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--repeat", type=int, default=9)
    arguments = parser.parse_args()
    program = (arguments.build / "bin" / "seplflow").resolve()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    taken = {}
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        scratch = Path(folder)
        data_set = Set("400 images, JSON", "json", "with_masks.txt", test_data(), scratch)
        pipeline = pipeline_without_labels(scratch)
        # Interleaved, so that what else the machine does meets all alike; round 0 only warms up.
        for turn in range(arguments.repeat + 1):
            for jobs in (1, 2):
                for settings in (1, SETTINGS):
                    out = scratch / f"out-{turn}-{jobs}-{settings}"
                    each = run(program, pipeline, data_set, jobs, settings, out)
                    for what, value in each.items():
                        if turn > 0:
                            taken.setdefault((jobs, settings, what), []).append(value)
    print(f"{data_set.images} images, scores and no labels; medians of {arguments.repeat} "
          f"interleaved repetitions, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    units = {"wall": "s", "CPU": "s", "memory": "MiB"}
    print(f"{'':22}{'1 setting':>14}{'spread':>8}{f'{SETTINGS} settings':>14}{'spread':>8}"
          f"{'ratio':>8}{'at most':>9}")
    met = True
    for jobs in (1, 2):
        for what in WHAT:
            one, many = taken[jobs, 1, what], taken[jobs, SETTINGS, what]
            times = ratio(many, one)
            met = met and times <= DEMAND
            name = f"--jobs {jobs}, {what}, {units[what]}"
            print(f"{name:22}{statistics.median(one):14.3f}{spread(one):7.0f}%"
                  f"{statistics.median(many):14.3f}{spread(many):7.0f}%{times:8.2f}{DEMAND:9.2f}")
    if not met:
        sys.exit("error: a sweep costs more than it may")


if __name__ == "__main__":
    main()
