"""A folder with a corpus split for training: train.json, dev.json and test.json in SpERT's JSON."""

from __future__ import annotations

import pathlib

from jner_re.corpora import formats
from jner_re.errors import InputError
from jner_re.schema import Sentence

SPLITS = ("train", "dev", "test")


def read_split(data_dir: pathlib.Path, split: str) -> list[Sentence]:
    """One split of a data directory.

    Args:
      data_dir: the folder.
      split: "train", "dev" or "test".

    Raises:
      InputError: no such folder or file, or the corpus is not valid.
    """
    data_dir = pathlib.Path(data_dir)
    if not data_dir.is_dir():
        raise InputError(f"{data_dir}: no such folder, expected one with train.json, dev.json and test.json")
    return formats.read(data_dir / f"{split}.json")
