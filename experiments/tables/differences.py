"""How much each setting differs from the baseline, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..jobs.records import Record
from . import markdown, scores
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
    settings = _by_setting(found, split)
    baseline = settings.pop(BASELINE, {})
    rows = [[BASELINE, str(len(baseline)), *_cells(baseline, None)]]
    rows += [[name, str(len(runs)), *_cells(runs, baseline)] for name, runs in settings.items()]
    return markdown.table(COLUMNS, rows)


def can_be_made(found: Sequence[Record], split: str) -> bool:
    """Whether there is a baseline, and something to compare with it, on this split."""
    settings = _by_setting(found, split)
    return BASELINE in settings and len(settings) > 1


def _by_setting(found: Sequence[Record], split: str) -> dict[str, dict[int, Mapping[str, Any]]]:
    """Of single models, the evaluations on the split: by setting and seed."""
    settings: dict[str, dict[int, Mapping[str, Any]]] = {}
    for record in found:
        if not record.members and (report := getattr(record, split)):
            settings.setdefault(record.setting, {})[record.config["train"]["seed"]] = report
    return settings


def _cells(runs: Mapping[int, Any], baseline: Mapping[int, Any] | None) -> list[str]:
    cells = []
    for tasks in _SCORES.values():
        found = {seed: _f1(report, tasks) for seed, report in runs.items()}
        cells.append(markdown.deviating(scores.mean_and_deviation(list(found.values()))) if found else "–")
        both = [seed for seed in found if baseline and seed in baseline]
        cells.append(
            "" if baseline is None else _difference([found[k] - _f1(baseline[k], tasks) for k in both])
        )
    return cells


def _f1(report: Mapping[str, Any], tasks: Sequence[str]) -> float:
    return sum(report[task]["strict"]["micro"]["f1"] for task in tasks) / len(tasks)


def _difference(values: Sequence[float]) -> str:
    """Mean and its standard error, in percent; a dash without values."""
    if not values:
        return "–"
    score = scores.mean_and_deviation(values)
    deviation = score["deviation"]
    error = "" if deviation is None else f" ± {deviation / math.sqrt(len(values)):.2f}"
    return f"{score['mean']:+.2f}{error}"
