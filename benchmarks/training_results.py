"""What benchmarks.training has measured, and what follows from it."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Sequence
from typing import Any


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
      load: runnable processes of the machine, the average of the minute before the first round.
      peaks: floating-point operations a second of a large matrix product, in each round.
      memory: largest resident set of the package's process so far, in bytes.
      ours: the package.
      torch: PyTorch, or None if it was left out.
    """

    batch_size: int
    steps: int
    sentences: int
    tokens: int
    epoch_sentences: int
    operations: int
    threads: int
    load: float
    peaks: list[float]
    memory: int
    ours: Side
    torch: Side | None

    def epoch_seconds(self, side: Side) -> float:
        """Of the median round, scaled to a whole epoch if the pass was a part of one."""
        return statistics.median(side.seconds) * self.epoch_sentences / self.sentences

    def sentences_a_second(self, side: Side) -> float:
        """Of the median round."""
        return self.sentences / statistics.median(side.seconds)

    def shares_of_peak(self, side: Side) -> list[float]:
        """Operations a second of each round, relative to the product of the same round."""
        return [
            self.operations / seconds / peak for seconds, peak in zip(side.seconds, self.peaks, strict=True)
        ]

    def ratios(self) -> list[float]:
        """How many times faster than PyTorch, in each round; empty without PyTorch."""
        if self.torch is None:
            return []
        return [theirs / ours for ours, theirs in zip(self.ours.seconds, self.torch.seconds, strict=True)]

    def json_line(self) -> str:
        """Everything measured, and what the table shows."""
        sides = {"ours": self.ours} if self.torch is None else {"ours": self.ours, "torch": self.torch}
        record: dict[str, Any] = dataclasses.asdict(self)
        for name, side in sides.items():
            record[name]["epoch_seconds"] = self.epoch_seconds(side)
            record[name]["sentences_a_second"] = self.sentences_a_second(side)
            record[name]["operations_a_second"] = self.operations / statistics.median(side.seconds)
            record[name]["share_of_peak"] = statistics.median(self.shares_of_peak(side))
        record["ratios"] = self.ratios()
        record["ratio"] = statistics.median(self.ratios()) if self.torch else None
        return json.dumps(record)


_HEADER = (
    "batch",
    "",
    "sentences/s",
    "s/epoch",
    "first pass, s",
    "GFLOP/s",
    "of peak",
    "faster than PyTorch",
    "memory",
)


def table(measurements: Sequence[Measurement]) -> str:
    """A Markdown table, a row for each implementation at each batch size."""
    rows: list[Sequence[str]] = [_HEADER]
    for measurement in measurements:
        rows.append(_row(measurement, measurement.ours, "jner_re"))
        if measurement.torch is not None:
            rows.append(_row(measurement, measurement.torch, "PyTorch"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * (width - 1) + ":" for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def _row(measurement: Measurement, side: Side, name: str) -> list[str]:
    ratios = measurement.ratios() if side is measurement.ours else []
    return [
        str(measurement.batch_size),
        name,
        f"{measurement.sentences_a_second(side):.1f}",
        f"{measurement.epoch_seconds(side):.1f}",
        f"{side.first_seconds:.1f}",
        f"{measurement.operations / statistics.median(side.seconds) / 1e9:.1f}",
        f"{statistics.median(measurement.shares_of_peak(side)):.0%}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "",
        f"{measurement.memory / 2**30:.2f} GiB" if side is measurement.ours else "",
    ]
