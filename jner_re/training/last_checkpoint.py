"""The checkpoint that an interrupted run goes on from: the files last-N.index and last-N.data-… of epoch N.

TensorFlow's CheckpointManager trusts a file that names the newest checkpoint, and takes folders' names for
patterns: here the names of the files say it all, whatever the folder is called.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import tempfile

import tensorflow as tf

from jner_re import files
from jner_re.errors import InputError

_INDEX = re.compile(r"last-(\d+)\.index")
_STATE = "checkpoint"  # what CheckpointManager of older versions has left


def newest(folder: pathlib.Path) -> pathlib.Path | None:
    """The newest checkpoint, without the endings of its files; None if there is none."""
    found = [_INDEX.fullmatch(path.name) for path in folder.glob("last-*")]
    numbers = [int(match[1]) for match in found if match]
    return folder / f"last-{max(numbers)}" if numbers else None


def remove_unfinished(folder: pathlib.Path) -> None:
    """What processes that were killed have left of what they were writing."""
    for path in folder.glob(".*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def save(checkpoint: tf.train.Checkpoint, folder: pathlib.Path, number: int) -> None:
    """Writes one, and removes those before.

    Args:
      checkpoint: what is saved.
      folder: where.
      number: of the epoch that has ended.

    Raises:
      InputError: the folder can't be written to; then the one before is still there.
    """
    name = f"last-{number}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}.") as beside:
            checkpoint.write(os.path.join(beside, name))
            # The index at last: where it is, the rest is there, too.
            for path in sorted(pathlib.Path(beside).iterdir(), key=lambda path: path.suffix == ".index"):
                os.replace(path, folder / path.name)
        for path in list(folder.iterdir()):
            is_older = path.name.startswith("last-") and not path.name.startswith(f"{name}.")
            if is_older or path.name == _STATE:
                path.unlink()
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror or error}") from None
    except tf.errors.OpError as error:
        raise InputError(f"{folder}: can't be written: {files.reason(error.message)}") from None
