"""A model in this process that is opened when it is first asked, as what was pickled elsewhere is."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from jner_re.extraction.rows import Row


class Unopened:
    """Stands for a backend of a folder.

    An error of opening it is raised by the first question, not where it is unpickled: there, a pool of
    processes would begin another one for ever.
    """

    def __init__(self, opening: Callable[..., Any], folder: pathlib.Path, precision: str) -> None:
        """Opens nothing yet: `opening(folder, precision)` will."""
        self._opening, self._folder, self._precision = opening, folder, precision

    def __repr__(self) -> str:
        return f"{self._opening.__name__}({str(self._folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Unopened, (self._opening, self._folder, self._precision)

    @functools.cached_property
    def _opened(self) -> Any:
        return self._opening(self._folder, self._precision)

    @property
    def rows_at_once(self) -> int:
        """Of the opened one."""
        return self._opened.rows_at_once

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""
        return self._opened.texts(texts, threshold)

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        return self._opened.sentences(sentences, threshold)
