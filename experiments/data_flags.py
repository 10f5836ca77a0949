"""The flags of a corpus that is split already."""

from __future__ import annotations

import pathlib

from absl import flags

from jner_re.corpora import data_dir, sample_corpus

from .jobs.training_job import Data

_DATA_DIR = flags.DEFINE_string(
    "data_dir",
    None,
    "folder with train.json, dev.json and test.json, or sample for the bundled corpus",
    required=True,
)
CORPUS_NAME = flags.DEFINE_string(
    "corpus_name",
    None,
    "name of the corpus, by default its folder's; published figures are shown beside conll04 and ade",
)


def read() -> Data:
    """The three splits.

    Raises:
      InputError: a file is missing or not valid.
    """
    folder = sample_corpus.FOLDER if _DATA_DIR.value == "sample" else pathlib.Path(_DATA_DIR.value)
    train, dev, test = (tuple(data_dir.read_split(folder, split)) for split in data_dir.SPLITS)
    return Data(CORPUS_NAME.value or folder.resolve().name, train, dev, test)
