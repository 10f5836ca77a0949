"""What a run has left in a folder, in a form that two runs can be compared by."""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import Any

import numpy as np

_TIMES = {"seconds"}  # of records: how long something took
_TRACES = ("logs", ".lock", "log.txt", "attempts.json")  # what says when it was done


def content(folder: pathlib.Path) -> dict[str, str]:
    """A checksum of every file of a folder by its name, but for those that say when something was done.

    Of a checkpoint that of its tensors, of JSON that of its values without seconds; the folder has no others.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_dir() or not set(_TRACES).isdisjoint(name.parts) or path.suffix.startswith(".data-"):
            continue
        found[str(name)] = hashlib.sha256(_comparable(path)).hexdigest()
    return found


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """What is missing, left over or other, a line each."""
    return [
        *(f"{name} is missing" for name in sorted(expected.keys() - found.keys())),
        *(f"{name} is left over" for name in sorted(found.keys() - expected.keys())),
        *(
            f"{name} differs"
            for name in sorted(expected.keys() & found.keys())
            if expected[name] != found[name]
        ),
    ]


def _comparable(path: pathlib.Path) -> bytes:
    if path.suffix == ".index":
        return _tensors(path.with_suffix(""))
    if path.suffix == ".h5":
        return _datasets(path)
    if path.suffix == ".json":
        return json.dumps(_without_times(json.loads(path.read_text())), sort_keys=True).encode()
    return path.read_bytes()


def _tensors(prefix: pathlib.Path) -> bytes:
    """Of a TensorFlow checkpoint: its own files may hold them in another order."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(prefix))
    return _joined({name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()})


def _datasets(path: pathlib.Path) -> bytes:
    import h5py

    arrays: dict[str, Any] = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, each: arrays.update({name: each[()]} if hasattr(each, "shape") else {}))
    return _joined(arrays)


def _joined(arrays: dict[str, Any]) -> bytes:
    """Checksums of arrays with their names, bit by bit."""
    lines = []
    for name, value in sorted(arrays.items()):
        array = np.asarray(value)
        data = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
        lines.append(f"{name} {array.dtype} {array.shape} {hashlib.sha256(data).hexdigest()}")
    return "\n".join(lines).encode()


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(each) for key, each in value.items() if key not in _TIMES}
    return [_without_times(each) for each in value] if isinstance(value, list) else value
