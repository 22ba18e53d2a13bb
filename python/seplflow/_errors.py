"""The exceptions and warnings of seplflow."""
from __future__ import annotations

import warnings


class Error(RuntimeError):
    """What went wrong, as the program says it. The base of all exceptions of seplflow."""


class UsageError(Error, ValueError):
    """An argument, an option or a pipeline is wrong, so nothing was done."""


class PipelineError(UsageError):
    """Errors in a pipeline file.

    ``problems`` has a tuple (file, line, column, message) for each; str() shows them with their lines, as
    the program does.
    """

    def __init__(self, text: str, problems: list[tuple[str, int, int, str]] | None = None):
        super().__init__(text)
        self.problems = problems or []


class RunError(Error):
    """A run failed. ``run`` is the seplflow.Run of its folder, which can be resumed."""

    def __init__(self, text: str, run: object = None):
        super().__init__(text)
        self.run = run


class StageWarning(UserWarning):
    """What a stage warns of, or something about the plugins or the pipeline."""


def warn(text: str) -> None:
    """Warns of `text` at the line of the user's code that called seplflow."""
    # Everything of this package is skipped.
    import sys

    level = 2
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("seplflow"):
        level += 1
        frame = frame.f_back
    warnings.warn(text, StageWarning, stacklevel=level)
