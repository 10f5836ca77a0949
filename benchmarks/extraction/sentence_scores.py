"""Precision and recall of sentence breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

Splitter = Callable[[str], list[int]]  # of a text, where its sentences start


class Score(NamedTuple):
    """Breaks that are right, found and true."""

    right: int
    found: int
    true: int

    def __str__(self) -> str:
        precision, recall = self.right / max(self.found, 1), self.right / max(self.true, 1)
        f1 = 2 * self.right / max(self.found + self.true, 1)
        return f"precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f} of {self.true} breaks"


def starts_of(parts: Iterable[str]) -> list[int]:
    """Where each part starts that is not blank, white space aside, in the text that they make up."""
    starts, end = [], 0
    for part in parts:
        if part.strip():
            starts.append(end + len(part) - len(part.lstrip()))
        end += len(part)
    return starts


def score(sentences: Sequence[str], splitter: Splitter, at_once: int) -> Score:
    """Breaks inside texts of `at_once` sentences joined by spaces, known by where the next one starts."""
    right = found = true = 0
    for i in range(0, len(sentences), at_once):
        parts = [f"{sentence} " for sentence in sentences[i : i + at_once]]
        expected, given = set(starts_of(parts)[1:]), set(splitter("".join(parts))[1:])
        right, found, true = right + len(expected & given), found + len(given), true + len(expected)
    return Score(right, found, true)
