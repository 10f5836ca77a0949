"""The architectures that checkpoints are read from, each a module of its own.

Such a module has a `NAME` for messages and two functions. `reads(folder: pathlib.Path) -> bool` tells whether
the folder is a checkpoint of the architecture. `read(folder: pathlib.Path, pooling: str = "mean")` gives a
tf.Module with the tf.function `tokens` (inputs and outputs as in docs/encoders.md) and these attributes:

  num_layers: L.
  width: D.
  lowercase: whether it ignores case.
  weights_files: the checkpoint's files of weights, a tuple.
  signatures: of the SavedModel, by name; `tokens` is one. A property: tf.saved_model.save takes no attribute.
  settings: a tuple of all else that the vectors depend on, as numbers and strings.
  vocabulary: the `Vocabulary` of its subwords; None if it has none, and then it can't be fine-tuned.
  dropout: rates, for fine-tuning; only if there is a vocabulary.
"""

from __future__ import annotations

import pathlib

import tensorflow as tf

from jner_re.encoders import (
    bert,
    checkpoint_config,
    deberta_v2,
    distilbert,
    electra,
    elmo,
    modernbert,
    mpnet,
    roberta,
)
from jner_re.errors import InputError

ARCHITECTURES = (bert, mpnet, distilbert, electra, roberta, deberta_v2, modernbert, elmo)


def is_checkpoint(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of one of the architectures.

    Raises:
      InputError: if it has a config.json that can't be read.
    """
    return any(architecture.reads(folder) for architecture in ARCHITECTURES)


def read(folder: pathlib.Path, pooling: str = "mean") -> tf.Module:
    """The encoder of a checkpoint.

    Args:
      folder: of the checkpoint.
      pooling: of a word's subwords, see `TokenEncoder`; an architecture without
        subwords takes either.

    Raises:
      InputError: if the checkpoint can't be used, or its architecture is none of those here.
    """
    for architecture in ARCHITECTURES:
        if architecture.reads(folder):
            return architecture.read(folder, pooling)
    path = folder / checkpoint_config.CONFIG
    names = " or ".join(architecture.NAME for architecture in ARCHITECTURES)
    if not path.exists():
        raise InputError(f"{folder}: has no {checkpoint_config.CONFIG}, expected a checkpoint of {names}")
    raise InputError(f"{path}: model_type is {checkpoint_config.model_type(folder)!r}, expected {names}")
