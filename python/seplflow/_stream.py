"""seplflow.stream: the samples of a pipeline as they are made."""
from __future__ import annotations

import os
import sys
import weakref
import atexit
from typing import Any, Iterator, Sequence

from . import _seplflow
from ._errors import warn
from ._toml import settings, toml

_open_streams: weakref.WeakSet = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    # The threads of the engine must not outlive the interpreter.
    for opened in list(_open_streams):
        opened.close()


class StreamSample(dict):
    """One sample: its "id", and a value for each output by the name that `outputs` gave it.

    Values have the types of seplflow.stage; one that the sample does not have, such as ground truth,
    is None. Arrays belong to the receiver.
    """

    @property
    def id(self) -> str:
        return self["id"]


class Stream:
    """Samples of a pipeline in the order of the data set. ``seplflow.stream`` creates it.

    Each iteration begins again. Threads and memory are released when an iterator ends, is closed or is
    dropped.
    """

    def __init__(self, file: str | os.PathLike, outputs: Sequence[str], **arguments: Any):
        self._file = os.fspath(file)
        self._outputs = [outputs] if isinstance(outputs, str) else list(outputs)
        self._arguments = arguments

    def __iter__(self) -> Iterator[StreamSample]:
        overrides, prefetch = _overrides(**self._arguments)
        opened = _seplflow.SampleStream(self._file, overrides, self._outputs, prefetch)
        return _samples_of(opened, ["id", *self._outputs])

    def __repr__(self) -> str:
        return f"seplflow.stream({self._file!r}, outputs={self._outputs!r})"


def _samples_of(opened: Any, names: list[str]) -> Iterator[StreamSample]:
    _open_streams.add(opened)
    try:
        while True:
            # In steps, so that Ctrl-C is noticed.
            taken = opened.next(0.1)
            if taken is None:
                continue
            values, warnings, is_end = taken
            for text in warnings:
                warn(text)
            if values is not None:
                yield StreamSample(zip(names, values))
            elif is_end:
                return
    finally:
        opened.close()


def _worker() -> tuple[int, int] | None:
    """The number of this worker of a torch DataLoader, from 0, and the number of workers."""
    torch_data = sys.modules.get("torch.utils.data")
    info = torch_data.get_worker_info() if torch_data else None
    return (info.id, info.num_workers) if info else None


def _overrides(
    set: dict | None, shard: tuple[int, int] | str | None, jobs: int | None, limit: int | None,
    on_error: str | None, prefetch: int,
) -> tuple[list[str], int]:
    worker = _worker()
    if shard is None and worker is not None:
        shard = worker
        if jobs is None:
            jobs = max(1, len(os.sched_getaffinity(0)) // worker[1])
    elif worker is not None and worker[1] > 1:
        index, count = shard if not isinstance(shard, str) else map(int, shard.split("/"))
        # A part of the caller's part.
        shard = (index + count * worker[0], count * worker[1])
    if shard is not None and not isinstance(shard, str):
        shard = f"{shard[0]}/{shard[1]}"
    run = {"shard": shard, "jobs": jobs, "limit": limit, "on_error": on_error}
    chosen = [f"run.{key}={toml(value, key)}" for key, value in run.items() if value is not None]
    return settings(set) + chosen, prefetch


def stream(
    file: str | os.PathLike,
    outputs: Sequence[str],
    *,
    set: dict[str, Any] | None = None,
    shard: tuple[int, int] | str | None = None,
    jobs: int | None = None,
    limit: int | None = None,
    on_error: str | None = None,
    prefetch: int = 0,
) -> Stream:
    """The samples of a pipeline as they are made: ``for sample in stream("voc.toml", ["select.labels"])``.

    Only the stages that the outputs depend on work, and nothing is written. Stages work ahead in threads
    of their own, but no more than the samples in flight and `prefetch` samples.

    file
        A pipeline without a sweep. It needs no evaluator or sink.
    outputs
        "STAGE.OUTPUT", or "STAGE" for the default output, such as "select.labels" and "voc.image".
    set
        Options to set instead of what the file says: {"select.t1": 0.4}.
    shard
        (I, N) or "I/N", I from 0: only every Nth sample, beginning with sample I. The workers of a torch
        DataLoader divide these among themselves.
    jobs
        The number of threads; default all cores, divided among the workers of a DataLoader.
    limit, on_error
        As in [run]. With on_error="skip", a sample that fails is left out with a warning.
    prefetch
        The number of finished samples that may wait; default the number of cores.

    Raises seplflow.PipelineError and seplflow.UsageError when the iteration begins, and seplflow.Error
    where a sample fails.
    """
    return Stream(file, outputs, set=set, shard=shard, jobs=jobs, limit=limit, on_error=on_error,
                  prefetch=prefetch)
