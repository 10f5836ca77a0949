"""The flags of a corpus that is split already."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import flags

from jner_re.config import ModelConfig
from jner_re.constraints import Constraints
from jner_re.corpora import data_dir
from jner_re.corpora.text_sentences import Splitting
from jner_re.corpora.tokenization_fit import warn_of_misfit
from jner_re.schema import Sentence

from . import config_flags, constraints_flag, repair_flag
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
flags.adopt_module_key_flags(repair_flag)
flags.adopt_module_key_flags(constraints_flag)


def configs() -> config_flags.Configs:
    """Those of the flags, for this corpus; raises as `config_flags.parsed` and `data_dir.look` do."""
    return config_flags.parsed(look=data_dir.look(_folder()))


def read(config: ModelConfig) -> Data:
    """All three splits.

    Args:
      config: of the model that reads them.

    Raises:
      InputError: a file is missing or not valid.
    """
    train, dev, test = (read_split(split, config) for split in data_dir.SPLITS)
    return Data(name(), train, dev, test, constraints(train, dev))


def read_split(split: str, config: ModelConfig) -> tuple[Sentence, ...]:
    """One of them; raises as `read` does. Says if train fits another --tokenization better."""
    splitting = Splitting(
        config.tokenization, config.lines, repair_flag.repairs(), config.window, config.language
    )
    sentences = data_dir.read_split(_folder(), split, splitting)
    if split == "train":
        warn_of_misfit(sentences, config.tokenization, config.language)
    return tuple(sentences)


def constraints(train: Sequence[Sentence], dev: Sequence[Sentence]) -> Constraints:
    """Declared of its relations, compared with them; raises as `constraints_flag.of_corpus`."""
    return constraints_flag.of_corpus(_folder(), train, dev)


def name() -> str:
    """Of the corpus."""
    return _CORPUS_NAME.value or _folder().resolve().name


def _folder() -> pathlib.Path:
    return data_dir.located(_DATA_DIR.value)
