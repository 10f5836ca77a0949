"""A list of batches in one .npz file, by which two programs train on the same ones. Needs NumPy alone."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import numpy as np


def write_batches(path: pathlib.Path, batches: Sequence[dict[str, np.ndarray]]) -> None:
    """Writes the arrays of each batch under the name `number/name`."""
    arrays = {f"{i}/{name}": array for i, batch in enumerate(batches) for name, array in batch.items()}
    np.savez(path, **arrays)


def read_batches(path: pathlib.Path) -> list[dict[str, np.ndarray]]:
    """Reads what `write_batches` wrote, in the same order."""
    batches: dict[str, dict[str, np.ndarray]] = {}
    with np.load(path) as arrays:
        for key in arrays:
            number, _, name = key.partition("/")
            batches.setdefault(number, {})[name] = arrays[key]
    return list(batches.values())
