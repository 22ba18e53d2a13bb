"""seplflow.run, check and open: pipelines and what they leave."""
from __future__ import annotations

import atexit
import json
import logging
import os
import pathlib
import sys
from typing import Any, NamedTuple, Sequence

from . import _html, _seplflow
from ._errors import RunError, UsageError, warn
from ._tables import Table, table_of
from ._toml import axes, settings, toml

_log = logging.getLogger("seplflow")
_tasks: list[Any] = []  # runs that a second Ctrl-C left to themselves


@atexit.register
def _finish_tasks() -> None:
    for task in _tasks:
        task.wait(1e9)


class CheckResult(NamedTuple):
    """What seplflow.check found in a pipeline without errors."""

    name: str
    stages: list[tuple[str, str]]  # name and type of each
    variants: int  # of a sweep; 0 without one
    samples: int | None  # None where the source does not know
    warnings: list[str]


def _run_overrides(**values: Any) -> list[str]:
    return [f"run.{key}={toml(value, key)}" for key, value in values.items() if value is not None]


def check(
    file: str | os.PathLike,
    *,
    set: dict[str, Any] | None = None,
    sweep: dict[str, Any] | None = None,
    quick: bool = False,
) -> CheckResult:
    """Finds every error in a pipeline without running it, as ``seplflow check`` does.

    `set` and `sweep` are those of seplflow.run. With `quick`, no sample is opened. Raises
    seplflow.PipelineError with all errors.
    """
    return CheckResult(**_seplflow.check(os.fspath(file), settings(set), axes(sweep), quick))


def run(
    file: str | os.PathLike,
    *,
    set: dict[str, Any] | None = None,
    sweep: dict[str, Any] | None = None,
    out: str | os.PathLike | None = None,
    jobs: int | None = None,
    progress: bool = True,
    resume: bool = False,
    overwrite: bool = False,
    remove_unlisted: bool = False,
    limit: int | None = None,
    shard: tuple[int, int] | str | None = None,
    skip: Sequence[str] | None = None,
    keep: str | None = None,
    on_error: str | None = None,
) -> Run:
    """Runs a pipeline into a run folder, as ``seplflow run`` does, with the same results to the bit.

    file
        The pipeline (TOML).
    set
        Options to set instead of what the file says: {"select.t1": 0.4, "voc.root": path}.
    sweep
        Values to try: {"select.t1": [0.3, 0.4], "select.t2": "0.6:0.9:0.05"}.
    out
        The run folder; default runs/NAME in the current folder.
    jobs, limit, shard, skip, keep, on_error
        As in [run] of a pipeline.
    progress
        Whether to show a progress bar, with tqdm if it is installed.
    resume, overwrite, remove_unlisted
        What to do with a run that is in the folder: complete or change it, or remove it first.

    Returns the seplflow.Run of the folder. Raises seplflow.PipelineError and seplflow.UsageError before
    anything runs, and seplflow.RunError when the run fails. Ctrl-C finishes the samples in progress and
    raises KeyboardInterrupt; the run can then be resumed, as after any other end. The messages of the run go to
    ``logging.getLogger("seplflow")``.
    """
    if resume and overwrite:
        raise UsageError("resume continues the run in the folder, and overwrite removes it; choose one of them")
    if remove_unlisted and not resume:
        raise UsageError("remove_unlisted is for resume")
    if shard is not None and not isinstance(shard, str):
        shard = f"{shard[0]}/{shard[1]}"
    chosen = _run_overrides(
        jobs=jobs, limit=limit, shard=shard, skip=skip, keep=keep, on_error=on_error
    )
    overrides, sweeps = settings(set) + chosen, axes(sweep)
    folder = os.fspath(out) if out is not None else ""
    words = ["seplflow", "run", os.fspath(file)]
    for text in overrides:
        words += ["--set", text]
    for text in sweeps:
        words += ["--sweep", text]
    if folder:
        words += ["--out", folder]
    task = _seplflow.RunTask(
        os.fspath(file), overrides, sweeps, folder, resume, overwrite, remove_unlisted, words
    )
    _wait_for(task, progress)
    report = task.report()
    finished = Run(report["folder"])
    if report["status"] == "failed":
        raise RunError(report["error"], finished)
    if report["status"] == "interrupted":
        raise KeyboardInterrupt
    return finished


def _wait_for(task: Any, progress: bool) -> None:
    interrupted = False
    bar = _Bar() if progress else None
    try:
        while True:
            try:
                is_over = task.wait(0.1)
                _show_messages(task)
                if bar:
                    bar.show(task.progress())
                if is_over:
                    # The last state was reported before the last samples.
                    if bar and task.report()["status"].startswith("done"):
                        bar.finish()
                    return
            except KeyboardInterrupt:
                if interrupted:
                    _tasks.append(task)  # it goes on; the folder is that of a run in progress
                    raise
                interrupted = True
                task.interrupt()
    finally:
        if bar:
            bar.close()


def _show_messages(task: Any) -> None:
    for level, text in task.messages():
        _log.log(logging.getLevelName(level.upper()), "%s", text)


class _Bar:
    """A progress bar of tqdm, or a line on stderr that is written again."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._shown = ""
        try:
            from tqdm.auto import tqdm
        except ImportError:
            tqdm = None
        self._tqdm = tqdm

    def show(self, state: tuple) -> None:
        finished, total, failed, _, slow = state
        if self._tqdm is None:
            self._show_line(finished, total, failed)
            return
        if self._bar is None:
            if finished == 0:
                return
            self._bar = self._tqdm(total=total, unit="sample")
        self._bar.update(finished - self._bar.n)
        if failed or slow:
            self._bar.set_postfix_str(", ".join(t for t in (f"{failed} failed" if failed else "", slow) if t))

    def _show_line(self, finished: int, total: int | None, failed: int) -> None:
        if finished == 0 or not sys.stderr.isatty():
            return
        text = f"{finished} of {total} samples" if total else f"{finished} samples"
        text += f", {failed} failed" if failed else ""
        sys.stderr.write("\r" + text.ljust(len(self._shown)))
        sys.stderr.flush()
        self._shown = text

    def finish(self) -> None:
        if self._bar is not None and self._bar.total is not None:
            self._bar.update(self._bar.total - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._shown:
            sys.stderr.write("\n")


def open(folder: str | os.PathLike, *, set: dict[str, Any] | None = None) -> Run:
    """A run, a sweep (with its best variant), or a variant of a sweep, whatever became of it.

    `set` replaces options, such as a folder that was moved, where stages of the run work again:
    ``labels``, ``value``, ``explain`` and ``panel``. Raises seplflow.UsageError for a folder that does
    not hold a run.
    """
    return Run(folder, set=set)


class Run:
    """A run folder. ``seplflow.run`` and ``seplflow.open`` return it.

    In a notebook it shows the scores before and after, and a panel of the image with the largest gain.
    Tables are pandas.DataFrame where pandas is installed, else dicts of arrays by column.
    """

    def __init__(self, folder: str | os.PathLike, *, set: dict[str, Any] | None = None):
        self._folder = os.fspath(folder)
        self._settings = settings(set)
        self._shown = json.loads(_seplflow.shown_run(self._folder))
        self._replay: Any = None

    # ---- What is in the folder ----

    @property
    def folder(self) -> str:
        return self._folder

    @property
    def name(self) -> str | None:
        """The name of the pipeline."""
        return self._shown["name"]

    @property
    def status(self) -> str | None:
        """"done", "done_with_failures", "failed", "interrupted", "running" (or killed), or None."""
        return self._shown["status"]

    @property
    def variant(self) -> str | None:
        """The name of the variant that scores, tables and labels are of; None without a sweep."""
        return self._shown["variant"]

    @property
    def scores(self) -> list[dict[str, Any]]:
        """What ``seplflow show`` prints: each score with its values before and after, and the gain."""
        return self._shown["scores"]

    @property
    def metrics(self) -> dict[str, Any]:
        """What metrics.json holds, by evaluator. Empty unless the run is complete."""
        return {each["evaluator"]: each["metrics"] for each in self._shown["evaluators"]}

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return self._shown["warnings"]

    @property
    def failed_samples(self) -> list[dict[str, str]]:
        """The first samples that failed: "id", "stage" and "error"."""
        return self._shown["failed_samples"]

    @property
    def classes(self) -> Table:
        """The scores of each class, from the table of the first evaluator that has one."""
        return self._first_table(".classes.csv", "scores by class")

    @property
    def images(self) -> Table:
        """The scores of each image, from the table of the first evaluator that has one."""
        return self._first_table(".csv", "scores by image")

    @property
    def sweep(self) -> Table:
        """A row for each variant: its name, its value on each axis, and its scores (sweep.csv)."""
        try:
            return self._table(self._folder, "sweep.csv")
        except UsageError:
            raise UsageError(f"{self._folder} has no sweep.csv: it is not a complete sweep") from None

    def table(self, name: str) -> Table:
        """A table of the run by its file, such as "score.csv" or "score.classes.csv"."""
        return self._table(self._scored_folder(), name)

    def _scored_folder(self) -> str:
        if "sweep" in self._shown and self.variant:
            return os.path.join(self._folder, "variants", self.variant)
        return self._folder

    def _table(self, folder: str, file: str) -> Table:
        # The first column of the scores by class is the class id.
        return table_of(*_seplflow.table(folder, file), not file.endswith(".classes.csv"))

    def _first_table(self, suffix: str, what: str) -> Table:
        folder = self._scored_folder()
        for evaluator in self._shown["evaluators"]:
            file = evaluator["evaluator"] + suffix
            # A variant shares the tables of stages that serve all variants.
            for place in (folder, self._folder, os.path.join(folder, "..", "..")):
                if os.path.exists(os.path.join(place, file)):
                    return self._table(place, file)
        raise UsageError(f"{self._folder} has no {what}" + "".join(
            f"; it does not have {each}" for each in self._shown["not_shown"]))

    # ---- What its stages make of a sample ----

    @property
    def _open_run(self) -> Any:
        if self._replay is None:
            self._replay = _seplflow.OpenRun(self._folder, self._settings)
        return self._replay

    @property
    def outputs(self) -> dict[str, str]:
        """The type of each output of the pipeline by its name, "STAGE.OUTPUT"."""
        return dict(self._open_run.outputs())

    def labels(self, id: str, output: str | None = None) -> Any:
        """The label map of a sample, H x W, uint8; None if the sample was skipped.

        The stages of the run work again, so the run need not have written it, but the data must be in its
        place (or in that of `set`). `output` is the output of a stage, such as "select.labels"; default
        what the first evaluator or sink reads as labels. Warns when files or libraries are not those of the
        run. Raises seplflow.UsageError for an id that the run does not have.
        """
        return self.value(id, output or self._open_run.labels_output())

    def value(self, id: str, output: str) -> Any:
        """The value of a sample on any output, such as "voc.image" or "masks"; see seplflow.Stage."""
        value = self._open_run.value(id, output)
        for text in self._open_run.differences(id):
            warn(text)
        return value

    def explain(self, id: str, stage: str = "") -> dict[str, Any]:
        """Why the run made of a sample what it made: what ``seplflow explain --json`` prints."""
        return json.loads(self._open_run.explanation(id, stage))

    def panel(self, id: str, stage: str = "") -> Panel:
        """The image, the labels before, the masks kept and dropped, the labels after, and the ground truth."""
        return Panel(id, self._open_run.picture(id, stage))

    def report(self, file: str | os.PathLike, panels: int = 5) -> None:
        """Writes the page of ``seplflow report``: one HTML file with scores, classes, images and pictures.

        So many of the best, worst and random images are shown as pictures. Warns of what the page cannot
        show. A file that exists is replaced.
        """
        html, missing = _seplflow.report([self._folder], self._settings, panels)
        for text in missing:
            warn(text)
        pathlib.Path(file).write_text(html, encoding="utf-8")

    # ---- In a terminal and in a notebook ----

    def __repr__(self) -> str:
        scores = ", ".join(
            f"{each['score']} {_html.score_text(each)}" for each in self.scores[:3] if each.get("after") is not None
        )
        return f"<seplflow.Run {self._folder!r}: {self.status or 'status unknown'}{'; ' if scores else ''}{scores}>"

    def _repr_html_(self) -> str:
        return _html.page_of(self._shown, self._panel_for_page())

    def _panel_for_page(self) -> Panel | None:
        try:
            return self.panel(self._telling_image())
        # A page without a picture is better than none: data may be elsewhere, or nothing explains itself.
        except Exception:
            return None

    def _telling_image(self) -> str:
        """The id of the image with the largest gain, or of the first one."""
        folder = self._scored_folder()
        for evaluator in self._shown["evaluators"]:
            file = os.path.join(folder, evaluator["evaluator"] + ".csv")
            if not os.path.exists(file):
                continue
            columns, rows = _seplflow.table(folder, os.path.basename(file))
            gains = [i for i, name in enumerate(columns) if name.startswith("gain_")]
            known = [row for row in rows if gains and row[gains[0]]]
            if known:
                return max(known, key=lambda row: float(row[gains[0]]))[0]
            return rows[0][0]
        raise UsageError("no table of images")


class Panel:
    """A picture (PNG). A notebook shows it; ``png`` has its bytes."""

    def __init__(self, id: str, png: bytes):
        self.id = id
        self.png = png

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, file: str | os.PathLike) -> None:
        pathlib.Path(file).write_bytes(self.png)

    def __repr__(self) -> str:
        return f"<seplflow.Panel of {self.id!r}, {len(self.png)} bytes of PNG>"
