"""Values of options as TOML, the form in which the program reads them."""
from __future__ import annotations

import json
import os
import re

import numpy

from ._errors import UsageError

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml(value: object, name: str) -> str:
    """The TOML text of a bool, number, string, path, list, tuple, array or dict."""
    if isinstance(value, (bool, numpy.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, numpy.integer)):
        return str(int(value))
    if isinstance(value, (float, numpy.floating)):
        # float32(0.1) means 0.1, and not the float64 that is nearest to it.
        return repr(float(str(value)) if isinstance(value, numpy.floating) else value)
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(str(os.fspath(value)), ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, (list, tuple, set, frozenset)) or (
        isinstance(value, numpy.ndarray) and value.ndim == 1
    ):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return "[" + ", ".join(toml(item, name) for item in items) + "]"
    if isinstance(value, dict):
        pairs = (f"{toml_key(str(key))} = {toml(item, name)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    raise TypeError(
        f"option \"{name}\": expected a bool, a number, a string, a path, a list or a dict, "
        f"got an object of type {type(value).__name__}"
    )


def toml_key(key: str) -> str:
    """A dotted key, with quotes where they are needed."""
    parts = key.split(".")
    return ".".join(p if _BARE_KEY.fullmatch(p) else toml(p, key) for p in parts)


def toml_options(options: dict) -> str:
    """The options of a stage as lines of TOML; those that are None keep their defaults."""
    reserved = {"use", "in", "on_error", "name"} & set(options)
    if reserved:
        raise UsageError(f"\"{min(reserved)}\" belongs to pipeline files; it is not an option of a stage")
    lines = (
        f"{toml_key(key)} = {toml(value, key)}\n" for key, value in options.items() if value is not None
    )
    return "".join(lines)


def settings(values: dict | None) -> list[str]:
    """The arguments of --set for {"stage.option": value}."""
    return [f"{key}={toml(value, key)}" for key, value in (values or {}).items()]


def axes(values: dict | None) -> list[str]:
    """The arguments of --sweep for {"stage.option": values}; a string is a range or a list as text."""
    arguments = []
    for key, axis in (values or {}).items():
        if isinstance(axis, str):
            arguments.append(f"{key}={axis}")
        elif isinstance(axis, (list, tuple, range, numpy.ndarray)) and len(axis) > 0:
            arguments.append(f"{key}=" + ",".join(toml(value, key) for value in axis))
        else:
            raise TypeError(
                f"sweep \"{key}\": expected a list of values or a string such as \"0.2:0.8:0.1\", "
                f"got {axis!r}"
            )
    return arguments
