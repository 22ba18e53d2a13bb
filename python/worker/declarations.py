"""What the stages of a file are, as data."""

import ast
import inspect
import json
import math
import sys
import types
import typing
from pathlib import Path

from seplflow import plugin
from seplflow_worker.modules import Wrong, load_module, stand_ins, text_of

TYPES = ("Image", "LabelMap", "ScoreMaps", "MaskSet", "OverlapTable", "ImageLabels", "Sample")
OUTPUT_NAMES = {"Image": "image", "LabelMap": "labels", "ScoreMaps": "scores", "MaskSet": "masks",
                "ImageLabels": "image_labels"}
# Options that the program adds to each stage.
OWN_OPTIONS = ("python", "timeout", "workers")
UNION = (typing.Union, getattr(types, "UnionType", typing.Union))


class Declaration:
    """A stage as data, and how to call it."""

    def __init__(self, stage, file, lines):
        self.stage = stage
        self.target = stage.target
        self.is_class = inspect.isclass(stage.target)
        self.place = f"{Path(file).name}:{self._line(lines)} ({stage.target.__name__})"
        self.line = self._line(lines)
        self.context = None  # the name of the parameter
        self.inputs, self.options, self.outputs = [], [], []
        self.declines = False
        self.errors = []
        self.summary, self.details, helps = split_docstring(stage.target)
        if self.is_class:
            self._read_options(method_of(stage.target, "__init__"), helps, of_init=True)
        if stage.kind == "source":
            self._read_source()
        else:
            self._read_call(helps)
        if not self.summary:
            self.errors.append("it has no docstring; its first sentence says what the stage does")

    def _line(self, lines):
        code = getattr(inspect.unwrap(self.target), "__code__", None)
        return code.co_firstlineno if code else lines.get(self.target.__name__, 0)

    def _read_call(self, helps):
        kind = self.stage.kind
        call = method_of(self.target, "__call__") if self.is_class else self.target
        if call is None:
            return self.errors.append(f"a {kind} that is a class needs a method __call__")
        hints = self._hints(call)
        for parameter in self._parameters(call):
            hint = hints.get(parameter.name, parameter.empty)
            if parameter.kind == parameter.KEYWORD_ONLY:
                if self.is_class:
                    self.errors.append(f"\"{parameter.name}\" is an option, so it belongs behind a * in "
                                       "the parameters of __init__")
                else:
                    self._read_option(parameter, hint, helps)
            elif self._is_context(hint):
                self.context = parameter.name
            else:
                self._read_input(parameter, hint)
        if kind == "transform":
            self._read_outputs(hints.get("return", inspect.Parameter.empty))
        if kind == "observer" and self.is_class:
            for name in ("fold", "finish"):
                if method_of(self.target, name) is None:
                    self.errors.append(f"an observer that is a class needs a method {name}")
        if kind == "observer" and not self.is_class and not self.stage.settings["columns"]:
            self.errors.append("an observer that is a function needs columns=[...], the names of the "
                               "numbers that it returns")
        for column in self.stage.settings.get("scores", ()):
            if self.is_class or column not in self.stage.settings["columns"]:
                self.errors.append(f"the score \"{column}\" is not one of its columns" if not self.is_class else
                                   "scores= is for functions; finish() of a class returns its scores")

    def _hints(self, function):
        try:
            return typing.get_type_hints(function, include_extras=True)
        except Exception as error:
            self.errors.append(f"its type hints cannot be read: {type(error).__name__}: {error}")
            return {}

    def _parameters(self, function):
        parameters = list(inspect.signature(function).parameters.values())
        return parameters[1:] if self.is_class else parameters

    def _is_context(self, hint):
        return hint is plugin.Context

    def _read_input(self, parameter, hint):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return self.errors.append(f"\"{parameter}\" has no names: write one parameter for each input")
        if hint is parameter.empty:
            if not self.errors or "type hints cannot be read" not in self.errors[0]:
                self.errors.append(f"the input \"{parameter.name}\" has no type hint; it is one of "
                                   + ", ".join(TYPES))
            return None
        optional, inner = without_none(hint)
        port = port_of(inner)
        if port is None:
            return self.errors.append(
                f"the input \"{parameter.name}\" is {shown(inner)}; inputs are " + ", ".join(TYPES)
                + " (options come after a *)")
        if optional != (parameter.default is None):
            return self.errors.append(f"the input \"{parameter.name}\" must be Optional[{port}] = None to "
                                      "stay unconnected, or have no default")
        return self.inputs.append({"name": parameter.name, "type": port, "optional": optional})

    def _read_outputs(self, hint):
        if hint is inspect.Parameter.empty:
            return self.errors.append("it has no type hint for what it returns: -> LabelMap, or another "
                                      "of " + ", ".join(OUTPUT_NAMES))
        self.declines, inner = without_none(hint)
        is_tuple = typing.get_origin(inner) is tuple
        hints = typing.get_args(inner) if is_tuple and port_of(inner) is None else (inner,)
        types_ = [port_of(each) for each in hints]
        for each, port in zip(hints, types_):
            if port not in OUTPUT_NAMES:
                return self.errors.append(f"it returns {port or shown(each)}; outputs are "
                                          + ", ".join(OUTPUT_NAMES))
        names = self.stage.settings["outputs"]
        names = [names] if isinstance(names, str) else names
        names = list(names) if names else [OUTPUT_NAMES[port] for port in types_]
        if len(names) != len(types_):
            return self.errors.append(f"outputs= has {len(names)} names, but it returns "
                                      f"{len(types_)} values")
        self.outputs = [{"name": name, "type": port} for name, port in zip(names, types_)]
        return None

    def _read_source(self):
        if not self.is_class:
            return self.errors.append("a source is a class, whose samples() yields the Samples")
        if method_of(self.target, "samples") is None:
            self.errors.append("it has no method samples(), which yields the Samples")
        self.outputs = [{"name": "sample", "type": "Sample"}]
        for name, function in vars(self.target).items():
            if name.startswith("_") or name == "samples" or not inspect.isfunction(function):
                continue
            hints = self._hints(function)
            optional, inner = without_none(hints.get("return", inspect.Parameter.empty))
            port = port_of(inner)
            if port in OUTPUT_NAMES:
                self.outputs.append({"name": name, "type": port, "optional": optional})
        return None

    def _read_options(self, function, helps, of_init):
        if function is None or function is object.__init__:
            return
        hints = self._hints(function)
        for parameter in self._parameters(function):
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                self.errors.append(f"\"{parameter}\" of __init__ has no names: write one parameter for "
                                   "each option")
            else:
                self._read_option(parameter, hints.get(parameter.name, parameter.empty), helps)

    def _read_option(self, parameter, hint, helps):
        name = parameter.name
        if name in OWN_OPTIONS:
            return self.errors.append(f"the option \"{name}\" has a name that each Python stage uses for "
                                      "itself; call it something else")
        if hint is parameter.empty:
            return self.errors.append(f"the option \"{name}\" has no type hint, such as float")
        option = {"name": name, "help": helps.get(name, "(not described)"), "type": None}
        optional, inner = without_none(hint)
        if typing.get_origin(inner) is typing.Annotated:
            for extra in inner.__metadata__:
                self._constrain(option, extra)
            also_optional, inner = without_none(inner.__origin__)
            optional = optional or also_optional
        option["type"] = option_type(inner)
        if option["type"] is None:
            return self.errors.append(
                f"the option \"{name}\" is {shown(inner)}; options are bool, int, float, str, Path, a "
                "Literal of texts, or a list of int, float or str")
        if typing.get_origin(inner) is typing.Literal:
            option["choices"] = list(typing.get_args(inner))
        option["required"] = parameter.default is parameter.empty
        if not option["required"] and parameter.default is not None:
            try:
                option["default"] = option_value(option["type"], parameter.default)
            except Wrong as error:
                return self.errors.append(f"the default of the option \"{name}\" is {error}")
        elif parameter.default is None and not optional:
            return self.errors.append(f"the option \"{name}\" must be Optional[...] to be None")
        return self.options.append(option)

    @staticmethod
    def _constrain(option, extra):
        if isinstance(extra, str):
            option["help"] = extra
        elif isinstance(extra, plugin.Constraint):
            for key, value in extra._asdict().items():
                if value not in (None, ""):
                    option[key] = value

    def _columns(self):
        columns = [str(column) for column in self.stage.settings.get("columns", ())]
        return ["name", *columns] if columns and not self.is_class else columns

    def as_json(self):
        settings = self.stage.settings
        return {"name": self.stage.name, "kind": self.stage.kind, "line": self.line,
                "function": self.target.__name__, "summary": self.summary, "details": self.details,
                "inputs": self.inputs, "outputs": self.outputs, "options": self.options,
                "is_class": self.is_class, "serial": bool(settings.get("serial")),
                "ordered": bool(settings.get("ordered")), "any_size": bool(settings.get("any_size")),
                "columns": self._columns(),
                "counts_samples": self.stage.kind == "source" and method_of(self.target, "__len__") is not None,
                "names_files": self.is_class and method_of(self.target, "files") is not None}


def method_of(cls, name):
    method = getattr(cls, name, None)
    return method if inspect.isfunction(method) else None


def without_none(hint):
    """Whether the hint is Optional, and the hint inside of it."""
    if typing.get_origin(hint) not in UNION:
        return False, hint
    others = [each for each in typing.get_args(hint) if each is not type(None)]
    is_optional = len(others) < len(typing.get_args(hint))
    return is_optional, others[0] if len(others) == 1 else hint


def port_of(hint):
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, plugin.Port):
            return extra.type
    name = getattr(hint, "__name__", None)
    return name if name in TYPES and getattr(plugin, name, None) is hint else None


def shown(hint):
    return getattr(hint, "__name__", None) or str(hint).replace("typing.", "")


def option_type(hint):
    plain = {bool: "boolean", int: "integer", float: "number", str: "text", Path: "path"}
    if isinstance(hint, type) and hint in plain:
        return plain[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal and all(isinstance(each, str) for each in arguments):
        return "text"
    if origin is list and arguments and arguments[0] in (int, float, str):
        return {int: "integers", float: "numbers", str: "texts"}[arguments[0]]
    return None


def option_value(kind, value):
    """The default as JSON."""
    if kind in ("integers", "numbers", "texts"):
        if not isinstance(value, (list, tuple)):
            raise Wrong(f"{value!r}, which is not a list")
        return [option_value(kind[:-1], each) for each in value]
    expected = {"boolean": bool, "integer": int, "number": (int, float), "text": str, "path": (Path, str)}[kind]
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        raise Wrong(f"{value!r}, but its type hint says {kind}")
    if kind == "number":
        if not math.isfinite(value):
            raise Wrong(f"{value!r}, which is not a finite number")
        return float(value)
    return str(value) if kind == "path" else value


def split_docstring(target):
    """The first sentence, what follows, and the lines "name: help"."""
    text = inspect.cleandoc(target.__doc__ or "")
    first, _, rest = text.partition("\n\n")
    helps, details, current = {}, [], None
    for line in rest.splitlines():
        name, colon, said = line.strip().partition(":")
        if colon and name.isidentifier() and said.strip():
            current = name
            helps[name] = said.strip()
        elif current and line.startswith(" ") and line.strip():
            helps[current] += " " + line.strip()
        elif line.strip() not in ("Args:", "Options:", "Parameters:"):
            current = None
            details.append(line)
    return " ".join(first.split()).rstrip("."), "\n".join(details).strip(), helps


def declarations_of(file, text, stages):
    lines = {node.name: node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}
    return [Declaration(stage, file, lines) for stage in stages]


def describe(file):
    """The answer that the index of plugins keeps: version, stages, rejected, refused, declarations."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        module, stages = load_with_stand_ins(file, text)
        declarations = declarations_of(file, text, stages)
    except BaseException as error:
        return ["", [], [], text_of(error, file) + missing_hint(error), ""]
    if not declarations:
        return ["", [], [], "no function or class in it is decorated as a stage", ""]
    rejected = [[each.stage.name, f"{each.place}: " + "; ".join(each.errors)] for each in declarations
                if each.errors]
    good = [each.as_json() for each in declarations if not each.errors]
    return [str(getattr(module, "__version__", "")), [], rejected, "", json.dumps(good)]


def load_with_stand_ins(file, text):
    """What is declared does not depend on torch and the like, which another interpreter may have."""
    first = None
    while True:
        try:
            return load_module(file, text)
        except ModuleNotFoundError as error:
            first = first or error
            root = (error.name or "").split(".")[0]
            if not root or root in stand_ins.names:
                raise first from None
            stand_ins.names.add(root)
        except BaseException:
            if first is not None:
                raise first from None
            raise


def missing_hint(error):
    if not isinstance(error, ModuleNotFoundError):
        return ""
    return (f"; the interpreter is {sys.executable}; another one can be named in the first line of the "
            "file (#!/opt/conda/envs/x/bin/python), in SEPLFLOW_PYTHON, or by the option python of a stage")
