"""As much of torch as pickles and unpickles a tensor inside of a pickle, on numpy.

Once registered as torch, numpy.load finds it in CAM files. What it leaves out (checks, devices, the
tensor itself) takes torch more time than all of this.
"""

import collections
import io
import pickle
import sys
import types

import numpy as np

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
FACTS = {"protocol_version": VERSION, "little_endian": True,
         "type_sizes": {"short": 2, "int": 4, "long": 4}}
HOOKS = collections.OrderedDict()


class FloatStorage:
    dtype = np.dtype("<f4")


class LongStorage:
    dtype = np.dtype("<i8")


class _Ids(pickle.Pickler):
    def persistent_id(self, value):
        return value if isinstance(value, tuple) and value[:1] == ("storage",) else None


class _Storages(pickle.Unpickler):
    def persistent_load(self, value):
        return value


def saved_storage(array):
    """What torch.save writes of the storage of an array."""
    storage = FloatStorage if array.dtype == FloatStorage.dtype else LongStorage
    stream = io.BytesIO()
    for value in (MAGIC, VERSION, FACTS):
        pickle.dump(value, stream, protocol=2)
    _Ids(stream, protocol=2).dump(("storage", storage, "1", "cpu", array.size, None))
    pickle.dump(["1"], stream, protocol=2)
    return stream.getvalue() + np.int64(array.size).tobytes() + array.tobytes()


def _load_from_bytes(data):
    stream = io.BytesIO(data)
    for _ in range(3):
        pickle.load(stream)
    _, storage, _, _, size, _ = _Storages(stream).load()
    pickle.load(stream)
    return np.frombuffer(data, storage.dtype, size, stream.tell() + 8)


def _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks):
    return np.lib.stride_tricks.as_strided(storage[offset:], shape,
                                           [each * storage.itemsize for each in strides])


LOAD, REBUILD = _load_from_bytes, _rebuild_tensor_v2


def register():
    for name, values in (("torch", [FloatStorage, LongStorage]), ("torch.storage", [LOAD]),
                         ("torch._utils", [REBUILD])):
        module = sys.modules[name] = types.ModuleType(name)
        for value in values:
            value.__module__ = name
            setattr(module, value.__name__, value)
