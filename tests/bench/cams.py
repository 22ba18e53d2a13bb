#!/usr/bin/python3
"""Measures how fast CAM files are read, beside numpy.load of the same files; see README.md.

Usage: cams.py BUILD [--repeat N]
"""

import argparse
import importlib.util
import json
import math
import os
import pickle
import statistics
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import torch_stand_in
from compare import ratio, spread

HAS_TORCH = importlib.util.find_spec("torch") is not None
PASSES = 9  # in a process; the fastest counts
IMAGES = 60
LEAST = 3  # times numpy.load's files/s, for IRN's files on all cores
HEIGHT, WIDTH = 375, 500  # the usual picture of VOC


class Tensor:
    """Pickles as a tensor of torch does."""

    def __init__(self, array):
        self.array = array

    def __reduce__(self):
        strides = tuple(each // self.array.itemsize for each in self.array.strides)
        return torch_stand_in.REBUILD, (Storage(self.array), 0, self.array.shape, strides, False,
                                        torch_stand_in.HOOKS)


class Storage:
    def __init__(self, array):
        self.array = array

    def __reduce__(self):
        return torch_stand_in.LOAD, (torch_stand_in.saved_storage(self.array),)


def write_sets(scratch):
    """Name of a set to its files: dicts as the methods write them, of two classes."""
    torch_stand_in.register()
    random = np.random.default_rng(1)
    sets = {"IRN": [], "IRN without tensors": [], "IRN, a third in size": [], "PSA": []}
    for i in range(IMAGES):
        strided = random.random((2, -(-HEIGHT // 4), -(-WIDTH // 4)), dtype=np.float32)
        full = random.random((2, HEIGHT, WIDTH), dtype=np.float32)
        keys = np.array([3, 14])
        contents = {
            "IRN": {"keys": Tensor(keys), "cam": Tensor(strided), "high_res": full},
            "IRN without tensors": {"keys": keys, "cam": strided, "high_res": full},
            "IRN, a third in size": {"keys": Tensor(keys),
                                     "cam": Tensor(strided[:, ::3, ::3].copy()),
                                     "high_res": full[:, ::3, ::3].copy()},
            "PSA": {3: full[0].copy(), 14: full[1].copy()},
        }
        for name, content in contents.items():
            file = scratch / f"{name.replace(' ', '_')}_{i}.npy"
            np.save(file, content)
            sets[name].append(str(file))
    return sets


def ours(program, files):
    output = subprocess.run([str(program), str(PASSES), *files], check=True, capture_output=True)
    return json.loads(output.stdout)


def numpys(files):
    output = subprocess.run([sys.executable, __file__, "--numpy", *files], check=True,
                            capture_output=True)
    return json.loads(output.stdout)


def load_with_numpy(files):
    """What the other side does, in a process of its own."""
    from time import perf_counter

    if not HAS_TORCH:
        torch_stand_in.register()

    def floats(file):
        values = np.load(file, allow_pickle=True).item().values()
        return [np.asarray(value, np.float32) for value in values]

    seconds = []
    for _ in range(PASSES):
        start = perf_counter()
        for file in files:
            floats(file)
        seconds.append(perf_counter() - start)
    arrays = [array for file in files for array in floats(file)]
    print(json.dumps({"seconds": seconds, "numbers": sum(array.size for array in arrays),
                      "sum": float(sum(array.sum(dtype=np.float64) for array in arrays))}))


def measure(program, sets, repeat):
    seconds = {}
    # Interleaved, so that what else the machine does meets both alike; turn 0 only warms up.
    for turn in range(repeat + 1):
        for name, files in sets.items():
            both = {"seplflow": ours(program, files), "numpy": numpys(files)}
            if (both["seplflow"]["numbers"] != both["numpy"]["numbers"]
                    or not math.isclose(both["seplflow"]["sum"], both["numpy"]["sum"])):
                sys.exit(f"{name}: both read other numbers: {both}")
            if turn == 0:
                continue
            for what, result in both.items():
                seconds.setdefault((name, what), []).append(min(result["seconds"]))
            for what in ("all_cores", "floor"):
                seconds.setdefault((name, what), []).append(min(both["seplflow"][what]))
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    program = (arguments.build / "bin" / "seplflow_bench_cams").resolve()
    with tempfile.TemporaryDirectory() as folder:
        sets = write_sets(Path(folder))
        size = {name: os.path.getsize(files[0]) for name, files in sets.items()}
        seconds = measure(program, sets, arguments.repeat)
    print(f"Medians of {arguments.repeat} interleaved repetitions, {IMAGES} files a set, load "
          f"{os.getloadavg()[0]:.1f}; numpy {np.__version__}, and {'' if HAS_TORCH else 'a stand-in for '}torch\n"
          "Files/s, and how many times numpy.load's that is\n")
    columns = ("seplflow", "all_cores", "floor")
    print(f"{'':22}{'KB':>6}{'numpy.load':>12}" + "".join(f"{each:>18}" for each in columns)
          + f"{'spread':>8}")
    for name in sets:
        slow = seconds[name, "numpy"]
        cells = (f"{IMAGES / statistics.median(fast):9.0f} ({ratio(slow, fast):4.1f} x)"
                 for fast in (seconds[name, each] for each in columns))
        print(f"{name:22}{size[name] / 1000:6.0f}{IMAGES / statistics.median(slow):12.0f}"
              + "".join(f"{cell:>18}" for cell in cells)
              + f"{spread(seconds[name, 'seplflow']):7.0f}%")
    if ratio(seconds["IRN", "numpy"], seconds["IRN", "all_cores"]) < LEAST:
        sys.exit(f"error: IRN's files are read less than {LEAST} times as fast as by numpy.load")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--numpy"]:
        load_with_numpy(sys.argv[2:])
    else:
        main()
