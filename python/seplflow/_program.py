"""The program of a wheel: `seplflow` on the PATH of the environment starts it."""
import os
import pathlib
import sys


def main() -> None:
    program = pathlib.Path(__file__).parent / "bin/seplflow"
    os.execv(program, ["seplflow", *sys.argv[1:]])
