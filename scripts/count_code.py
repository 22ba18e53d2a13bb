#!/usr/bin/env python3
"""Counts files, lines, types in headers and lengths of functions, to compare two versions.

Usage: scripts/count_code.py [FOLDER...]    (default: framework include plugins; needs universal-ctags)
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

TYPES = {"class", "struct", "enum", "typedef", "union"}


def tags(files):
    command = ["ctags", "--language-force=C++", "--kinds-C++=fcsgtu", "--fields=+neK",
               "--output-format=json", "-L", "-"]
    names = "\n".join(map(str, files))
    output = subprocess.run(command, input=names, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def main():
    folders = [Path(each) for each in sys.argv[1:]] or [Path("framework"), Path("include"), Path("plugins")]
    files = sorted(file for folder in folders for file in folder.rglob("*")
                   if file.suffix in (".cpp", ".hpp"))
    found = tags(files)
    lines = [len(file.read_text().splitlines()) for file in files]
    functions = sorted(tag["end"] - tag["line"] + 1 for tag in found
                       if tag["kind"] == "function" and "end" in tag)
    types = [tag for tag in found if tag["kind"] in TYPES and not tag["name"].startswith("__anon")]
    print(f"files                     {len(files):7}")
    print(f"lines                     {sum(lines):7}")
    print(f"longest file              {max(lines):7}")
    print(f"types in headers          {sum(tag['path'].endswith('.hpp') for tag in types):7}")
    print(f"types in .cpp files       {sum(tag['path'].endswith('.cpp') for tag in types):7}")
    print(f"functions                 {len(functions):7}")
    print(f"median function, lines    {statistics.median(functions):7g}")
    print(f"functions over 40 lines   {sum(length > 40 for length in functions):7}")
    print(f"longest function, lines   {functions[-1]:7}")


if __name__ == "__main__":
    main()
