"""What a run has left in a folder, in a form that two runs can be compared by."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from experiments.jobs.records import TABLES
from jner_re.models import model_files

_TIMES = {"seconds", "run"}  # of records: how long something took, and when and on what a run was made
_COLUMNS = {"seconds", "commit"}  # likewise, of tables
_EVENTS = "tfevents"  # in the names of TensorBoard's files, with the time and the process
_TRACES = ("logs", ".lock", "log.txt", "attempts.json")  # what says when it was done


def content(folder: pathlib.Path) -> dict[str, str]:
    """A checksum of every file of a folder by its name, but for those that say when something was done.

    Of a checkpoint that of its tensors, of JSON that of its values without seconds; the folder has no others.
    TensorBoard's files of a folder are one, of which the values are compared.
    """
    found = {}
    events: dict[pathlib.Path, list[pathlib.Path]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_dir() or not set(_TRACES).isdisjoint(name.parts) or path.suffix.startswith(".data-"):
            continue
        if _EVENTS in path.name:
            events.setdefault(name.parent, []).append(path)
            continue
        found[str(name)] = hashlib.sha256(_comparable(path)).hexdigest()
    for parent, paths in events.items():
        found[str(parent / _EVENTS)] = hashlib.sha256(_values(paths)).hexdigest()
    return found


def done(folder: pathlib.Path) -> dict[str, int]:
    """When that was written, in nanoseconds, which says that a training or a run is finished, by its name."""
    records = (path for path in folder.glob("results/*.json") if path.name not in TABLES)
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in (*records, *folder.rglob(model_files.METRICS))
    }


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
    if path.suffix == ".md":
        return "\n".join(_without_columns(path.read_text().splitlines())).encode()
    return path.read_bytes()


def _without_columns(lines: Sequence[str]) -> Iterator[str]:
    """A page's lines, its tables without the columns that say how long and with what a run was made."""
    left_out: set[int] = set()
    for line in lines:
        cells = line.split(" | ")
        if len(cells) == 1:
            left_out = set()
        elif not left_out:
            left_out = {i for i, cell in enumerate(cells) if cell.strip(" |") in _COLUMNS}
        yield " | ".join(cell for i, cell in enumerate(cells) if i not in left_out)


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


def _values(paths: Sequence[pathlib.Path]) -> bytes:
    """What TensorBoard's files say, but for when it was said."""
    import tensorflow as tf
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    lines = []
    for record in tf.data.TFRecordDataset([str(path) for path in paths]).as_numpy_iterator():
        event = tf.compat.v1.Event.FromString(record)
        for value in event.summary.value:
            plugin = value.metadata.plugin_data
            if plugin.plugin_name == metadata.PLUGIN_NAME:
                data = plugin_data_pb2.HParamsPluginData.FromString(plugin.content)
                if data.HasField("session_start_info"):
                    data.session_start_info.start_time_secs = 0
                if data.HasField("experiment"):
                    data.experiment.time_created_secs = 0
                plugin.content = data.SerializeToString(deterministic=True)
            lines.append(f"{event.step} {value}")
    return "\n".join(lines).encode()


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
