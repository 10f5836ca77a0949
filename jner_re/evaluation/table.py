"""The scores of an evaluation in rows, and as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

COLUMNS = ("type", "P", "R", "F1", "tp", "fp", "fn")


def rows(scores: Mapping[str, Any]) -> list[list[str]]:
    """Micro, macro and each type in `COLUMNS`: precision, recall and F1 in percent, then counts.

    Args:
      scores: S of DESIGN's evaluation JSON, or its "per_type" alone. A macro average has no counts.
    """
    averages = [(name, scores[name]) for name in ("micro", "macro") if name in scores]
    groups = [*averages, *scores["per_type"].items()]
    return [
        [
            name,
            *(f"{100 * prf[ratio]:.2f}" for ratio in ("precision", "recall", "f1")),
            *(str(prf.get(count, "")) for count in ("tp", "fp", "fn")),
        ]
        for name, prf in groups
    ]


def table(report: Mapping[str, Any]) -> str:
    """Lays out the strict scores of `strict.evaluate`'s result.

    Args:
      report: DESIGN's evaluation JSON.

    Returns:
      One line for micro, macro and each type of both tasks; below them the average F1. No newline at the end.
    """
    lines = [[task.upper(), *row] for task in ("ner", "re") for row in rows(report[task]["strict"])]
    frame = pd.DataFrame(lines, columns=["task", *COLUMNS])
    average = f"average of NER and RE micro F1: {100 * report['average_f1']:.2f}"
    return f"{frame.to_string(index=False, justify='right')}\n{average}"
