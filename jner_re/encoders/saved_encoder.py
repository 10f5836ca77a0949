"""From a checkpoint folder to a SavedModel in the TF-Hub format."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import tempfile
from typing import Any

import tensorflow as tf

from jner_re import files
from jner_re.encoders import download
from jner_re.encoders.checkpoint import WEIGHTS, read_checkpoint
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.vocabulary import read_vocabulary
from jner_re.errors import InputError

DESCRIPTION = "encoder.json"  # beside saved_model.pb
_FORMAT = 1  # of the conversion; raised when a new version would give other vectors


def convert(checkpoint: pathlib.Path, output: pathlib.Path, name: str, pooling: str = "mean") -> None:
    """Converts a BERT or MPNet checkpoint in the Hugging Face layout.

    Writes beside `output` and renames. Beside saved_model.pb there is encoder.json: `format`, `name`,
    `layers`, `width`, `pooling`, `lowercase`, the `sha256` of the weights, and `content`, a hash of all that
    the vectors depend on. (saved_model.pb itself differs from one conversion to the next: TensorFlow numbers
    functions through the life of a process.)

    Args:
      checkpoint: folder with config.json, vocab.txt and model.safetensors.
      output: folder to create; it may exist if it is empty or an encoder, which is replaced.
      name: to show.
      pooling: of a word's subwords: "mean", or "first" for the first one alone.

    Raises:
      InputError: if the checkpoint can't be used, or `output` can't be written or holds something else.
    """
    output = output.expanduser().resolve()
    if output.exists() and not (output.is_dir() and _is_replaceable(output)):
        raise InputError(f"{output}: is in use, expected a new folder, an empty one or an encoder's")
    weights = read_checkpoint(checkpoint)
    vocabulary = read_vocabulary(checkpoint, weights.model_type)
    if len(vocabulary.subwords) > len(weights.subword_embeddings):
        raise InputError(
            f"{checkpoint / 'vocab.txt'}: has {len(vocabulary.subwords)} lines, expected at most vocab_size "
            f"({len(weights.subword_embeddings)} in config.json)"
        )
    encoder = TokenEncoder(weights, vocabulary, pooling)
    sha256 = download.sha256_of(checkpoint / WEIGHTS)
    settings = (_FORMAT, pooling, weights.model_type, weights.heads, weights.activation, weights.epsilon)
    description = {
        "format": _FORMAT,
        "name": name,
        "layers": encoder.num_layers,
        "width": encoder.width,
        "pooling": pooling,
        "lowercase": vocabulary.lowercase,
        "sha256": sha256,
        "content": hashlib.sha256(repr((sha256, settings, vocabulary)).encode()).hexdigest(),
    }
    try:
        _write(encoder, description, output)
    except OSError as error:
        raise InputError(f"{output}: can't be written: {error.strerror or error}") from None
    except tf.errors.OpError as error:
        raise InputError(f"{output}: can't be written: {error.message}") from None


def _is_replaceable(folder: pathlib.Path) -> bool:
    return (folder / DESCRIPTION).exists() or not any(folder.iterdir())


def _write(encoder: TokenEncoder, description: dict[str, object], output: pathlib.Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as beside:
        new = pathlib.Path(beside) / "new"
        tf.saved_model.save(encoder, str(new), signatures={"tokens": encoder.tokens})
        files.write_text(new / DESCRIPTION, json.dumps(description, indent=2) + "\n")
        if output.exists():
            os.replace(output, pathlib.Path(beside) / "old")
        os.replace(new, output)


def is_current(encoder: pathlib.Path, sha256: str | None) -> bool:
    """Whether `encoder` is a mean-pooling conversion, by this version of the package, of these weights."""
    description = read_description(encoder)
    return {"format": _FORMAT, "pooling": "mean", "sha256": sha256}.items() <= description.items()


def read_description(encoder: pathlib.Path) -> dict[str, Any]:
    """The content of encoder.json; empty if there is none."""
    path = encoder / DESCRIPTION
    return files.read_json(path) if path.exists() else {}
