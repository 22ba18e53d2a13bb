"""Stages of seplflow in Python files: the names that authors import.

    from seplflow.plugin import LabelMap, MaskSet, transform

    @transform("lab.vote")
    def vote(pseudo: LabelMap, masks: MaskSet, *, power: float = 1.0) -> LabelMap:
        "Let masks vote for the class of each pixel"
        ...

The parameters before `*` are inputs, those after it are options, and the docstring is the help.
A decorated function or class stays what it is, so a test can call it. docs/python_stages.md of
seplflow describes all of this.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

__all__ = [
    "Context", "Findings", "Image", "ImageLabels", "LabelMap", "MaskSet", "OverlapTable", "Path",
    "Sample", "Score", "ScoreMaps", "Table", "at_least", "existing_file", "existing_folder",
    "in_range", "observer", "sink", "source", "transform", "unit",
]


class Port(NamedTuple):
    """Marks a type hint as the type of a port."""

    type: str


#: H x W x 3, uint8: red, green, blue.
Image = Annotated[np.ndarray, Port("Image")]
#: H x W, uint8: 0 is background, 1..254 are classes, 255 is ignored.
LabelMap = Annotated[np.ndarray, Port("LabelMap")]
#: The foreground classes that an image shows, ascending.
ImageLabels = Annotated[Tuple[int, ...], Port("ImageLabels")]


class Sample:
    """One item of a data set.

    id       the name of its files: "2007_000032"
    classes  the names of the classes by label, "background" first
    size     (height, width) of its image, or None if that is not known without decoding it
    index    its position in the data set, from 0
    note     what its source wants to know of it again: numbers, texts, lists and dicts

    A source creates it; `classes` may also be "voc12" or "coco14".
    """

    __slots__ = ("id", "classes", "size", "index", "note")

    def __init__(self, id: str, classes: Union[str, Sequence[str]], size: Optional[Tuple[int, int]] = None,
                 note: Any = None, index: int = 0):
        self.id = id
        self.classes = classes if isinstance(classes, str) else tuple(classes)
        self.size = None if size is None else (int(size[0]), int(size[1]))
        self.note = note
        self.index = index

    def __repr__(self) -> str:
        return f"Sample({self.id!r}, size={self.size}, {len(self.classes)} classes)"


class ScoreMaps:
    """A score for each pixel and class.

    classes  K labels (0 is a background that the method scored itself)
    values   K x H x W, float16, float32 or float64; not NaN
    method   the method that computed them by its name in pipelines ("irn"), or ""
    """

    __slots__ = ("classes", "values", "method")

    def __init__(self, classes: Sequence[int], values: np.ndarray, method: str = ""):
        self.classes = tuple(int(label) for label in classes)
        self.values = values
        self.method = method

    def __repr__(self) -> str:
        return f"ScoreMaps(classes={self.classes}, values={np.shape(self.values)})"


class MaskSet:
    """The masks of an image.

    masks  N x H x W bool, a list of H x W bool, or a list of records as SAM's generate() returns
           them: {"segmentation": H x W bool, "predicted_iou": ..., ...}
    size   (height, width); needed only for a set without masks

    len(masks), masks[i] (H x W bool) and a loop over masks decode one mask at a time, since masks
    travel as runs. masks[[0, 2]] and masks[keep], with a list of numbers or of N bools, are sets
    again, with the records of their masks. np.asarray(masks) is N x H x W.
    """

    __slots__ = ("size", "_bounds", "_infos")

    def __init__(self, masks: Any, size: Optional[Tuple[int, int]] = None):
        self.size = None if size is None else (int(size[0]), int(size[1]))
        self._bounds: List[np.ndarray] = []
        self._infos: List[Optional[dict]] = []
        for i, mask in enumerate(masks):
            info = None
            if isinstance(mask, dict):
                info, mask = _info_of(mask), _segmentation_of(mask, i)
            array = np.asarray(mask)
            if array.ndim != 2 or array.dtype != np.bool_:
                raise TypeError(f"mask {i} is {_kind(array)}; expected H x W of bool")
            if self.size is None:
                self.size = array.shape
            if array.shape != self.size:
                raise TypeError(f"mask {i} is {array.shape[0]} x {array.shape[1]}, but the others are "
                                f"{self.size[0]} x {self.size[1]} (height x width)")
            self._bounds.append(_bounds_of(array))
            self._infos.append(info)

    @classmethod
    def _of(cls, size, bounds, infos) -> "MaskSet":
        masks = cls.__new__(cls)
        masks.size, masks._bounds, masks._infos = size, bounds, infos
        return masks

    def __len__(self) -> int:
        return len(self._bounds)

    def __getitem__(self, which):
        if isinstance(which, (int, np.integer)):
            return self._decoded(self._bounds[which])
        if isinstance(which, slice):
            places = range(*which.indices(len(self)))
        else:
            places = np.asarray(which)
            if places.dtype == np.bool_ and places.shape != (len(self),):
                raise IndexError(f"{len(self)} masks cannot be chosen by {places.size} bools")
            places = np.arange(len(self))[places if places.size else slice(0)]
        return MaskSet._of(self.size, [self._bounds[i] for i in places],
                           [self._infos[i] for i in places])

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._decoded(bounds) for bounds in self._bounds)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        height, width = self.size or (0, 0)
        array = np.empty((len(self), height, width), bool)
        for i, mask in enumerate(self):
            array[i] = mask
        return array if dtype is None else array.astype(dtype)

    def area(self, i: int) -> int:
        """The pixels of mask i, without decoding it."""
        bounds = self._bounds[i].astype(np.int64)
        return int((bounds[1::2] - bounds[::2]).sum())

    def info(self, i: int) -> Optional[dict]:
        """What SAM says of mask i: predicted_iou, stability_score, point, crop_box; or None."""
        return self._infos[i]

    def bounds(self, i: int) -> np.ndarray:
        """begin, end, begin, end, ... of the runs of mask i, down the columns (x * height + y)."""
        return self._bounds[i]

    def _decoded(self, bounds: np.ndarray) -> np.ndarray:
        height, width = self.size
        if len(bounds) < 2000:
            columns = np.zeros(height * width, bool)
            places = bounds.tolist()
            for begin, end in zip(places[::2], places[1::2]):
                columns[begin:end] = True
        else:
            # As slow as a few hundred runs, however many there are.
            changes = np.zeros(height * width + 1, np.uint8)
            changes[bounds] = 1
            columns = np.bitwise_xor.accumulate(changes[:-1]).view(bool)
        return columns.reshape(width, height).T

    def __repr__(self) -> str:
        return f"MaskSet({len(self)} masks, size={self.size})"


class OverlapTable:
    """Overlaps between masks and the K classes of a pseudo-label, as sepl.assign counts them.

    classes      K labels, ascending
    class_areas  K pixels
    mask_areas   N pixels
    overlaps     N x K pixels that a mask and a class share
    assigned     N places in `classes` of the class that a mask overlaps most; -1 for none
    """

    __slots__ = ("classes", "class_areas", "mask_areas", "overlaps", "assigned")

    def __init__(self, classes, class_areas, mask_areas, overlaps, assigned):
        self.classes, self.class_areas, self.mask_areas = classes, class_areas, mask_areas
        self.overlaps, self.assigned = overlaps, assigned


class Context:
    """What a stage knows besides its inputs: a parameter of this type is not an input."""

    __slots__ = ("sample", "_warnings", "_counts", "_files")

    def __init__(self, sample: Sample):
        self.sample = sample
        self._warnings: List[Tuple[str, str]] = []
        self._counts: List[Tuple[str, int]] = []
        self._files: List[Tuple[str, bytes]] = []

    def warn(self, what: str, detail: str = "") -> None:
        """Warns of the sample. `what` is the same for all samples, `detail` belongs to this one."""
        self._warnings.append((str(what), str(detail)))

    def count(self, what: str, number: int) -> None:
        """Adds a number of the sample to the totals of the run. Count it also where it is 0."""
        number = int(number)
        if number < 0:
            raise ValueError(f"{what}: {number} is not a number of things")
        self._counts.append((str(what), number))

    def write(self, file: Union[str, Path], data: Union[bytes, str, np.ndarray]) -> None:
        """Writes a file of a sink, under a relative path in its folder, once the stage returns."""
        if isinstance(data, str):
            data = data.encode()
        self._files.append((str(file), data.tobytes() if isinstance(data, np.ndarray) else bytes(data)))


class Score(NamedTuple):
    """A number by which runs are compared. It is also one of the metrics, under `metric`."""

    name: str
    value: float
    metric: str
    unit: str = ""  # "" for a fraction, printed in percent
    better: str = "more"  # or "less"


class Table(NamedTuple):
    """A table for the terminal."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Findings(NamedTuple):
    """What an observer says of the whole data set. metrics: names to numbers, texts, lists or dicts."""

    metrics: Dict[str, Any] = {}
    scores: Sequence[Score] = ()
    tables: Sequence[Table] = ()
    warnings: Sequence[str] = ()
    conditions: str = ""
    remark: str = ""


class Constraint(NamedTuple):
    """Restricts an option, inside of Annotated."""

    minimum: Optional[float] = None
    maximum: Optional[float] = None
    unit: str = ""
    path_kind: str = ""


def in_range(minimum: float, maximum: float) -> Constraint:
    """The option is a number from `minimum` to `maximum`, both included."""
    return Constraint(minimum=minimum, maximum=maximum)


def at_least(minimum: float) -> Constraint:
    """The option is a number of `minimum` or more."""
    return Constraint(minimum=minimum)


def unit(name: str) -> Constraint:
    """The unit of the option, such as "pixels"."""
    return Constraint(unit=name)


def existing_file() -> Constraint:
    """The option is the path of a file that exists when the pipeline is checked."""
    return Constraint(path_kind="file")


def existing_folder() -> Constraint:
    """The option is the path of a folder that exists when the pipeline is checked."""
    return Constraint(path_kind="folder")


class Stage(NamedTuple):
    """A decorated function or class, before it is looked at."""

    kind: str
    target: Any
    name: str
    settings: Dict[str, Any]


#: The stages of each module, in the order of its text.
stages_of: Dict[str, List[Stage]] = {}


def _decorator(kind: str, name: Any, **settings):
    def decorate(target):
        called = name if isinstance(name, str) else f"{Path(_file_of(target)).stem}.{target.__name__}"
        stages_of.setdefault(target.__module__, []).append(Stage(kind, target, called, settings))
        return target

    return decorate if name is None or isinstance(name, str) else decorate(name)


def _file_of(target) -> str:
    return getattr(sys.modules.get(target.__module__), "__file__", None) or target.__module__


def transform(name=None, *, outputs: Union[None, str, Sequence[str]] = None, serial: bool = False,
              ordered: bool = False, any_size: bool = False):
    """A stage that returns a value, or a tuple of values; None declines the sample.

    outputs   their names; by default "labels", "image", "masks", ... after their types
    serial    one sample at a time; ordered: in data set order, too, so that it may remember samples
    any_size  what it returns may have another size than the image
    """
    return _decorator("transform", name, outputs=outputs, serial=serial or ordered, ordered=ordered,
                      any_size=any_size)


def sink(name=None, *, serial: bool = False, ordered: bool = False):
    """A stage that writes files with Context.write() and returns nothing."""
    return _decorator("sink", name, serial=serial or ordered, ordered=ordered)


def observer(name=None, *, columns: Union[str, Sequence[str]] = (),
             scores: Optional[Dict[str, str]] = None):
    """A stage that measures each sample.

    A function returns a number for each of `columns`, which become STAGE.csv; their means are the
    metrics. Those of the columns in `scores` are also scores, by which runs are compared, in the unit
    that it names ("" for fractions).
    A class returns a record of a sample from __call__; fold(sample, record) takes them in data set
    order and returns the row of `columns`, and finish() returns Findings or a dict of metrics.
    """
    return _decorator("observer", name, columns=[columns] if isinstance(columns, str) else list(columns),
                      scores=scores or {})


def source(name=None):
    """A class whose samples() yields the Samples of a data set.

    A method with one parameter, the Sample, and a type such as Image is an output. __len__, if it
    has one, is the number of samples.
    """
    return _decorator("source", name)


def _kind(array: np.ndarray) -> str:
    shape = " x ".join(str(length) for length in array.shape)
    return f"{array.dtype} of {shape}" if shape else f"one {array.dtype}"


def _bounds_of(mask: np.ndarray) -> np.ndarray:
    columns = np.zeros(mask.size + 2, bool)
    columns[1:-1] = mask.T.reshape(-1)
    return np.flatnonzero(columns[1:] != columns[:-1]).astype(np.uint32)


def _segmentation_of(record: dict, i: int) -> np.ndarray:
    segmentation = record.get("segmentation", record)
    if not isinstance(segmentation, dict):
        return segmentation
    counts, size = segmentation.get("counts"), segmentation.get("size")
    if not isinstance(counts, (list, tuple, np.ndarray)) or size is None:
        raise TypeError(f"mask {i} has neither a \"segmentation\" of H x W bool nor \"size\" and "
                        "\"counts\" as a list of run lengths (pycocotools.mask.decode reads the others)")
    inside = np.arange(len(counts)) % 2 == 1
    columns = np.repeat(inside, np.asarray(counts, np.int64))
    if columns.size != int(size[0]) * int(size[1]):
        raise TypeError(f"the run lengths of mask {i} add up to {columns.size}, but {size[0]} x {size[1]} "
                        f"(height x width) are {int(size[0]) * int(size[1])} pixels")
    return columns.reshape(int(size[1]), int(size[0])).T


def _info_of(record: dict) -> Optional[dict]:
    if "predicted_iou" not in record and "stability_score" not in record:
        return None
    point = record.get("point", record.get("point_coords", (0, 0)))
    if len(point) and np.ndim(point) == 2:
        point = point[0]
    return {"predicted_iou": float(record.get("predicted_iou", 0)),
            "stability_score": float(record.get("stability_score", 0)),
            "point": tuple(float(x) for x in point),
            "crop_box": tuple(float(x) for x in record.get("crop_box", (0, 0, 0, 0)))}
