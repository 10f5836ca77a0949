"""What benchmarks.training.speed has measured, and what follows from it."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.measuring import spread
from benchmarks.table import aligned_table

TORCH = "PyTorch"


@dataclasses.dataclass(frozen=True)
class Side:
    """One implementation at one batch size.

    Attributes:
      version: of TensorFlow or PyTorch.
      parameters: trained weights.
      first_seconds: of the first pass, with tracing and compilation.
      seconds: of the pass of each round.
      losses: the mean loss in each of these passes.
    """

    version: str
    parameters: int
    first_seconds: float
    seconds: list[float]
    losses: list[float]


@dataclasses.dataclass(frozen=True)
class Measurement:
    """All rounds at one batch size.

    Attributes:
      batch_size: sentences in a batch.
      steps: batches of a pass.
      sentences: sentences of a pass.
      tokens: tokens of a pass.
      epoch_sentences: sentences of a whole epoch.
      operations: floating-point operations in the matrix products of a pass.
      threads: of each implementation.
      other_programs: cores that other programs used meanwhile, on average.
      peaks: floating-point operations a second of a large matrix product, in each round.
      memory: largest resident set of the package's process so far, in bytes.
      sides: the implementations by name, PyTorch's being TORCH.
    """

    batch_size: int
    steps: int
    sentences: int
    tokens: int
    epoch_sentences: int
    operations: int
    threads: int
    other_programs: float
    peaks: list[float]
    memory: int
    sides: dict[str, Side]

    def sentences_a_second(self, name: str) -> float:
        """Of the median round."""
        return self.sentences / statistics.median(self.sides[name].seconds)

    def epoch_seconds(self, name: str) -> float:
        """Of the median round, scaled to a whole epoch if the pass was a part of one."""
        return self.epoch_sentences / self.sentences_a_second(name)

    def operations_a_second(self, name: str) -> float:
        """Of the median round."""
        return self.operations / statistics.median(self.sides[name].seconds)

    def share_of_peak(self, name: str) -> float:
        """Operations a second, relative to the large product of the same round; of the median round."""
        pairs = zip(self.sides[name].seconds, self.peaks, strict=True)
        return statistics.median(self.operations / seconds / peak for seconds, peak in pairs)

    def ratios(self, name: str) -> list[float]:
        """How many times faster than PyTorch, in each round; empty without PyTorch and for itself."""
        if TORCH not in self.sides or name == TORCH:
            return []
        pairs = zip(self.sides[name].seconds, self.sides[TORCH].seconds, strict=True)
        return [theirs / ours for ours, theirs in pairs]

    def json_line(self) -> str:
        """Everything measured, and what the table shows."""
        record: dict[str, Any] = dataclasses.asdict(self)
        for name, side in record["sides"].items():
            side["sentences_a_second"] = self.sentences_a_second(name)
            side["epoch_seconds"] = self.epoch_seconds(name)
            side["operations_a_second"] = self.operations_a_second(name)
            side["share_of_peak"] = self.share_of_peak(name)
            side["ratios"] = self.ratios(name)
            side["ratio"] = statistics.median(self.ratios(name)) if self.ratios(name) else None
        return json.dumps(record)


_HEADER = (
    "batch",
    "",
    "sentences/s",
    "s/epoch",
    "first pass, s",
    "GFLOP/s",
    "of peak",
    "times PyTorch's speed",
    "others",
)


def table(measurements: Sequence[Measurement]) -> str:
    """A Markdown table, a row for each implementation at each batch size."""
    rows: list[Sequence[str]] = [_HEADER]
    rows += [_row(measurement, name) for measurement in measurements for name in measurement.sides]
    return aligned_table(rows)


def _row(measurement: Measurement, name: str) -> list[str]:
    ratios = measurement.ratios(name)
    return [
        str(measurement.batch_size),
        name,
        f"{measurement.sentences_a_second(name):.1f}",
        f"{measurement.epoch_seconds(name):.1f}",
        f"{measurement.sides[name].first_seconds:.1f}",
        f"{measurement.operations_a_second(name) / 1e9:.1f}",
        f"{measurement.share_of_peak(name):.0%}",
        spread(ratios, ".2f") if ratios else "",
        f"{measurement.other_programs:.1f}",
    ]
