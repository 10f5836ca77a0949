"""An evaluation as a table for the terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd

_COUNTS = ("tp", "fp", "fn")


def table(report: dict[str, Any]) -> str:
    """Lays out the strict scores of `strict.evaluate`'s result.

    Args:
      report: DESIGN's evaluation JSON.

    Returns:
      One line for micro, macro and each type of both tasks: precision, recall and F1 in percent, then counts;
      below them the average F1. No newline at the end.
    """
    rows = []
    for task in ("ner", "re"):
        scores = report[task]["strict"]
        rows += [_row(task, average, scores[average]) for average in ("micro", "macro")]
        rows += [_row(task, name, prf) for name, prf in scores["per_type"].items()]
    lines = pd.DataFrame(rows, columns=["task", "type", "P", "R", "F1", *_COUNTS])
    average = f"average of NER and RE micro F1: {100 * report['average_f1']:.2f}"
    return f"{lines.to_string(index=False, justify='right')}\n{average}"


def _row(task: str, name: str, prf: dict[str, float]) -> list[str]:
    ratios = [f"{100 * prf[ratio]:.2f}" for ratio in ("precision", "recall", "f1")]
    return [task.upper(), name, *ratios, *(str(prf.get(count, "")) for count in _COUNTS)]
