"""What benchmarks.training.growth has measured, and what follows from it."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

from benchmarks.table import aligned_table


@dataclasses.dataclass(frozen=True)
class Cost:
    """Training on one corpus.

    Attributes:
      sentences: of the corpus.
      tokens: of all of them.
      entities: of all of them.
      prepare_seconds: processor time of the features, those of the encoder written to disk and mapped.
      seconds: of a pass over the corpus, by the clock.
      processor_seconds: of the same pass, over all threads.
      memory: largest resident set of the process, in bytes.
      other_programs: cores that other programs used during the pass, on average.
    """

    sentences: int
    tokens: int
    entities: int
    prepare_seconds: float
    seconds: float
    processor_seconds: float
    memory: int
    other_programs: float

    @property
    def sentence_seconds(self) -> float:
        """Processor time of a sentence."""
        return self.processor_seconds / self.sentences

    @property
    def token_seconds(self) -> float:
        """Processor time of a token."""
        return self.processor_seconds / self.tokens


@dataclasses.dataclass(frozen=True)
class Axis:
    """In what respect the work grows.

    Attributes:
      name: of what grows.
      sizes: how much of it each corpus has.
      whole_pass: whether the cost that grows is that of a pass, not that of a sentence.
      costs: of each size.
    """

    name: str
    sizes: tuple[int, ...]
    whole_pass: bool
    costs: tuple[Cost, ...]

    def growing(self) -> list[float]:
        """The processor seconds that grow with the sizes."""
        return [cost.processor_seconds if self.whole_pass else cost.sentence_seconds for cost in self.costs]

    def exponents(self) -> list[float]:
        """k of seconds ~ size^k between each size and the one before it: 1 is linear."""
        points = itertools.pairwise(zip(self.sizes, self.growing(), strict=True))
        return [math.log(after / before) / math.log(size / last) for (last, before), (size, after) in points]


_HEADER = (
    "growing",
    "sentences",
    "tokens a sentence",
    "entities a sentence",
    "ms a sentence",
    "µs a token",
    "exponent",
    "features, s",
    "a pass by the clock, s",
    "resident, GiB",
)


def table(axes: Sequence[Axis]) -> str:
    """A Markdown table, a row for each size of each axis."""
    rows: list[Sequence[str]] = [_HEADER]
    for axis in axes:
        exponents = ["", *(f"{exponent:.2f}" for exponent in axis.exponents())]
        rows += [_row(axis.name, cost, k) for cost, k in zip(axis.costs, exponents, strict=True)]
    return aligned_table(rows)


def _row(name: str, cost: Cost, exponent: str) -> list[str]:
    return [
        name,
        f"{cost.sentences:,}",
        f"{cost.tokens / cost.sentences:.1f}",
        f"{cost.entities / cost.sentences:.1f}",
        f"{1e3 * cost.sentence_seconds:.2f}",
        f"{1e6 * cost.token_seconds:.0f}",
        exponent,
        f"{cost.prepare_seconds:.1f}",
        f"{cost.seconds:.1f}",
        f"{cost.memory / 2**30:.2f}",
    ]
