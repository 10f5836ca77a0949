"""The transformer of a checkpoint without a tokenizer."""

from __future__ import annotations

import pathlib

from jner_re.encoders import deberta_v2, distilbert, electra, modernbert, roberta
from jner_re.encoders.network import Network


def read(folder: pathlib.Path) -> Network:
    """Of an architecture that is compared with PyTorch's on random weights; imports TensorFlow."""
    architectures = (distilbert, electra, roberta, deberta_v2, modernbert)
    return next(each for each in architectures if each.reads(folder)).read_network(folder)
