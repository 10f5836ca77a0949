"""Averages evaluations of several seeds.

python -m experiments.summarize runs/*/test.json
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import pandas as pd

from jner_re import files, program
from jner_re.errors import InputError

_NAMES = ("precision", "recall", "f1")


def summary(reports: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Mean and standard deviation (of a sample: divided by n - 1), in percent, of strict scores.

    Args:
      reports: evaluations as `jner_re.metrics.strict.evaluate` gives them.

    Returns:
      A row for each task and average, "mean ± deviation" in each column; without deviation for one report.
    """
    rows = []
    for task in ("ner", "re"):
        for average in ("micro", "macro"):
            scores = pd.DataFrame([report[task]["strict"][average] for report in reports])[list(_NAMES)] * 100
            rows.append({"task": task.upper(), "average": average, **_shown(scores)})
    return pd.DataFrame(rows)


def _shown(scores: pd.DataFrame) -> dict[str, str]:
    mean, deviation = scores.mean(), scores.std()
    if len(scores) == 1:
        return {name: f"{mean[name]:.2f}" for name in _NAMES}
    return {name: f"{mean[name]:.2f} ± {deviation[name]:.2f}" for name in _NAMES}


def main(paths: Sequence[str]) -> None:
    """Reads and prints."""
    if not paths:
        raise InputError("no files, expected evaluations written by experiments.evaluate")
    reports = []
    for path in paths:
        report = files.read_json(pathlib.Path(path))
        try:
            summary([report])
        except (KeyError, TypeError):
            raise InputError(f"{path}: expected an evaluation written by experiments.evaluate") from None
        reports.append(report)
    print(f"{len(reports)} evaluations, strict scores in percent, mean ± standard deviation")
    print(summary(reports).to_string(index=False))


if __name__ == "__main__":
    program.run_with_arguments(main)
