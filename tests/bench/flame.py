#!/usr/bin/env python3
"""Draws a flame graph of the SEPL job on images of COCO's size, masks as PNG and as JSON.

Usage: flame.py BUILD OUT [--images N]     writes OUT/png.svg and OUT/json.svg; see README.md
"""

import argparse
import html
import re
import subprocess
import tempfile
from pathlib import Path

import compare

WORK = "Visit::compute"  # the function that calls a stage
WIDTH, ROW, FONT = 1600, 17, 11
LEAST_WIDTH = 0.4  # of a frame that is drawn


class Frame:
    def __init__(self):
        self.samples = 0
        self.callees = {}

    def add(self, stack):
        self.samples += 1
        if stack:
            self.callees.setdefault(stack[0], Frame()).add(stack[1:])

    def depth(self):
        return 1 + max((each.depth() for each in self.callees.values()), default=0)


def short(symbol):
    """Without parameters, template arguments and our namespace."""
    symbol = symbol.replace("(anonymous namespace)::", "").replace("seplflow::", "")
    before = None
    while symbol != before:
        before, symbol = symbol, re.sub(r"<[^<>]*>", "", symbol)
    return symbol.split("(")[0].strip() or symbol


def stacks(record):
    """Of each sample, from the outermost function to the innermost; of the work of a stage, without
    the scheduler, whose depth differs each time."""
    text = subprocess.run(["perf", "script", "-i", record, "-F", "ip,sym,dso"], check=True,
                          capture_output=True, text=True).stdout
    for sample in text.split("\n\n"):
        stack = []
        for line in sample.strip().splitlines():
            _, symbol, library = re.fullmatch(r"\s*(\S+) (.*) \((.*)\)", line).groups()
            named = symbol if symbol != "[unknown]" else f"({Path(library).name})"
            stack.append(named if named.startswith("(") else short(named))
        stack.reverse()
        if WORK in stack:
            stack = stack[stack.index(WORK):]
        if stack:
            yield stack


def svg(root):
    height = ROW * root.depth()
    shapes = []

    def draw(name, frame, x, level):
        width = WIDTH * frame.samples / root.samples
        if width < LEAST_WIDTH:
            return
        y = height - ROW * (level + 1)
        share = f"{100 * frame.samples / root.samples:.1f} %"
        colour = f"hsl({hash(name) % 50}, 80%, {62 + hash(name) % 12}%)"
        letters = int(width / (FONT * 0.64))
        text = html.escape(name[:letters]) if letters > 3 else ""
        shapes.append(
            f'<g><title>{html.escape(name)}: {share}</title><rect x="{x:.1f}" y="{y}" '
            f'width="{width:.1f}" height="{ROW - 1}" fill="{colour}"/>'
            f'<text x="{x + 2:.1f}" y="{y + ROW - 5}">{text}</text></g>')
        for callee, each in sorted(frame.callees.items()):
            draw(callee, each, x, level + 1)
            x += WIDTH * each.samples / root.samples

    draw("all", root, 0, 0)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'font-family="monospace" font-size="{FONT}">\n' + "\n".join(shapes) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=int, default=200)
    arguments = parser.parse_args()
    program = (arguments.build / "bin" / "seplflow").resolve()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        data = compare.coco_sized(program, arguments.images, scratch)
        for form in ("png", "json"):
            record = scratch / f"{form}.perf"
            job = compare.Set(f"flame-{form}", form, "list.txt", data, scratch)
            perf = ("perf", "record", "-q", "-F", "1999", "--call-graph", "dwarf,16384", "-o", record,
                    "--", program)
            compare.seplflow(perf, job, 1, scratch / f"out-{form}")
            root = Frame()
            for stack in stacks(record):
                root.add(stack)
            (arguments.out / f"{form}.svg").write_text(svg(root))
            print(f"{arguments.out / form}.svg: {root.samples} samples")


if __name__ == "__main__":
    main()
