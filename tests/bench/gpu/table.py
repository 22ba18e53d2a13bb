#!/usr/bin/env python3
"""The medians of what gpu.sh measured, as a table and as JSON.

    table.py LINES JSON

LINES has lines "NETWORK WHOSE WHAT DEVICE PRECISION: SECONDS s, ...".
"""

import json
import re
import statistics
import sys

# SAM's encoder alone is timed as "ours" and "plain": the operations of the official code.
PAIRS = {("deeplab", "forward"): ("forward", "images"),
         ("deeplab", "train"): ("train", "iterations"),
         ("sam", "generate"): ("generate", "images"),
         ("sam", "ours"): ("encode", "images"),
         ("sam", "plain"): ("encode", "images")}


def medians(lines):
    """Seconds by network, work, precision and whose code."""
    seconds = {}
    for line in lines:
        network, whose, what, device, precision, value = re.match(
            r"(\S+) (\S+) (\S+) (\S+) (\S+): ([\d.]+) s,", line).groups()
        if what == "plain":
            whose = "plain"
        work = PAIRS[network, what][0]
        seconds.setdefault((network, work, device, precision), {}).setdefault(whose, []).append(
            float(value))
    return {key: {whose: statistics.median(values) for whose, values in by.items()}
            for key, by in seconds.items()}


def main(lines, json_file):
    with open(lines, encoding="utf-8") as file:
        found = medians(file)
    rows = []
    print(f"{'network':9}{'work':10}{'device':8}{'precision':11}{'seplflow':>20}  beside")
    for (network, work, device, precision), by in found.items():
        unit = "iterations" if work == "train" else "images"
        ours = by.pop("seplflow", None)
        rows.append({"network": network, "work": work, "device": device, "precision": precision,
                     "seplflow_s": ours, "others_s": by})
        beside = ", ".join(f"{whose} {1 / seconds:.2f}/s" +
                           (f" (seplflow takes {ours / seconds:.2f} of its time)" if ours else "")
                           for whose, seconds in by.items())
        mine = f"{1 / ours:.2f} {unit}/s" if ours else "-"
        print(f"{network:9}{work:10}{device:8}{precision:11}{mine:>20}  {beside or 'not measured'}")
    with open(json_file, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
