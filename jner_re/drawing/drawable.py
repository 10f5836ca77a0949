"""What the drawing needs to know of a document; `jner_re.document` comes later and has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol


class Span(Protocol):
    """An entity, `text[start:end]`; its score is NaN if it has none."""

    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102


class Link(Protocol):
    """A relation from the entity with index `head` to that with index `tail`; its score may be NaN."""

    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def head(self) -> int: ...  # noqa: D102
    @property
    def tail(self) -> int: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102


class Drawable(Protocol):
    """What can be drawn: a `jner_re.Document`."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def entities(self) -> Sequence[Span]: ...  # noqa: D102
    @property
    def relations(self) -> Sequence[Link]: ...  # noqa: D102


def label(entity: Span) -> str:
    """What stands under an entity: its type and its score, rounded down, since nothing is certain."""
    if math.isnan(entity.score):
        return entity.type
    return f"{entity.type} {math.floor(100 * entity.score + 1e-9) / 100:.2f}"
