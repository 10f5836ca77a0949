"""GloVe word vectors, by name or from a file."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from jner_re.assets import catalogue
from jner_re.errors import InputError
from jner_re.word_vectors import glove_file

NAME = "glove-6b-50d"


@dataclasses.dataclass(frozen=True, eq=False)
class WordVectors:
    """A table of word vectors.

    Attributes:
      words: V distinct words.
      vectors: float32 [V, D], read-only; it may be a memory-mapped file.
    """

    words: tuple[str, ...]
    vectors: np.ndarray

    @functools.cached_property
    def _row_of(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    def rows(self, words: Iterable[str]) -> np.ndarray:
        """The row of each word: of the word itself, else of its lower case, else -1; int32 [n]."""
        row_of = self._row_of
        return np.fromiter((row_of.get(w, row_of.get(w.lower(), -1)) for w in words), np.int32)

    def restrict(self, words: Iterable[str]) -> WordVectors:
        """Only the rows that `words` refer to, in the order of this table; their look-ups stay the same."""
        kept = np.unique(self.rows(words))
        kept = kept[kept >= 0]
        return WordVectors(tuple(self.words[row] for row in kept), self.vectors[kept])


def load(source: str) -> WordVectors:
    """Reads word vectors.

    Args:
      source: "glove-6b-50d", which is fetched if need be, or a file (see `glove_file.load`).

    Raises:
      InputError: if there is no such file or it is malformed, or the vectors can't be fetched.
    """
    if source == NAME:
        return _load_arrays(catalogue.fetch(NAME))
    return WordVectors(*glove_file.load(source))


def _load_arrays(folder: pathlib.Path) -> WordVectors:
    """vectors.npy is float32 [V, D]; the column "index" of words.parquet has the words in the same order."""
    path = folder / "words.parquet"
    try:
        words = tuple(pd.read_parquet(path)["index"].tolist())
    except ImportError:
        raise InputError(
            f"{path}: can't be read without a Parquet library: pip install fastparquet"
        ) from None
    return WordVectors(words, np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False))
