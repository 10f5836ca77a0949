"""The sample corpus that comes with the package: news sentences in CoNLL04's schema."""

from __future__ import annotations

import pathlib
from importlib import resources

from jner_re.corpora.data_dir import read_split
from jner_re.schema import Sentence

FOLDER = pathlib.Path(str(resources.files("jner_re") / "corpora" / "sample"))


def read_sample(split: str) -> list[Sentence]:
    """One split of the sample corpus: "train", "dev" or "test"."""
    return read_split(FOLDER, split)
