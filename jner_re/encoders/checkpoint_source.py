"""Where checkpoints come from: the catalogue, a folder, or the Hugging Face hub."""

from __future__ import annotations

import dataclasses
import fnmatch
import pathlib
from collections.abc import Iterable

from jner_re import files
from jner_re.assets import catalogue, hub, hub_snapshot
from jner_re.assets.hub import Snapshot
from jner_re.encoders.checkpoint_config import CONFIG
from jner_re.encoders.checkpoint_weights import INDEX, WEIGHTS
from jner_re.errors import InputError

_SHARDS = "model-*-of-*.safetensors"
_TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spm.model",
    "sentencepiece.bpe.model",
    "spiece.model",
    "tokenizer.model",
)
_OTHER_WEIGHTS = (
    "*.bin",
    "*.h5",
    "*.msgpack",
    "*.onnx",
    "*.pt",
    "*.pth",
    "*.ckpt*",
    "*.safetensors",
    "*.gguf",
)


@dataclasses.dataclass(frozen=True)
class Origin:
    """What a trained model keeps of an encoder of the hub.

    Attributes:
      commit: that its revision was.
      sha256: of the weights.
    """

    commit: str
    sha256: str


def catalogue_names() -> tuple[str, ...]:
    """The names of the catalogue that are checkpoints."""
    return tuple(entry.name for entry in catalogue.ENCODERS)


def fetch(name: str) -> pathlib.Path:
    """The folder of a checkpoint of the catalogue.

    Raises:
      InputError: if there is none of that name, or it can't be fetched.
    """
    if name not in catalogue_names():
        raise InputError(f"encoder {name!r} is not known, expected one of {', '.join(catalogue_names())}")
    return catalogue.fetch(name)


def find(folder_or_id: str) -> pathlib.Path:
    """The folder of a checkpoint.

    Args:
      folder_or_id: a folder, or the id of a model of the hub ("owner/name" or "owner/name@revision"), whose
        files are then fetched.

    Raises:
      InputError: if it is neither, or the hub doesn't give it.
    """
    folder = files.user_path(folder_or_id)
    if folder.is_dir():
        return folder
    id = hub.parse(folder_or_id)
    if id is None:
        raise InputError(
            f"checkpoint is {folder_or_id!r}, expected a folder or an id of the Hugging Face hub: owner/name "
            "or owner/name@revision"
        )
    try:
        return fetch_snapshot(hub_snapshot.find(id))
    except InputError as error:
        raise InputError(
            f"checkpoint {folder_or_id!r}: no such folder here, and of the hub: {error}"
        ) from None


def fetch_snapshot(snapshot: Snapshot) -> pathlib.Path:
    """The folder of a checkpoint of the hub; its weights are fetched only if its architecture is one of ours.

    Raises:
      InputError: it is no checkpoint that can be read, or it can't be fetched.
    """
    if CONFIG not in snapshot.files:
        raise InputError(f"{snapshot}: has no {CONFIG}, expected a checkpoint in the Hugging Face layout")
    folder = hub_snapshot.fetch(snapshot, [CONFIG])
    from jner_re.encoders import architectures  # imports TensorFlow

    if not architectures.is_checkpoint(folder):
        architectures.read(folder)  # says what it is and what was expected
    weights = _weights(snapshot)
    return hub_snapshot.fetch(snapshot, [CONFIG, *_present(_TOKENIZER, snapshot.files), *weights])


def files_of(folder: pathlib.Path) -> list[pathlib.Path]:
    """The files of a checkpoint's folder, which its encoder can depend on; no hidden ones, no folders."""
    return [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]


def _present(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    there = set(names)
    return [name for name in wanted if name in there]


def _weights(snapshot: Snapshot) -> list[str]:
    """The names of the safetensors files: one, or an index and its shards."""
    if WEIGHTS in snapshot.files:
        return [WEIGHTS]
    if INDEX in snapshot.files:
        return [INDEX, *sorted(fnmatch.filter(snapshot.files, _SHARDS))]
    others = sorted({name for pattern in _OTHER_WEIGHTS for name in fnmatch.filter(snapshot.files, pattern)})
    found = f"its weights are {', '.join(others)}" if others else "it has no file of weights"
    raise InputError(
        f"{snapshot}: has no {WEIGHTS}: {found}; often a pull request of the "
        f"repository has it: {snapshot.repository}@refs/pr/N"
    )
