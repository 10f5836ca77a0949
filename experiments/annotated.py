"""An annotated corpus as a trained model reads it: what programs that score a model have in common."""

from __future__ import annotations

import pathlib
from typing import Any

from absl import flags

from jner_re import corpora
from jner_re.config import ModelConfig
from jner_re.corpora import data_dir
from jner_re.corpora.corpus import Corpus
from jner_re.corpora.formats import FORMAT_HELP, FORMATS, TEXT_FORMATS, format_of

from . import reader_flags

_FORMAT = flags.DEFINE_enum("corpus_format", None, list(FORMATS), f"format of the corpus, {FORMAT_HELP}")
flags.adopt_module_key_flags(reader_flags)


def load(name: str, split: str, config: ModelConfig) -> tuple[Corpus, pathlib.Path, str]:
    """Reads it.

    Args:
      name: of a file or folder, or data_dir.SAMPLE.
      split: of the sample corpus.
      config: of the model.

    Returns:
      The corpus, its path and its format.

    Raises:
      InputError: it can't be read.
    """
    path = data_dir.located(name)
    if name == data_dir.SAMPLE:
        path /= f"{split}.json"
    format = format_of(path, _FORMAT.value)
    style = config.tokenization if format in TEXT_FORMATS else None
    given: dict[str, Any] = {"lines": config.lines, "window": config.window, "language": config.language}
    return corpora.load(path, format, style, **given, **reader_flags.given()), path, format
