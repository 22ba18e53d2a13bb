#!/usr/bin/env python3
"""Validates pipelines with `seplflow stages --schema` and a real JSON Schema validator.

Usage: schema_test.py SEPLFLOW PIPELINES
Exit status: 0 passed, 1 failed, 77 skipped.
"""
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
    import tomllib
except ImportError as missing:
    print(f"SKIPPED: {missing} (install python3-jsonschema, and Python 3.11 or later)")
    sys.exit(77)

SOUND = """
[stages.scenes]
use = "dataset.scenes"
size = 64
[stages.assign]
use = "sepl.assign"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks" }
[stages.select]
use = "sepl.select"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks", overlaps = "assign" }
t1 = 0.5
[stages.write]
use = "output.labels"
in = "select"
"""

# What is put at the end of SOUND, the places of its errors, and a part of the message.
ENDS = [
    ('', [], ''),
    ('palette = "none"', [], ''),
    ('palette = "${PALETTE}"', [], ''),
    ('palette = "nome"', ['stages.write.palette'], "'nome' is not one of ['voc', 'none']"),
    ('palete = "none"', ['stages.write.palete'], 'output.labels has no such option'),
    ('on_error = "ignore"', ['stages.write.on_error'], 'is not one of'),
    ('[stages.a]\nuse = "sepl.selct"\nin = "select"', ['stages.a.use'], "'sepl.selct' is not one"),
    ('[stages.a]\nuse = "cam.labels"\nin = "scenes"', ['stages.a'], "'dir' is a required property"),
    ('[stages.a]\nuse = "output.labels"', ['stages.a'], "'in' is a required property"),
    ('[stages.a]\nin = "select"', ['stages.a'], "'use' is a required property"),
    ('[stages."7a"]\nuse = "output.labels"\nin = "select"', ['stages.7a'], 'name is a letter'),
    ('[stages.s]\nuse = "sepl.select"\nt1 = 3\nt2 = "x"\noverlap = 1\n'
     'in = { pseudo = "scenes.pseudo", mask = "scenes.masks", overlaps = "assign" }',
     ['stages.s.in.mask', 'stages.s.overlap', 'stages.s.t1', 'stages.s.t2'], ''),
    ('[run]\njobs = -1\nlimits = 4', ['run.jobs', 'run.limits'], ''),
    ('[run]\nkeep = "some"', ['run.keep'], "is not one of ['all', 'best', 'none']"),
    ('[stage.a]\nuse = "output.labels"', ['stage'], 'a pipeline has no such table'),
    ('[published]\nsource = "Table 1"\n"write.x" = [1, nan]\n"write.y" = "many"',
     ['published.write.y'], "'many' is not of type"),
    ('[sweep]\n"write.palette" = []', ['sweep.write.palette'], ''),
    # A sweep may give what is missing.
    ('[stages.cam]\nin = "scenes"\n[sweep]\ncam = [{ use = "cam.labels", dir = "a" }]', [], ''),
    ('[stages.cam]\nuse = "cam.labels"\nin = "scenes"\n[[variant]]\nname = "a"\n'
     'set = { "cam.dir" = "a" }', [], ''),
    ('[stages.cam]\nuse = "cam.labels"\ndirs = "a"\n[sweep]\n"cam.dir" = ["a", "b"]',
     ['stages.cam.dirs'], 'cam.labels has no such option'),
]


def errors_of(validator, text):
    """Place and message of each error, by place."""
    found = validator.iter_errors(tomllib.loads(text))
    return sorted((".".join(map(str, error.absolute_path)), error.message) for error in found)


def main(program, pipelines):
    schema = json.loads(subprocess.run([program, "stages", "--schema"], check=True,
                                       stdout=subprocess.PIPE).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failures = []
    files = sorted(pathlib.Path(pipelines).rglob("*.toml"))
    for file in files:
        for place, message in errors_of(validator, file.read_text()):
            failures.append(f"{file}: {place}: {message}")
    if not files:
        failures.append(f"{pipelines} has no pipelines")
    for end, places, part in ENDS:
        found = errors_of(validator, SOUND + end)
        if [place for place, _ in found] != places or any(part not in text for _, text in found):
            failures.append(f"{end!r}: expected {places} with {part!r}, got {found}")
    print("\n".join(failures) or f"{len(files)} pipelines and {len(ENDS)} variations passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
