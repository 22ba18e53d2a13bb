"""Values on their way from the program and back."""

import base64
import json
import math
import mmap
import os
from pathlib import Path

import numpy as np

from seplflow import plugin
from seplflow_worker.modules import Wrong


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
