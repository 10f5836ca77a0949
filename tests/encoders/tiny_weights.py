"""Weights of tiny checkpoints as random numbers that follow from their names; needs NumPy only.

make_architectures.py gives them to PyTorch, test_architectures.py writes them into checkpoints.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

SIGHT = 5  # numbers that stand for a vector


def weight(name: str, shape: Sequence[int]) -> np.ndarray:
    """Large enough for attention to choose; norms around one, no bias of zero."""
    values = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(tuple(shape)) * 0.3
    is_scale = "norm" in name.lower() and name.endswith("weight")
    return (values + is_scale).astype(np.float32)


def weights(shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    """All of a checkpoint."""
    return {name: weight(name, shape) for name, shape in shapes.items()}


def direction(name: str, shape: Sequence[int]) -> np.ndarray:
    """In which the gradient of a weight is looked at."""
    return weight(f"direction of {name}", shape)


def sentences(most_ids: int, lengths: Sequence[int]) -> list[np.ndarray]:
    """Ids from 5, of which no architecture here has a special one."""
    random = np.random.RandomState(3)
    return [random.randint(5, most_ids, length) for length in lengths]


def sight(width: int) -> np.ndarray:
    """[D, SIGHT]: fixtures keep the products of vectors with it."""
    return weight("sight", [width, SIGHT])


def view(layers: int, width: int) -> np.ndarray:
    """[L, D]: the sum of the layers' products with it is what gradients are of."""
    return weight("view", [layers, width])
