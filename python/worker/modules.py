"""What a Python interpreter runs first for seplflow: it describes the stages of a file, or works for them.

The program sends these texts along, and that of seplflow/plugin.py, so that an interpreter needs
nothing but numpy. Both sides talk in JSON on a socket; each message has its length in front. Values
lie in two blocks of shared memory, one for each direction.
"""

import faulthandler
import functools
import importlib.abc
import importlib.machinery
import json
import linecache
import os
import signal
import sys
import traceback
import types
from pathlib import Path


class Wrong(Exception):
    """An error in a declaration or a value, for the author of a stage."""


class OwnModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Provides seplflow.plugin and the modules of this folder, from their texts.

    The package seplflow around it becomes the real one, if there is one, when it is asked for more.
    """

    PACKAGES = ("seplflow", "seplflow_worker")

    def __init__(self, texts):
        self.texts = texts

    def find_spec(self, name, path=None, target=None):
        if name in self.PACKAGES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        package, _, module = name.partition(".")
        if name == "seplflow.plugin" or package == "seplflow_worker" and module in self.texts:
            return importlib.machinery.ModuleSpec(name, self)
        return None

    def exec_module(self, module):
        if module.__name__ not in self.PACKAGES:
            text = self.texts[module.__name__.partition(".")[2]]
            exec(compile(text, f"<{module.__name__}>", "exec"), module.__dict__)
            return
        if module.__name__ == "seplflow_worker":
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
              if not frame.filename.startswith(("<seplflow", "<frozen "))]
    if not frames:
        return said
    lines = []
    for frame in reversed(frames[-8:]):
        name = Path(frame.filename).name if frame.filename == file else frame.filename
        lines.append(f"{name}:{frame.lineno} in {frame.name}: {frame.line}")
    # The author looks for the place in the file first.
    own = next((frame for frame in reversed(frames) if frame.filename == file), frames[-1])
    return f"{Path(own.filename).name}:{own.lineno}: {said} [" + " <- ".join(lines) + "]"


def require_numpy(mode, words):
    """A description needs no numpy; work does, and the last words say so."""
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        if mode == "describe":
            stand_ins.names.add("numpy")
            return
        os.write(words, (f"the interpreter {sys.executable} (Python {sys.version.split()[0]}) cannot import "
                         f"numpy, which every stage needs ({error}); install numpy there, or set the option "
                         "python of the stage to another interpreter").encode())
        os._exit(1)


def start(texts, arguments):
    """`describe PIPE FILE WORDS` or `work SOCKET INPUTS RESULTS WORDS`, with the numbers of descriptors."""
    mode, out, words = arguments[0], int(arguments[1]), int(arguments[-1])
    sys.meta_path.insert(0, OwnModules(texts))
    if mode == "describe":
        sys.meta_path.append(stand_ins)
    require_numpy(mode, words)
    if mode == "describe":
        from seplflow_worker.declarations import describe
        sys.argv = [arguments[2]]
        answer = json.dumps(describe(arguments[2])).encode() + b"\n"
        while answer:
            answer = answer[os.write(out, answer):]
        os._exit(0)
    from seplflow_worker.work import Worker
    sys.argv = ["seplflow"]
    faulthandler.enable(file=words, all_threads=False)
    faulthandler.register(signal.SIGRTMIN + 3, file=words, all_threads=False)
    # The program ends its workers itself. A handler, unlike SIG_IGN, is not inherited.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: None)
    sys.stdout.reconfigure(line_buffering=True)
    Worker(out, int(arguments[2]), int(arguments[3])).run()
