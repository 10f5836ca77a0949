"""From a checkpoint folder to a SavedModel in the TF-Hub format."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Collection, Sequence
from typing import Any

import tensorflow as tf

from jner_re import files
from jner_re.assets import download
from jner_re.config_paths import public_name
from jner_re.encoders import architectures, vocabularies
from jner_re.encoders.vocabularies import Vocabulary
from jner_re.errors import InputError

DESCRIPTION = "encoder.json"  # beside saved_model.pb
_FORMAT = 1  # of the conversion; raised when a new version would give other vectors
_GRAPH = 3  # raised when a new version gives the same vectors by a better graph


def convert(checkpoint: pathlib.Path, output: pathlib.Path, name: str, pooling: str = "mean") -> None:
    """Converts a checkpoint.

    Writes beside `output` and renames. Beside saved_model.pb there is encoder.json: `format`, `graph`,
    `name`, `layers`, `width`, `pooling`, `lowercase`, the `sha256` of the weights (of several files: of
    their hashes), and `content`, a hash of all that the vectors depend on; and `fine_tuning`, what
    `fine_tuning.read` needs, null for an ELMo.
    (saved_model.pb itself differs from one conversion to the next: TensorFlow numbers functions through the
    life of a process.)

    Args:
      checkpoint: folder that one of the `architectures` reads.
      output: folder to create; it may exist if it is empty or an encoder, which is replaced.
      name: to show.
      pooling: of a word's subwords, see `TokenEncoder`.

    Raises:
      InputError: if the checkpoint can't be used, or `output` can't be written or holds something else.
    """
    _check_free(output)  # before the work
    save(architectures.read(checkpoint, pooling), output, name, pooling)


def save(encoder: tf.Module, output: pathlib.Path, name: str, pooling: str = "mean") -> None:
    """Writes an encoder that one of the `architectures` has read; see `convert`."""
    _check_free(output)
    output = files.user_path(output).resolve()
    sha256 = weights_hash(encoder.weights_files)
    vocabulary = encoder.vocabulary
    fine_tuning = vocabulary and {
        "settings": encoder.settings,
        "dropout": encoder.dropout,
        "vocabulary": vocabularies.to_json(vocabulary),
    }
    description = {
        "format": _FORMAT,
        "graph": _GRAPH,
        "name": public_name(name),
        "layers": encoder.num_layers,
        "width": encoder.width,
        "pooling": pooling,
        "lowercase": encoder.lowercase,
        "sha256": sha256,
        "content": content_hash(sha256, pooling, encoder.settings, vocabulary),
        "fine_tuning": fine_tuning,
    }
    with files.atomic_write(output) as new:
        try:
            tf.saved_model.save(encoder, str(new), signatures=encoder.signatures)
        except tf.errors.OpError as error:
            raise InputError(f"{output}: can't be written: {files.short_message(error.message)}") from None
        files.write_text(new / DESCRIPTION, json.dumps(description, indent=2) + "\n")


def weights_hash(paths: Sequence[pathlib.Path]) -> str:
    """SHA-256 of the one file, or of the hashes of several."""
    hashes = [download.sha256_of(path) for path in paths]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def content_hash(sha256: str, pooling: str, settings: Sequence[Any], vocabulary: Vocabulary | None) -> str:
    """A hash of all that an encoder's vectors depend on."""
    content = repr((sha256, (_FORMAT, pooling, *settings), vocabulary))
    content = content.replace("SubwordVocabulary(", "Vocabulary(", 1)  # the class's name in the first hashes
    return hashlib.sha256(content.encode()).hexdigest()


def _check_free(output: pathlib.Path) -> None:
    output = files.user_path(output).resolve()
    if output.exists() and not (output.is_dir() and _is_replaceable(output)):
        raise InputError(f"{output}: is in use, expected a new folder, an empty one or an encoder's")


def _is_replaceable(folder: pathlib.Path) -> bool:
    return (folder / DESCRIPTION).exists() or not any(folder.iterdir())


def is_current(encoder: pathlib.Path, pinned: Collection[str], fine_tuning: bool) -> bool:
    """Whether `encoder` is what this version of the package makes of a checkpoint, with mean pooling.

    Args:
      encoder: the folder.
      pinned: checksums of which one is that of the weights; empty for any.
      fine_tuning: whether it has to tell what fine-tuning needs, which older versions did not write down.
    """
    description = read_description(encoder)
    wanted = {"format": _FORMAT, "graph": _GRAPH, "pooling": "mean"}
    is_ours = all(description.get(name) == value for name, value in wanted.items())
    is_ours = is_ours and (not fine_tuning or "fine_tuning" in description)
    return is_ours and (not pinned or description.get("sha256") in pinned)


def read_description(encoder: pathlib.Path) -> dict[str, Any]:
    """The content of encoder.json; empty if there is none.

    Raises:
      InputError: if it can't be read or is no JSON object.
    """
    path = encoder / DESCRIPTION
    if not path.exists():
        return {}
    description = files.read_json(path)
    if not isinstance(description, dict):
        raise InputError(f"{path}: is {type(description).__name__}, expected a JSON object")
    return description
