"""An ELMo's options.json and HDF5 weights, in the layout of bilm-tf, which AllenNLP publishes."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any, NoReturn

import h5py
import numpy as np

from jner_re import files
from jner_re.errors import InputError

OPTIONS = "options.json"
WEIGHTS = "weights.hdf5"
CHARACTERS = (
    261  # rows of the embedding in the file: 256 bytes, four marks and padding; a masked one is added
)
_CHARS_A_TOKEN = 50


@dataclasses.dataclass(frozen=True)
class Options:
    """The architecture.

    Attributes:
      char_width: of a character's embedding.
      filters: (width in characters, number) of each convolution.
      highway: number of highway layers.
      activation: of the convolutions, "relu" or "tanh".
      units: of an LSTM's cell.
      width: of its projection, which is also that of a word's context-free vector.
      layers: of LSTMs in each direction.
      cell_clip: bound of a cell's values; None for none.
      projection_clip: of a projection's values, likewise.
      skip_connections: whether an LSTM's input is added to its output, from the second layer on.
    """

    char_width: int
    filters: tuple[tuple[int, int], ...]
    highway: int
    activation: str
    units: int
    width: int
    layers: int
    cell_clip: float | None
    projection_clip: float | None
    skip_connections: bool


@dataclasses.dataclass(frozen=True)
class Lstm:
    """An LSTM with projection; gates in the order input, candidate, forget, output.

    Attributes:
      kernel: float32 [2 * width, 4 * units], of input, then of state.
      bias: float32 [4 * units]; the forget gate's has its 1 already.
      projection: float32 [units, width].
    """

    kernel: np.ndarray
    bias: np.ndarray
    projection: np.ndarray


@dataclasses.dataclass(frozen=True)
class ElmoCheckpoint:
    """An ELMo's arrays, all float32.

    Attributes:
      options: the architecture.
      embedding: [262, char_width]; row 0, of what is no character, is zeros.
      convolutions: kernel [width, char_width, number] and bias [number] of each.
      highways: of each layer the gate's kernel and bias, then the transformation's.
      projection: kernel [sum of numbers, width] and bias [width].
      lstms: [direction][layer], forward first.
      weights_file: where they are from.
    """

    options: Options
    embedding: np.ndarray
    convolutions: tuple[tuple[np.ndarray, np.ndarray], ...]
    highways: tuple[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], ...]
    projection: tuple[np.ndarray, np.ndarray]
    lstms: tuple[tuple[Lstm, ...], ...]
    weights_file: pathlib.Path


def read_options(path: pathlib.Path) -> Options:
    """Reads options.json.

    Raises:
      InputError: it can't be read, an option is missing, unknown or of a value that is not supported.
    """
    record = files.read_json(path)
    lstm, cnn = _section(record, "lstm", path), _section(record, "char_cnn", path)
    _only(record, path, "", {"lstm", "char_cnn", *_OF_TRAINING})
    _only(
        lstm,
        path,
        "lstm.",
        {"cell_clip", "use_skip_connections", "n_layers", "proj_clip", "projection_dim", "dim"},
    )
    _only(
        cnn,
        path,
        "char_cnn.",
        {"embedding", "filters", "n_highway", "n_characters", "max_characters_per_token", "activation"},
    )
    if cnn.get("n_characters") not in (CHARACTERS, CHARACTERS + 1):
        _refuse(path, "char_cnn.n_characters", cnn.get("n_characters"), f"{CHARACTERS} or {CHARACTERS + 1}")
    if cnn.get("max_characters_per_token") != _CHARS_A_TOKEN:
        _refuse(
            path,
            "char_cnn.max_characters_per_token",
            cnn.get("max_characters_per_token"),
            str(_CHARS_A_TOKEN),
        )
    if cnn.get("activation") not in ("relu", "tanh"):
        _refuse(path, "char_cnn.activation", cnn.get("activation"), "relu or tanh")
    if not isinstance(lstm.get("use_skip_connections"), bool):
        _refuse(path, "lstm.use_skip_connections", lstm.get("use_skip_connections"), "true or false")
    filters: Any = cnn.get("filters")
    if not _are_filters(filters):
        _refuse(path, "char_cnn.filters", filters, f"a list of [width from 1 to {_CHARS_A_TOKEN}, number]")
    embedding = cnn.get("embedding")
    return Options(
        char_width=_count(
            embedding if isinstance(embedding, dict) else {}, "dim", path, "char_cnn.embedding."
        ),
        filters=tuple((width, number) for width, number in filters),
        highway=_count(cnn, "n_highway", path, "char_cnn.", least=0),
        activation=cnn["activation"],
        units=_count(lstm, "dim", path, "lstm."),
        width=_count(lstm, "projection_dim", path, "lstm."),
        layers=_count(lstm, "n_layers", path, "lstm."),
        cell_clip=_clip(lstm, "cell_clip", path),
        projection_clip=_clip(lstm, "proj_clip", path),
        skip_connections=lstm["use_skip_connections"],
    )


# What training wrote beside; it has no part in the network that encodes.
_OF_TRAINING = {
    "bidirectional", "dropout", "all_clip_norm_val", "n_epochs", "n_train_tokens", "batch_size",
    "n_tokens_vocab", "unroll_steps", "n_negative_samples_batch",
}  # fmt: skip


def _section(record: Any, name: str, path: pathlib.Path) -> dict[str, Any]:
    section = record.get(name) if isinstance(record, dict) else None
    if not isinstance(section, dict):
        _refuse(path, name, section, "an object")
    return section


def _only(record: Mapping[str, Any], path: pathlib.Path, prefix: str, known: set[str]) -> None:
    for name in record:
        if name not in known:
            raise InputError(
                f"{path}: {prefix}{name} is an unknown option, expected {', '.join(sorted(known))}"
            )


def _count(record: Mapping[str, Any], name: str, path: pathlib.Path, prefix: str, least: int = 1) -> int:
    value = record.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        _refuse(path, prefix + name, value, f"a whole number of at least {least}")
    return value


def _clip(record: Mapping[str, Any], name: str, path: pathlib.Path) -> float | None:
    value = record.get(name)
    if value is None or value == 0:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        _refuse(path, f"lstm.{name}", value, "a positive number or null")
    return float(value)


def _are_filters(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(
            isinstance(pair, list)
            and len(pair) == 2
            and all(isinstance(x, int) and not isinstance(x, bool) and x > 0 for x in pair)
            and pair[0] <= _CHARS_A_TOKEN
            for pair in value
        )
    )


def _refuse(path: pathlib.Path, name: str, value: Any, expected: str) -> NoReturn:
    raise InputError(f"{path}: {name} is {value!r:.100}, expected {expected}")


def read(options_file: pathlib.Path, weights_file: pathlib.Path) -> ElmoCheckpoint:
    """Reads the two files.

    Raises:
      InputError: a file can't be read, or an array is missing, surplus or of another shape than the options
        say.
    """
    options, arrays = read_options(options_file), _Arrays(weights_file)
    features = sum(number for _, number in options.filters)
    embedding = arrays.take("char_embed", CHARACTERS, options.char_width)
    convolutions = tuple(
        (
            arrays.take(f"CNN/W_cnn_{i}", 1, width, options.char_width, number)[0],
            arrays.take(f"CNN/b_cnn_{i}", number),
        )
        for i, (width, number) in enumerate(options.filters)
    )
    highways = tuple(
        (
            arrays.take(f"CNN_high_{i}/W_carry", features, features),
            arrays.take(f"CNN_high_{i}/b_carry", features),
            arrays.take(f"CNN_high_{i}/W_transform", features, features),
            arrays.take(f"CNN_high_{i}/b_transform", features),
        )
        for i in range(options.highway)
    )
    projection = (
        arrays.take("CNN_proj/W_proj", features, options.width),
        arrays.take("CNN_proj/b_proj", options.width),
    )
    lstms = tuple(
        tuple(_lstm(arrays, options, direction, layer) for layer in range(options.layers))
        for direction in (0, 1)
    )
    arrays.check_all_taken()
    embedding = np.concatenate([np.zeros((1, options.char_width), np.float32), embedding])
    return ElmoCheckpoint(options, embedding, convolutions, highways, projection, lstms, weights_file)


def _lstm(arrays: _Arrays, options: Options, direction: int, layer: int) -> Lstm:
    place = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
    kernel = arrays.take(f"{place}/W_0", 2 * options.width, 4 * options.units)
    bias = arrays.take(f"{place}/B", 4 * options.units)
    bias[2 * options.units : 3 * options.units] += 1
    return Lstm(kernel, bias, arrays.take(f"{place}/W_P_0", options.units, options.width))


class _Arrays:
    """The arrays of an HDF5 file, each taken once."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._arrays: dict[str, np.ndarray] = {}
        try:
            with h5py.File(path, "r") as file:
                file.visititems(self._read)
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except (OSError, RuntimeError, ValueError) as error:  # h5py's, of a damaged file
            raise InputError(f"{path}: can't be read as HDF5: {' '.join(str(error).split())}") from None

    def _read(self, name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            self._arrays[name] = item[()]

    def take(self, name: str, *shape: int) -> np.ndarray:
        array = self._arrays.pop(name, None)
        if array is None:
            raise InputError(f"{self._path}: has no array {name}, expected one of shape {shape}")
        if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype.kind != "f":
            found = f"{getattr(array, 'dtype', type(array))} {getattr(array, 'shape', ())}"
            raise InputError(
                f"{self._path}: {name} is {found}, expected floats of shape {shape}, as the options say"
            )
        return array.astype(np.float32)

    def check_all_taken(self) -> None:
        if self._arrays:
            names = ", ".join(sorted(self._arrays)[:5])
            raise InputError(f"{self._path}: has {names}, for which the options have no place")
