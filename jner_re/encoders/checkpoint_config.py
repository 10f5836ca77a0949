"""config.json of a checkpoint in the Hugging Face layout: what is asked of it is checked."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from jner_re import files
from jner_re.errors import InputError

CONFIG = "config.json"
ACTIVATIONS = ("gelu", "gelu_new", "relu")
_ABSENT: Any = object()


def model_type(folder: pathlib.Path) -> Any:
    """What config.json gives as `model_type`; None if there is no config.json.

    Raises:
      InputError: if config.json can't be read or is no JSON object.
    """
    path = folder / CONFIG
    return _read_object(path).get("model_type") if path.exists() else None


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Sizes that every transformer has.

    Attributes:
      vocabulary: number of subwords.
      width: D.
      inner: F, of the feed-forward network.
      heads: H; they divide D.
      layers: blocks.
      positions: as the config counts them.
    """

    vocabulary: int
    width: int
    inner: int
    heads: int
    layers: int
    positions: int


class Config:
    """The values of a config.json. Every method raises an InputError that names the value it refuses."""

    def __init__(
        self, folder: pathlib.Path, architectures: Sequence[str], names: Mapping[str, str] | None = None
    ) -> None:
        """Reads the file.

        Args:
          folder: of the checkpoint.
          architectures: each `model_type` to expect.
          names: what the architecture calls values that others know by another name.

        Raises:
          InputError: if it is missing or malformed, or of another `model_type`.
        """
        self.path = folder / CONFIG
        self._values = _read_object(self.path)
        self._names = names or {}
        self.model_type: str = self.choice("model_type", architectures)

    def get(self, name: str, default: Any = None) -> Any:
        """A value as it is there."""
        return self._values.get(self._name(name), default)

    def choice(self, name: str, expected: Sequence[Any], default: Any = None) -> Any:
        """One of some values."""
        value = self.get(name, default)
        if value not in expected:
            raise self.refused(name, " or ".join(map(str, expected)), value)
        return value

    def whole(self, name: str, least: int, default: int | None = None) -> int:
        """A whole number, at least `least`."""
        value = self.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.refused(name, f"a whole number from {least}", value)
        return value

    def positive(self, name: str, default: float) -> float:
        """A number above 0."""
        value = self.get(name, default)
        if not isinstance(value, int | float) or not value > 0:
            raise self.refused(name, "a number above 0", value)
        return float(value)

    def rate(self, name: str, default: float) -> float:
        """A number from 0, below 1."""
        value = self.get(name, default)
        if not (isinstance(value, int | float) and 0 <= value < 1):
            raise self.refused(name, "a number from 0, below 1", value)
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.get(name, default)
        if not isinstance(value, bool):
            raise self.refused(name, "true or false", value)
        return value

    def sizes(self) -> Sizes:
        """Checks sizes one by one, and that heads divide the width."""
        sizes = Sizes(
            vocabulary=self.whole("vocab_size", 1),
            width=self.whole("hidden_size", 1),
            layers=self.whole("num_hidden_layers", 1),
            heads=self.whole("num_attention_heads", 1),
            inner=self.whole("intermediate_size", 1),
            positions=self.whole("max_position_embeddings", 8),
        )
        if sizes.width % sizes.heads:
            heads = f"{self._name('num_attention_heads')} ({sizes.heads})"
            raise self.refused("hidden_size", f"a multiple of {heads}")
        return sizes

    def refused(self, name: str, expected: str, value: Any = _ABSENT) -> InputError:
        """The error for a value, by default the one that is there."""
        value = self.get(name) if value is _ABSENT else value
        return InputError(f"{self.path}: {self._name(name)} is {value!r}, expected {expected}")

    def _name(self, name: str) -> str:
        return self._names.get(name, name)


def _read_object(path: pathlib.Path) -> dict[str, Any]:
    content = files.read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: is {type(content).__name__}, expected a JSON object")
    return content
