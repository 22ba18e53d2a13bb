"""What a Python interpreter runs for seplflow: it describes the stages of a file, or works for them.

The program sends this text and that of plugin.py along, so nothing has to be installed beside numpy.
Both sides talk in JSON on a socket; each message has its length in front. Values lie in two blocks of
shared memory, one for each direction.
"""

import ast
import base64
import faulthandler
import functools
import importlib.abc
import importlib.machinery
import inspect
import json
import linecache
import math
import mmap
import os
import signal
import socket
import struct
import sys
import traceback
import types
import typing
from pathlib import Path

TYPES = ("Image", "LabelMap", "ScoreMaps", "MaskSet", "OverlapTable", "ImageLabels", "Sample")
OUTPUT_NAMES = {"Image": "image", "LabelMap": "labels", "ScoreMaps": "scores", "MaskSet": "masks",
                "ImageLabels": "image_labels"}
# Options that the program adds to each stage.
OWN_OPTIONS = ("python", "timeout", "workers")
UNION = (typing.Union, getattr(types, "UnionType", typing.Union))


class Wrong(Exception):
    """An error in a declaration or a value, for the author of a stage."""


# ---- Modules ----

class OwnModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Provides seplflow.plugin, and a package around it that becomes the real one when asked for more."""

    def __init__(self, plugin_text):
        self.plugin_text = plugin_text

    def find_spec(self, name, path=None, target=None):
        if name == "seplflow":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        if name == "seplflow.plugin":
            return importlib.machinery.ModuleSpec(name, self)
        return None

    def exec_module(self, module):
        if module.__name__ == "seplflow.plugin":
            remember_lines("<seplflow.plugin>", self.plugin_text)
            exec(compile(self.plugin_text, "<seplflow.plugin>", "exec"), module.__dict__)
            return
        real = importlib.machinery.PathFinder.find_spec("seplflow")
        if real is not None and real.submodule_search_locations:
            module.__path__ = list(real.submodule_search_locations)
        module.__getattr__ = functools.partial(become_real, module, real)


def become_real(module, real, name):
    if name.startswith("__"):
        raise AttributeError(name)
    if real is None or real.loader is None:
        raise AttributeError(
            f"seplflow has no \"{name}\" here: this interpreter ({sys.executable}) has only "
            "seplflow.plugin; install the package of seplflow into it for more")
    del module.__getattr__
    real.loader.exec_module(module)
    return getattr(module, name)


class MissingThing:
    """A name of a module that this interpreter does not have, while stages are only described."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments, **more):
        # A decorator returns what it decorates.
        is_decorator = len(arguments) == 1 and not more and isinstance(
            arguments[0], (type, types.FunctionType))
        return arguments[0] if is_decorator else self

    def __getitem__(self, key):
        return self

    def __mro_entries__(self, bases):
        return ()


class MissingModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands for modules that only a stage's own interpreter has."""

    def __init__(self):
        self.names = set()

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in self.names:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def exec_module(self, module):
        module.__getattr__ = MissingThing().__getattr__


stand_ins = MissingModules()


def remember_lines(file, text):
    # For tracebacks, whatever becomes of the file.
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)


def load_module(file, text):
    """Runs the text of a plugin; returns its module and its stages."""
    name = "seplflow_file_" + Path(file).stem
    module = types.ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module
    stages_of = sys.modules["seplflow.plugin"].stages_of
    stages_of.pop(name, None)
    folder = str(Path(file).resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    remember_lines(file, text)
    exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    return module, list(stages_of.get(name, ()))


def text_of(error, file):
    """An exception and its traceback as one line, since messages of the program have one line."""
    if isinstance(error, Wrong):
        return str(error)
    said = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    said = type(error).__name__ + (": " + said if said else "")
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}: {said}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if frame.filename not in ("<seplflow.worker>", "<seplflow.plugin>")
              and not frame.filename.startswith("<frozen ")]
    if not frames:
        return said
    lines = []
    for frame in reversed(frames[-8:]):
        name = Path(frame.filename).name if frame.filename == file else frame.filename
        lines.append(f"{name}:{frame.lineno} in {frame.name}: {frame.line}")
    # The author looks for the place in the file first.
    own = next((frame for frame in reversed(frames) if frame.filename == file), frames[-1])
    return f"{Path(own.filename).name}:{own.lineno}: {said} [" + " <- ".join(lines) + "]"


# ---- Declarations ----

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
        code = getattr(self.target, "__code__", None)
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
        return hint is sys.modules["seplflow.plugin"].Context

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
        elif isinstance(extra, sys.modules["seplflow.plugin"].Constraint):
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
    plugin = sys.modules["seplflow.plugin"]
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


# ---- Values ----

class Block:
    """Shared memory that the program reads or writes while this process does not."""

    def __init__(self, descriptor, writes):
        self.descriptor, self.writes = descriptor, writes
        self.map = None

    def bytes(self, size):
        """At least `size` bytes of it."""
        if self.map is None or len(self.map) < size:
            self.map = None
            length = os.fstat(self.descriptor).st_size
            if length < size:
                length = max(size + size // 4, 1 << 16)
                os.ftruncate(self.descriptor, length)
            self.map = mmap.mmap(self.descriptor, length,
                                 access=mmap.ACCESS_WRITE if self.writes else mmap.ACCESS_READ)
        return np.frombuffer(self.map, np.uint8)


class Reader:
    """Turns what the program sent into values. The arrays are views of the block and read-only."""

    def __init__(self, base):
        self.base = base

    def array(self, offset, dtype, *shape):
        count = math.prod(shape)
        dtype = np.dtype(dtype)
        return self.base[offset:offset + count * dtype.itemsize].view(dtype).reshape(shape)

    def value(self, sent):
        return None if sent is None else getattr(self, "read_" + sent[0])(*sent[1:])

    def read_Image(self, offset, height, width):
        return self.array(offset, np.uint8, height, width, 3)

    def read_LabelMap(self, offset, height, width):
        return self.array(offset, np.uint8, height, width)

    def read_ScoreMaps(self, offset, height, width, classes, precision, method):
        dtype = np.float64 if precision == "full" else np.float32
        values = self.array(offset, dtype, len(classes), height, width)
        if precision == "half":
            values = values.astype(np.float16)
            values.flags.writeable = False
        return plugin.ScoreMaps(classes, values, method)

    def read_MaskSet(self, offset, count, size, total):
        starts = self.array(offset, np.uint64, count + 1)
        infos = self.array(offset + 8 * (count + 1), np.float64, count, 8)
        bounds = self.array(offset + 8 * (count + 1) + 64 * count, np.uint32, total)
        places = starts.tolist()
        each = [bounds[places[i]:places[i + 1]] for i in range(count)]
        return plugin.MaskSet._of(size and tuple(size), each, [self.info(row) for row in infos.tolist()])

    @staticmethod
    def info(row):
        if row[0] != row[0]:
            return None
        return {"predicted_iou": row[0], "stability_score": row[1], "point": tuple(row[2:4]),
                "crop_box": tuple(row[4:8])}

    def read_OverlapTable(self, offset, masks, classes):
        k = len(classes)
        numbers = self.array(offset, np.uint64, k + 2 * masks + masks * k)
        return plugin.OverlapTable(
            tuple(classes), numbers[:k], numbers[k:k + masks],
            numbers[k + masks:k + masks + masks * k].reshape(masks, k),
            numbers[k + masks + masks * k:].view(np.int64))

    def read_ImageLabels(self, classes):
        return tuple(classes)

    def read_Sample(self, sample):
        return sample_of(sample)


class Writer:
    """Collects arrays for the program, and what it must know to read them."""

    def __init__(self):
        self.parts, self.size = [], 0

    def put(self, array):
        """The place of a copy in native order, from rows to columns."""
        offset = (self.size + 63) & ~63
        self.parts.append((offset, array))
        self.size = offset + array.nbytes
        return offset

    def copy_to(self, block):
        base = block.bytes(max(self.size, 1))
        for offset, array in self.parts:
            native = array.dtype.newbyteorder("=")
            target = base[offset:offset + array.nbytes].view(native).reshape(array.shape)
            np.copyto(target, array)

    def value(self, port, value):
        return getattr(self, "write_" + port)(value)

    def write_Image(self, value):
        array = as_array(value, "H x W x 3 of uint8")
        if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
            raise Wrong(f"it returned {plugin._kind(array)} as an Image; expected uint8 of H x W x 3")
        return ["Image", self.put(array), *array.shape[:2]]

    def write_LabelMap(self, value):
        array = as_array(value, "H x W of uint8")
        if array.ndim != 2 or array.dtype.kind not in "iu":
            raise Wrong(f"it returned {plugin._kind(array)} as a LabelMap; expected H x W of integers: 0 for "
                        "background, 255 for ignored pixels, and the labels of the classes")
        if array.dtype != np.uint8:
            outside = (array < 0) | (array > 255)
            if outside.any():
                y, x = np.argwhere(outside)[0]
                raise Wrong(f"it returned a LabelMap with {array[y, x]} at row {y}, column {x}; "
                            "labels are 0..255")
            array = array.astype(np.uint8)
        return ["LabelMap", self.put(array), *array.shape]

    def write_ScoreMaps(self, value):
        if not isinstance(value, plugin.ScoreMaps):
            raise Wrong(f"it returned {type(value).__name__}; expected ScoreMaps(classes, values)")
        array = as_array(value.values, "K x H x W of float32")
        precision = {"f2": "half", "f4": "single", "f8": "full"}.get(array.dtype.str[1:])
        if array.ndim != 3 or precision is None or array.shape[0] != len(value.classes):
            raise Wrong(f"it returned {plugin._kind(array)} as ScoreMaps of {len(value.classes)} classes; expected "
                        "K x H x W of float16, float32 or float64")
        if np.isnan(array).any():
            k, y, x = np.argwhere(np.isnan(array))[0]
            raise Wrong(f"it returned ScoreMaps with NaN for class {value.classes[k]} at row {y}, column {x}")
        if precision == "half":
            array = array.astype(np.float32)
        classes = labels_of(value.classes, "ScoreMaps", 0)
        return ["ScoreMaps", self.put(array), *array.shape[1:], classes, precision, str(value.method)]

    def write_MaskSet(self, value):
        if not isinstance(value, plugin.MaskSet):
            try:
                value = plugin.MaskSet(value)
            except TypeError as error:
                raise Wrong(f"it returned a MaskSet in which {error}") from None
        starts = np.zeros(len(value) + 1, np.uint64)
        np.cumsum([len(each) for each in value._bounds], out=starts[1:], dtype=np.uint64)
        infos = np.full((len(value), 8), np.nan)
        for row, info in zip(infos, value._infos):
            if info is not None:
                numbers = [info["predicted_iou"], info["stability_score"], *info["point"], *info["crop_box"]]
                if len(numbers) != 8 or not all(math.isfinite(number) for number in numbers):
                    raise Wrong(f"it returned a mask with a record that has no finite numbers: {info}")
                row[:] = numbers
        bounds = np.concatenate([np.zeros(0, np.uint32), *value._bounds])
        whole = np.concatenate([starts.view(np.uint8), infos.view(np.uint8).reshape(-1), bounds.view(np.uint8)])
        size = value.size and [int(length) for length in value.size]
        return ["MaskSet", self.put(whole), len(value), size, len(bounds)]

    def write_ImageLabels(self, value):
        return ["ImageLabels", sorted(set(labels_of(value, "ImageLabels", 1)))]

    def write_bytes(self, data):
        return [self.put(np.frombuffer(data, np.uint8)), len(data)]


def as_array(value, expected):
    array = np.asarray(value)
    if array.dtype == object:
        raise Wrong(f"it returned {type(value).__name__}; expected an array of {expected}")
    return array


def labels_of(labels, what, least):
    try:
        numbers = [int(label) for label in labels]
        exact = all(number == label for number, label in zip(numbers, labels))
    except (TypeError, ValueError):
        raise Wrong(f"it returned {type(labels).__name__} for the classes of {what}; expected numbers of "
                    "classes") from None
    if not exact or any(not least <= number <= 254 for number in numbers):
        raise Wrong(f"it returned {what} with the classes {list(labels)}; expected {least}..254")
    return numbers


def sample_of(sent):
    note = None if sent.get("note") is None else from_plain(json.loads(sent["note"]))
    return plugin.Sample(sent["id"], sent["classes"], sent["size"], note, sent["index"])


def to_plain(value):
    """A value of numbers, texts, lists, dicts and arrays as JSON that can be turned back."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        array = np.ascontiguousarray(value)
        return {"~array": [array.dtype.str, list(array.shape), base64.b64encode(array.tobytes()).decode()]}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"~float": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [to_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): to_plain(each) for key, each in value.items()}
    raise Wrong(f"it returned {type(value).__name__} inside of a record; a record consists of numbers, texts, "
                "lists, dicts and arrays of numbers")


def from_plain(value):
    if isinstance(value, list):
        return [from_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "~array" in value:
        dtype, shape, data = value["~array"]
        return np.frombuffer(base64.b64decode(data), dtype).reshape(shape).copy()
    if "~float" in value:
        return float(value["~float"])
    return {key: from_plain(each) for key, each in value.items()}


# ---- Work ----

class MeansOfColumns:
    """An observer that is a function: the row of a sample is what it returns, and the means are the result."""

    def __init__(self, columns, unit):
        self.columns, self.unit = columns, unit
        self.sums, self.counts = [0.0] * len(columns), [0] * len(columns)

    def fold(self, sample, record):
        numbers = list(record.values()) if isinstance(record, dict) else record
        numbers = list(numbers) if isinstance(numbers, (list, tuple)) else [numbers]
        if isinstance(record, dict):
            if set(record) != set(self.columns):
                raise Wrong(f"it returned {sorted(record)}; its columns are {sorted(self.columns)}")
            numbers = [record[column] for column in self.columns]
        if len(numbers) != len(self.columns):
            raise Wrong(f"it returned {len(numbers)} numbers, but has {len(self.columns)} columns")
        for i, number in enumerate(numbers):
            if not isinstance(number, (int, float)):
                raise Wrong(f"it returned {number!r} for the column \"{self.columns[i]}\"; expected a number")
            if math.isfinite(number):
                self.sums[i] += number
                self.counts[i] += 1
        return [sample.id, *numbers]

    def finish(self):
        means = {column: total / count if count else math.nan
                 for column, total, count in zip(self.columns, self.sums, self.counts)}
        scores = [] if self.unit is None else [
            plugin.Score(column, mean, column, self.unit) for column, mean in means.items()]
        return plugin.Findings(metrics=means, scores=scores)


class Instance:
    """A stage with its options, in this process."""

    def __init__(self, declaration, options):
        self.declaration = declaration
        self.options = {option["name"]: Path(options[option["name"]]) if option["type"] == "path"
                        else options[option["name"]]
                        for option in declaration.options if options.get(option["name"]) is not None}
        self.object = declaration.target(**self.options) if declaration.is_class else None
        self.samples = None
        if declaration.stage.kind == "observer":
            self.folder = self.object if declaration.is_class else MeansOfColumns(
                declaration.stage.settings["columns"], declaration.stage.settings["unit"])

    def call(self, inputs, context):
        declaration = self.declaration
        named = {port["name"]: value for port, value in zip(declaration.inputs, inputs)}
        if declaration.context:
            named[declaration.context] = context
        if self.object is not None:
            return self.object(**named)
        return declaration.target(**named, **self.options)


class Worker:
    def __init__(self, control, request, response):
        self.socket = socket.socket(fileno=control)
        self.request = Block(request, writes=False)
        self.response = Block(response, writes=True)
        self.files = {}  # declarations by file and stage
        self.instances = {}
        self.file = ""  # for the places of errors
        self.base = None  # what the inputs of this call are views of

    def run(self):
        self.send({"ready": sys.executable})
        while True:
            head = self.receive(4)
            asked = json.loads(self.receive(struct.unpack("<I", head)[0]))
            self.send(self.answer(asked))

    def receive(self, size):
        data = bytearray()
        while len(data) < size:
            some = self.socket.recv(size - len(data))
            if not some:
                os._exit(0)  # the program has ended, or needs this process no longer
            data += some
        return bytes(data)

    def send(self, message):
        data = json.dumps(message, allow_nan=False).encode()
        self.socket.sendall(struct.pack("<I", len(data)) + data)

    def answer(self, asked):
        instance = self.instances.get(asked.get("id"))
        if instance is not None:
            self.file = instance.file
        try:
            answer = getattr(self, "do_" + asked["do"])(asked, instance)
        except BaseException as error:
            text = text_of(error, self.file)
            if isinstance(error, Wrong) and instance is not None:
                text = f"{instance.declaration.place}: {text}"
            answer = {"error": text}
        base, self.base = self.base, None
        # Two references are ours. Any other belongs to the stage, which has kept an input.
        if base is not None and sys.getrefcount(base) > 2:
            self.request.map = None
            answer["kept"] = True
        return answer

    def do_block(self, asked, instance):
        """A stage has kept an input, which may not change any more: the program sends another block."""
        _, descriptors, _, _ = socket.recv_fds(self.socket, 1, 1)
        os.close(self.request.descriptor)
        self.request = Block(descriptors[0], writes=False)
        return {}

    def do_load(self, asked, instance):
        self.file = asked["file"]
        _, stages = load_module(self.file, asked["text"])
        declarations = declarations_of(self.file, asked["text"], stages)
        self.files[self.file] = {each.stage.name: each for each in declarations}
        return {}

    def do_make(self, asked, instance):
        self.file = asked["file"]
        declaration = self.files[self.file].get(asked["stage"])
        declared = json.loads(asked["declared"])
        if declaration is None or declaration.errors or declaration.as_json() != declared:
            raise Wrong(f"{Path(self.file).name}: the stage {asked['stage']} has other inputs, outputs or options "
                        f"in {sys.executable} than in the interpreter that described the file")
        made = Instance(declaration, asked["options"])
        made.file = self.file
        self.instances[asked["id"]] = made
        return {}

    def do_call(self, asked, instance):
        context = plugin.Context(sample_of(asked["sample"]))
        self.base = self.request.bytes(max(asked["size"], 1))
        reader = Reader(self.base)
        result = instance.call([reader.value(each) for each in asked["inputs"]], context)
        return self.answer_of(instance.declaration, result, context)

    def answer_of(self, declaration, result, context):
        answer = {"warnings": context._warnings, "counts": context._counts}
        writer = Writer()
        kind = declaration.stage.kind
        if kind == "transform":
            if result is None:
                if not declaration.declines:
                    raise Wrong("it returned None; a stage that may decline a sample has the type hint "
                                "-> Optional[...]")
                return dict(answer, values=None)
            values = result if len(declaration.outputs) > 1 else (result,)
            if not isinstance(values, tuple) or len(values) != len(declaration.outputs):
                said = f"{len(values)} values" if isinstance(values, tuple) else type(values).__name__
                raise Wrong(f"it returned {said}; expected a tuple of {len(declaration.outputs)} values")
            answer["values"] = [writer.value(port["type"], value)
                                for port, value in zip(declaration.outputs, values)]
        elif kind == "observer":
            answer["record"] = json.dumps(to_plain(result))
        elif result is not None:
            raise Wrong(f"it returned {type(result).__name__}; a sink returns nothing and writes with "
                        "Context.write()")
        if context._files and kind != "sink":
            raise Wrong("only a sink may write files")
        answer["files"] = [[file, *writer.write_bytes(data)] for file, data in context._files]
        writer.copy_to(self.response)
        return answer

    def do_produce(self, asked, instance):
        context = plugin.Context(sample_of(asked["sample"]))
        port = instance.declaration.outputs[asked["output"]]
        value = getattr(instance.object, port["name"])(context.sample)
        if value is None:
            if not port["optional"]:
                raise Wrong(f"{port['name']}() returned None; an output that a sample may not have has the type "
                            "hint -> Optional[...]")
            return {"value": None}
        writer = Writer()
        sent = writer.value(port["type"], value)
        writer.copy_to(self.response)
        return {"value": sent}

    def do_next(self, asked, instance):
        if instance.samples is None:
            instance.samples = iter(instance.object.samples())
        sample = next(instance.samples, None)
        if sample is None:
            return {"sample": None}
        if not isinstance(sample, plugin.Sample):
            raise Wrong(f"samples() yielded {type(sample).__name__}; expected a Sample")
        return {"sample": {"id": str(sample.id), "classes": sample.classes, "size": sample.size,
                           "note": None if sample.note is None else json.dumps(to_plain(sample.note))}}

    def do_count(self, asked, instance):
        return {"count": len(instance.object)}

    def do_files(self, asked, instance):
        files = instance.object.files(sample_of(asked["sample"]))
        return {"files": [os.path.abspath(file) for file in files]}

    def do_fold(self, asked, instance):
        row = instance.folder.fold(sample_of(asked["sample"]), from_plain(json.loads(asked["record"])))
        return {"row": [] if row is None else to_plain(list(row))}

    def do_finish(self, asked, instance):
        found = instance.folder.finish()
        if isinstance(found, dict):
            found = plugin.Findings(metrics=found)
        if not isinstance(found, plugin.Findings):
            raise Wrong(f"finish() returned {type(found).__name__}; expected Findings or a dict of metrics")
        tables = [[table.title, list(table.columns), [[str(cell) for cell in row] for row in table.rows]]
                  for table in found.tables]
        return {"metrics": metrics_of(found.metrics), "tables": tables, "warnings": list(found.warnings),
                "scores": [[s.name, to_plain(float(s.value)), s.metric, s.unit, s.better] for s in found.scores],
                "conditions": found.conditions, "remark": found.remark}


def metrics_of(metrics):
    """Pairs, so that their order is kept."""
    if isinstance(metrics, dict):
        return {"~dict": [[str(key), metrics_of(value)] for key, value in metrics.items()]}
    if isinstance(metrics, (list, tuple)):
        if not all(isinstance(each, dict) for each in metrics):
            raise Wrong("a list of metrics consists of dicts, such as {\"class\": \"cat\", \"share\": 0.5}")
        return [metrics_of(each) for each in metrics]
    if isinstance(metrics, np.generic):
        metrics = metrics.item()
    if isinstance(metrics, float) and not math.isfinite(metrics):
        if metrics != metrics:
            return None
        raise Wrong(f"{metrics} is not a finite number for a metric")
    if metrics is None or isinstance(metrics, (bool, int, float, str)):
        return metrics
    raise Wrong(f"a metric is {type(metrics).__name__}; expected a number, a text, a list or a dict")


def main(arguments, plugin_text):
    mode, out = arguments[0], int(arguments[1])
    if mode == "describe":
        sys.meta_path.append(stand_ins)
    import_modules(mode, arguments[-1], plugin_text)
    if mode == "describe":
        sys.argv = [arguments[2]]
        answer = json.dumps(describe(arguments[2])).encode() + b"\n"
        while answer:
            answer = answer[os.write(out, answer):]
        os._exit(0)
    words = int(arguments[-1])
    sys.argv = ["seplflow"]
    faulthandler.enable(file=words, all_threads=False)
    faulthandler.register(signal.SIGRTMIN + 3, file=words, all_threads=False)
    # The program ends its workers itself. A handler, unlike SIG_IGN, is not inherited.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: None)
    sys.stdout.reconfigure(line_buffering=True)
    Worker(out, int(arguments[2]), int(arguments[3])).run()


def import_modules(mode, words, plugin_text):
    global np, plugin
    try:
        import numpy as np
    except ImportError as error:
        if mode != "describe":
            os.write(int(words), (
                f"the interpreter {sys.executable} (Python {sys.version.split()[0]}) cannot import numpy, which "
                f"every stage needs ({error}); install numpy there, or set the option python of the stage to "
                "another interpreter").encode())
            os._exit(1)
        stand_ins.names.add("numpy")
        import numpy as np
    sys.meta_path.insert(0, OwnModules(plugin_text))
    import seplflow.plugin as plugin
