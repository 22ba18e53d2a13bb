"""What stages take and return, where it is not an array."""
from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy


class Scores(NamedTuple):
    """Class activation maps.

    values
        K x H x W array of float16, float32 or float64. Stages compute in this precision, as the method
        that made the scores did. No value is NaN.
    classes
        The class id of each of the K maps, 0 to 254, without repeats.
    method
        The name of the method in pipelines, such as "irn", if a stage must know it.
    """

    values: numpy.ndarray
    classes: Sequence[int] | numpy.ndarray
    method: str = ""


class Sample(NamedTuple):
    """The sample that a stage works on, for stages that read files named after it.

    id
        The name of its files, such as "2007_000032".
    classes
        The names of the classes in label order, background first; or "voc12" or "coco14"; or None.
        Stages then refuse labels that are not among them.
    size
        (height, width) of its image, or None. Stages then refuse results of another size.
    """

    id: str
    classes: Sequence[str] | str | None = None
    size: tuple[int, int] | None = None
