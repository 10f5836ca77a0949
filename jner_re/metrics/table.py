"""An evaluation as a table for the terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd

_COUNTS = ("tp", "fp", "fn")


def table(report: dict[str, Any]) -> str:
    """Lays out the result of `strict.evaluate`.

    Args:
      report: DESIGN's evaluation JSON.

    Returns:
      One line for micro, macro and each type, of both tasks and both ways of matching: precision, recall and
      F1 in percent, then counts; below them the average F1. No newline at the end.
    """
    rows = []
    for task, matching in (("ner", "strict"), ("re", "strict"), ("ner", "boundaries"), ("re", "boundaries")):
        scores = report[task][matching]
        rows += [_row(task, matching, average, scores[average]) for average in ("micro", "macro")]
        rows += [_row(task, matching, name, prf) for name, prf in scores["per_type"].items()]
    columns = ["task", "matching", "type", "P", "R", "F1", *_COUNTS]
    lines = pd.DataFrame(rows, columns=columns).to_string(index=False, justify="right")
    return f"{lines}\naverage of NER and RE strict micro F1: {100 * report['average_f1']:.2f}"


def _row(task: str, matching: str, name: str, prf: dict[str, float]) -> list[str]:
    ratios = [f"{100 * prf[ratio]:.2f}" for ratio in ("precision", "recall", "f1")]
    return [task.upper(), matching, name, *ratios, *(str(prf.get(count, "")) for count in _COUNTS)]
