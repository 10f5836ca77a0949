"""A corpus by its format's name."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Sequence

from jner_re.corpora import ade_rel, brat, multihead, spert_json
from jner_re.corpora.corpus import Corpus, Finding
from jner_re.corpora.long_sentences import broken
from jner_re.errors import InputError
from jner_re.schema import Sentence

FORMATS = {"spert": spert_json, "multihead": multihead, "ade": ade_rel, "brat": brat}
TEXT_FORMATS = {"ade": "fine", "brat": "news"}  # formats of running text, and how it is tokenized by default


def load(
    path: pathlib.Path,
    format: str,
    tokenization: str | None = None,
    ade_types: ade_rel.Types = ade_rel.TYPES,
    event_arguments: bool = False,
) -> Corpus:
    """Reads a corpus with everything found about it; sentences that are too long are broken.

    Args:
      path: a file; for brat, a folder.
      format: a key of `FORMATS`.
      tokenization: a key of `tokenization.TOKEN_PATTERNS`, for the formats of `TEXT_FORMATS`.
      ade_types: what the columns of an ade file hold.
      event_arguments: brat: the arguments of events are relations too.

    Raises:
      InputError: the corpus cannot be read at all.
    """
    _check_kind(pathlib.Path(path), format)
    if format == "ade":
        corpus = ade_rel.load(path, tokenization or TEXT_FORMATS["ade"], ade_types)
    elif format == "brat":
        corpus = brat.load(path, tokenization or TEXT_FORMATS["brat"], event_arguments)
    else:
        corpus = multihead.load(path) if format == "multihead" else spert_json.load(path)
    return broken(corpus, path)


def holds_brat(folder: pathlib.Path) -> bool:
    """Whether there are .ann files in a folder, or in one in it."""
    return any(itertools.chain(folder.glob("*.ann"), folder.glob("*/*.ann")))


def _check_kind(path: pathlib.Path, format: str) -> None:
    """Raises InputError for a file where the format has a folder, and the reverse."""
    if format == "brat" and path.is_file():
        raise InputError(f"{path}: is a file, expected a folder with .txt and .ann files")
    if format != "brat" and path.is_dir():
        hint = f"expected a file in the format {format}"
        if holds_brat(path):
            hint += " (--corpus_format=brat reads folders with .ann files)"
        elif (path / "test.json").is_file():
            hint += f", such as {path / 'test.json'}"
        raise InputError(f"{path}: is a folder, {hint}")


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
