"""The flags of a corpus that is split already."""

from __future__ import annotations

import pathlib

from absl import flags

from jner_re.corpora import data_dir
from jner_re.corpora.tokenization_fit import warn_of_misfit
from jner_re.schema import Sentence

from .jobs.training_job import Data

HEADING = "Corpus"  # in the help of programs
_DATA_DIR = flags.DEFINE_string(
    "data_dir",
    None,
    "folder with train.json, dev.json and test.json (or .jsonl: documents), or sample for the bundled corpus",
    required=True,
)
_CORPUS_NAME = flags.DEFINE_string(
    "corpus_name",
    None,
    "name of the corpus, by default its folder's; published figures are shown beside conll04 and ade",
)


def read() -> Data:
    """All three splits.

    Raises:
      InputError: a file is missing or not valid.
    """
    return Data(name(), *(read_split(split) for split in data_dir.SPLITS))


def read_split(split: str) -> tuple[Sentence, ...]:
    """One of them; raises as `read` does. Says if train fits another --tokenization better."""
    sentences = data_dir.read_split(_folder(), split, flags.FLAGS.tokenization)
    if split == "train":
        warn_of_misfit(sentences, flags.FLAGS.tokenization)
    return tuple(sentences)


def name() -> str:
    """Of the corpus."""
    return _CORPUS_NAME.value or _folder().resolve().name


def _folder() -> pathlib.Path:
    return data_dir.located(_DATA_DIR.value)
