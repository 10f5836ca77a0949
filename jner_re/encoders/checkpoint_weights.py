"""Weights of a checkpoint in the Hugging Face layout, by name, as float32 arrays."""

from __future__ import annotations

import json
import pathlib
from typing import Any, Protocol

import numpy as np
import safetensors

from jner_re import files
from jner_re.errors import InputError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"  # names the files of weights, if there are several
Pair = tuple[np.ndarray, np.ndarray | None]


def weights_files(folder: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """model.safetensors, or the files that model.safetensors.index.json names, in order.

    Raises:
      InputError: if there is neither, or the index is malformed.
    """
    path, index = folder / WEIGHTS, folder / INDEX
    if path.is_file():
        return (path,)
    if not index.is_file():
        raise InputError(f"{path}: is missing, expected the weights in the safetensors format")
    content = files.read_json(index)
    names = content.get("weight_map") if isinstance(content, dict) else None
    if not (isinstance(names, dict) and names and all(map(_is_file_name, names.values()))):
        raise InputError(f"{index}: expected a weight_map from weights to files of the folder")
    return tuple(folder / name for name in sorted(set(names.values())))


def _is_file_name(name: Any) -> bool:
    return isinstance(name, str) and name == pathlib.PurePath(name).name != ""


class Arrays(Protocol):
    """What networks take their weights from."""

    def get(self, name: str, *shape: int) -> np.ndarray:
        """A weight as float32."""
        ...


def dense(arrays: Arrays, name: str, inputs: int, outputs: int, bias: bool = True) -> Pair:
    """Kernel [inputs, outputs] and bias of a linear layer (PyTorch keeps the transpose)."""
    kernel = arrays.get(f"{name}.weight", outputs, inputs).T
    return kernel, arrays.get(f"{name}.bias", outputs) if bias else None


def norm(arrays: Arrays, name: str, width: int, bias: bool = True) -> Pair:
    """Scale and offset of a layer normalisation."""
    return arrays.get(f"{name}.weight", width), arrays.get(f"{name}.bias", width) if bias else None


class Zeros:
    """Zeros for every weight: of a network whose variables get their values later."""

    def get(self, name: str, *shape: int) -> np.ndarray:
        """Takes no memory."""
        return np.broadcast_to(np.float32(0), shape)


class Weights:
    """Arrays of safetensors files by name, with or without the prefix, old names of norms included."""

    def __init__(self, folder: pathlib.Path, prefix: str) -> None:
        """Opens the files.

        Raises:
          InputError: if one is missing or not in the safetensors format.
        """
        self._paths = weights_files(folder)
        self._files = [_open(path) for path in self._paths]
        self._places: dict[str, tuple[int, str]] = {}  # file, name in it
        for number, file in enumerate(self._files):
            for name in file.keys():  # noqa: SIM118
                self._places[name.removeprefix(prefix)] = (number, name)
        for new, old in ((".weight", ".gamma"), (".bias", ".beta")):
            for name in list(self._places):
                if name.endswith(old):
                    self._places.setdefault(name.removesuffix(old) + new, self._places[name])

    def get(self, name: str, *shape: int) -> np.ndarray:
        """A weight as float32.

        Raises:
          InputError: if it is missing, of another shape or not of floating point.
        """
        if name not in self._places:
            raise InputError(f"{self._paths[0]}: weight {name!r} is missing")
        number, stored_name = self._places[name]
        path, file = self._paths[number], self._files[number]
        stored = file.get_slice(stored_name)
        if tuple(stored.get_shape()) != shape:
            raise InputError(
                f"{path}: weight {name!r} has shape {stored.get_shape()}, expected {list(shape)}"
            )
        if stored.get_dtype() == "BF16":
            return _bfloat16(path, stored_name, shape)
        if stored.get_dtype() not in ("F64", "F32", "F16"):
            raise InputError(
                f"{path}: weight {name!r} is {stored.get_dtype()}, expected F32, F16, BF16 or F64"
            )
        return file.get_tensor(stored_name).astype(np.float32)


def _open(path: pathlib.Path) -> Any:
    if not path.is_file():
        raise InputError(f"{path}: is missing, expected the weights that {INDEX} says are there")
    try:
        return safetensors.safe_open(str(path), framework="numpy")
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"{path}: can't be read as safetensors: {error}") from None


def _bfloat16(path: pathlib.Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Such a weight is the upper half of float32; NumPy, and so safetensors for it, has no such numbers.

    A file is the header's size (eight bytes), the header (JSON) and the arrays; safetensors has checked it.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        begin, end = json.loads(file.read(size))[name]["data_offsets"]
        file.seek(8 + size + begin)
        halves = np.frombuffer(file.read(end - begin), "<u2")
    return (halves.astype(np.uint32) << 16).view(np.float32).reshape(shape)
