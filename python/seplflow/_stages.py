"""seplflow.sepl and seplflow.stage: stages on arrays."""
from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy

from . import _seplflow
from ._toml import toml_options
from ._values import Sample


class Stage:
    """A configured transform, to be called with arrays. ``seplflow.stage`` creates it.

    Call it with the inputs by their names. ``sample`` is the id of the sample, or a seplflow.Sample, for
    stages that read files. May be called from several threads at once; the GIL is released while the
    stage works.

    ============  =====================================================  ==============================
    type          input                                                  output
    ============  =====================================================  ==============================
    LabelMap      H x W, any integer dtype, values 0..255 (255: ignore)  H x W, uint8
    Image         H x W x 3, uint8, red green blue                       the same
    ScoreMaps     seplflow.Scores, or a dict of H x W arrays by class    seplflow.Scores
    MaskSet       seplflow.Masks, or what it is created from             seplflow.Masks
    ImageLabels   class ids, 1..254                                      uint8, ascending
    OverlapTable  what sepl.assign returned                              seplflow.Overlaps
    Sample        an id, or seplflow.Sample                              seplflow.Sample
    another type  what another stage returned                            seplflow.Value
    ============  =====================================================  ==============================

    Arrays may have any memory layout and byte order; they are not changed. The result is the output,
    or a dict by name if the stage has several, or None if the stage skips the sample. An output that is
    made on request, such as the scores of label.crf, counts only if ``outputs`` names it. Result arrays belong to
    the caller, who may write to them.

    Raises TypeError for a wrong input, dtype or shape, ValueError for pixels that a type cannot hold,
    and seplflow.Error for what the stage itself refuses. Warnings are seplflow.StageWarning.
    """

    def __init__(self, name: str, *, outputs: Sequence[str] = (), **options: Any):
        self._stage = _seplflow.Stage(name, toml_options(options), list(outputs))
        self.__doc__ = self._stage.help

    def __call__(self, *, sample: str | Sample | None = None, **inputs: Any) -> Any:
        return self._stage.call(sample, inputs)

    @property
    def name(self) -> str:
        return self._stage.name

    @property
    def options(self) -> dict[str, Any]:
        """The value of each option, defaults included."""
        return self._stage.options

    @property
    def inputs(self) -> dict[str, str]:
        """The type of each input."""
        return self._stage.inputs

    @property
    def outputs(self) -> dict[str, str]:
        """The type of each output."""
        return self._stage.outputs

    def __repr__(self) -> str:
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        return f"seplflow.stage({self.name!r}{options})"


def stage(name: str, *, outputs: Sequence[str] = (), **options: Any) -> Stage:
    """A transform of any plugin, such as ``stage("label.crf", preset="irn")``, to be called with arrays.

    Options are those of the pipeline file; a group such as ``select = { worst = 5 }`` is a dict. Raises
    seplflow.UsageError, with the message of the program, for an unknown stage or a wrong option.
    ``outputs`` names outputs that are made on request. ``print(stage(name).__doc__)`` shows inputs,
    outputs and options.
    """
    return Stage(name, outputs=outputs, **options)


def stages() -> dict[str, str]:
    """The names of all stages of all plugins, with one sentence about each."""
    return _seplflow.stages()


@functools.lru_cache(maxsize=64)
def _sepl_stages(t1: float, t2: float, overlap: str) -> tuple[_seplflow.Stage, _seplflow.Stage]:
    select = _seplflow.Stage("sepl.select", toml_options({"t1": t1, "t2": t2, "overlap": overlap}))
    return _seplflow.Stage("sepl.assign", ""), select


def sepl(
    pseudo: Any, masks: Any, t1: float = 0.5, t2: float = 0.85, overlap: str = "last"
) -> numpy.ndarray:
    """Enhances a pseudo-label with masks: the stages sepl.assign and sepl.select.

    pseudo
        H x W array of class ids of any integer dtype: 0 background, 255 ignore.
    masks
        N x H x W array of bool; or a list of H x W arrays of bool, of run lengths {"size": [H, W],
        "counts": ...}, or of the records that SAM's generate() returns; or seplflow.Masks.
    t1, t2, overlap
        As the options of sepl.select: ``print(seplflow.stage("sepl.select").__doc__)``.

    Returns the enhanced label, H x W, uint8. Raises TypeError and ValueError for wrong arrays, and
    seplflow.Error for masks of another size than the label and for wrong options.
    """
    assign, select = _sepl_stages(t1, t2, overlap)
    shared_pseudo = _seplflow.value("LabelMap", pseudo, "pseudo")
    shared_masks = masks
    if not isinstance(masks, _seplflow.Masks):
        shared_masks = _seplflow.value("MaskSet", masks, "masks")
    inputs = {"pseudo": shared_pseudo, "masks": shared_masks}
    overlaps = assign.call(None, inputs)
    return select.call(None, {**inputs, "overlaps": overlaps})["labels"]
