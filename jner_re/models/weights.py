"""A model's weights in a file, with their checksum."""

from __future__ import annotations

import hashlib
import pathlib

import h5py
import numpy as np
import tf_keras as keras

from jner_re import files
from jner_re.errors import InputError

_CHECKSUM = "sha256"  # attribute of the file: of the shapes and values of all weights in order


def save(model: keras.Model, path: pathlib.Path) -> None:
    """Writes a model's weights, with their checksum, beside `path` and renames them into place."""
    with files.atomic_write(path) as new:
        model.save_weights(new)
        with h5py.File(new, "r+") as file:
            file.attrs[_CHECKSUM] = _checksum_of(model)


def load(model: keras.Model, path: pathlib.Path) -> None:
    """Reads weights into a model of the same config.

    Raises:
      InputError: the file is damaged or of another model.
    """
    try:
        with h5py.File(path, "r") as file:
            expected = file.attrs[_CHECKSUM]
        model.load_weights(path)
    except Exception as error:  # a damaged file can make h5py and Keras raise almost anything
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: not the weights of this model: {first_line}") from None
    if (found := _checksum_of(model)) != expected:
        raise InputError(f"{path}: damaged: the checksum of the weights is {found}, expected {expected}")


def _checksum_of(model: keras.Model) -> str:
    """SHA-256 of the shapes and values of all weights."""
    digest = hashlib.sha256()
    for value in model.get_weights():
        digest.update(str(value.shape).encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def count(model: keras.Model) -> int:
    """The number of trained weights."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))
