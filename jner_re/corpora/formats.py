"""A corpus by its format's name."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from jner_re.corpora import ade_rel, brat, multihead, spert_json
from jner_re.corpora.corpus import Corpus, Finding
from jner_re.schema import Sentence

FORMATS = {"spert": spert_json, "multihead": multihead, "ade": ade_rel, "brat": brat}
TEXT_FORMATS = {"ade": "fine", "brat": "news"}  # formats of running text, and how it is tokenized by default


def load(
    path: pathlib.Path, format: str, tokenization: str | None = None, event_arguments: bool = False
) -> Corpus:
    """Reads a corpus with everything found about it.

    Args:
      path: a file; for brat, a folder.
      format: a key of `FORMATS`.
      tokenization: a key of `tokenization.TOKEN_PATTERNS`, for the formats of `TEXT_FORMATS`.
      event_arguments: brat: the arguments of events are relations too.

    Raises:
      InputError: the corpus cannot be read at all.
    """
    if format == "ade":
        return ade_rel.load(path, tokenization or TEXT_FORMATS["ade"])
    if format == "brat":
        return brat.load(path, tokenization or TEXT_FORMATS["brat"], event_arguments)
    return multihead.load(path) if format == "multihead" else spert_json.load(path)


def read(path: pathlib.Path, format: str = "spert", tokenization: str | None = None) -> list[Sentence]:
    """The sentences of a corpus that is valid.

    Raises:
      InputError: the corpus cannot be read or has problems; the first ones are quoted.
    """
    return load(path, format, tokenization).valid_sentences()


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path, format: str) -> list[Finding]:
    """What the format cannot represent of valid sentences."""
    return FORMATS[format].unsupported(sentences, path)


def write(sentences: Sequence[Sentence], path: pathlib.Path, format: str = "spert") -> None:
    """Writes sentences; raises InputError if they are not valid or the format cannot represent them."""
    FORMATS[format].write(sentences, path)
