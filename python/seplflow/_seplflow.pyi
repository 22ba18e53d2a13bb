"""The part of seplflow that is written in C++. Its users' side is in the other files of this package."""
from typing import Any

import numpy
import numpy.typing

version: str

class Value:
    """A value that a stage returned and another stage takes. Its content is not visible in Python."""

    @property
    def type(self) -> str: ...

class Masks(Value):
    """The masks of one image, held as runs."""

    def __init__(self, masks: Any) -> None:
        """From an N x H x W array of bool, or a list of H x W arrays of bool, of run lengths {"size": [H, W],
        "counts": ...} or of the records of SAM's generate(). Raises TypeError and ValueError."""
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> numpy.typing.NDArray[numpy.bool_]:
        """H x W, bool."""
    def __array__(self, *dtype: Any, **copy: Any) -> numpy.ndarray: ...
    @property
    def shape(self) -> tuple[int, int, int]:
        """(N, H, W); H and W are 0 where a list without masks does not tell them."""
    @property
    def areas(self) -> numpy.typing.NDArray[numpy.uint64]:
        """Pixels of each mask."""
    def to_array(self) -> numpy.typing.NDArray[numpy.bool_]:
        """N x H x W, bool."""
    def to_rle(self) -> list[dict[str, Any]]:
        """COCO's run lengths of each mask: {"size": [H, W], "counts": str}."""
    def to_records(self) -> list[dict[str, Any]]:
        """The records that SAM's amg.py writes with --convert-to-rle."""

class Overlaps(Value):
    """The overlaps between N masks and the K classes of a pseudo-label, in pixels."""

    def __len__(self) -> int: ...
    @property
    def classes(self) -> numpy.typing.NDArray[numpy.uint8]:
        """The K foreground classes of the pseudo-label, ascending."""
    @property
    def class_areas(self) -> numpy.typing.NDArray[numpy.uint64]:
        """K pixel counts."""
    @property
    def mask_areas(self) -> numpy.typing.NDArray[numpy.uint64]:
        """N pixel counts."""
    @property
    def overlaps(self) -> numpy.typing.NDArray[numpy.uint64]:
        """N x K pixel counts."""
    @property
    def assigned(self) -> numpy.typing.NDArray[numpy.uint8]:
        """The class of each of the N masks; 255 for a mask that overlaps none."""

class Stage:
    def __init__(self, name: str, options: str, requested: list[str] = ...) -> None: ...
    def call(self, sample: Any, inputs: dict[str, Any]) -> Any: ...
    name: str
    help: str
    options: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]

class RunTask:
    def __init__(self, file: str, overrides: list[str], sweeps: list[str], out: str, resume: bool,
                 overwrite: bool, remove_unlisted: bool, command_line: list[str]) -> None: ...
    def wait(self, seconds: float) -> bool: ...
    def interrupt(self) -> None: ...
    def progress(self) -> tuple[int, int | None, int, int, str]: ...
    def messages(self) -> list[tuple[str, str]]: ...
    def report(self) -> dict[str, str]: ...

class OpenRun:
    def __init__(self, folder: str, overrides: list[str]) -> None: ...
    def value(self, id: str, output: str) -> Any: ...
    def explanation(self, id: str, stage: str) -> str: ...
    def picture(self, id: str, stage: str) -> bytes: ...
    def differences(self, id: str) -> list[str]: ...
    def outputs(self) -> list[tuple[str, str]]: ...
    def labels_output(self) -> str: ...

class SampleStream:
    def __init__(self, file: str, overrides: list[str], outputs: list[str], prefetch: int) -> None: ...
    def next(self, seconds: float) -> tuple[list[Any] | None, list[str], bool] | None: ...
    def close(self) -> None: ...

def stages() -> dict[str, str]: ...
def value(type: str, object: Any, what: str) -> Value: ...
def check(file: str, overrides: list[str], sweeps: list[str], quick: bool) -> dict[str, Any]: ...
def shown_run(folder: str) -> str: ...
def table(folder: str, file: str) -> tuple[list[str], list[list[str]]]: ...
def report(runs: list[str], overrides: list[str], panels: int) -> tuple[str, list[str]]: ...
