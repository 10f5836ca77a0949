"""How much each setting differs from the baseline, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..jobs.records import Record
from . import markdown
from .published import BASELINE

_SCORES = {"NER F1": ("ner",), "RE F1": ("re",), "F1 of both": ("ner", "re")}
COLUMNS = ("setting", "seeds", *(f"{name}{kind}" for name in _SCORES for kind in ("", ", difference")))


def table(found: Sequence[Record], split: str) -> str:
    """Strict micro F1 in percent: mean ± standard deviation over seeds; then the mean difference from the
    baseline's runs of the same seeds ± its standard error, the differences' deviation by the root of their
    number.

    Args:
      found: records, some of them of the setting BASELINE.
      split: "dev" or "test".
    """
    settings: dict[str, dict[int, Mapping[str, Any]]] = {}
    for record in found:
        if not record.members and (report := getattr(record, split)):
            seed = record.config["train"]["seed"]
            settings.setdefault(record.setting, {})[seed] = report
    baseline = settings.pop(BASELINE)
    rows = [[BASELINE, str(len(baseline)), *_cells(baseline, None)]]
    rows += [[name, str(len(runs)), *_cells(runs, baseline)] for name, runs in settings.items()]
    return markdown.table(COLUMNS, rows)


def can_be_made(found: Sequence[Record]) -> bool:
    """Whether there is a baseline, and something to compare with it."""
    settings = {record.setting for record in found}
    return BASELINE in settings and len(settings) > 1


def _cells(runs: Mapping[int, Any], baseline: Mapping[int, Any] | None) -> list[str]:
    cells = []
    for tasks in _SCORES.values():
        scores = {seed: _f1(report, tasks) for seed, report in runs.items()}
        cells.append(_with(pd.Series(scores), "std"))
        if baseline is None:
            cells.append("")
            continue
        differences = {
            seed: f1 - _f1(baseline[seed], tasks) for seed, f1 in scores.items() if seed in baseline
        }
        cells.append(_with(pd.Series(differences, dtype=float), "sem", "+"))
    return cells


def _f1(report: Mapping[str, Any], tasks: Sequence[str]) -> float:
    return 100 * sum(report[task]["strict"]["micro"]["f1"] for task in tasks) / len(tasks)


def _with(values: pd.Series[float], spread: str, sign: str = "") -> str:
    """Mean and spread; a dash without values."""
    if values.empty:
        return "–"
    deviation = float(getattr(values, spread)())
    return f"{values.mean():{sign}.2f}" + ("" if math.isnan(deviation) else f" ± {deviation:.2f}")
