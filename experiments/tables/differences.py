"""How much each setting differs from the baseline, seed by seed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..jobs.records import Record
from . import markdown, scores
from .published import BASELINE

_SCORES = ("NER F1", "RE F1", "F1 of both")


def table(found: Sequence[Record], split: str) -> str:
    """Strict micro F1 in percent: mean ± standard deviation over seeds; then the mean difference from the
    baseline's runs of the same seeds ± its standard error, the differences' deviation by the root of their
    number.

    Args:
      found: records, some of them of the setting BASELINE.
      split: "dev" or "test".
    """
    settings = _by_setting(found, split)
    baseline = settings.pop(BASELINE, pd.DataFrame(columns=_SCORES))
    rows = []
    for setting, runs in {BASELINE: baseline, **settings}.items():
        differences = (runs - baseline).dropna()
        row = {"setting": setting, "seeds": len(runs)}
        for name in _SCORES:
            row[name] = markdown.deviating(scores.mean_and_deviation(runs[name])) if len(runs) else "–"
            row[f"{name}, difference"] = "" if setting == BASELINE else _difference(differences[name])
        rows.append(row)
    return markdown.table(pd.DataFrame(rows))


def can_be_made(found: Sequence[Record], split: str) -> bool:
    """Whether there is a baseline, and something to compare with it, on this split."""
    settings = _by_setting(found, split)
    return BASELINE in settings and len(settings) > 1


def _by_setting(found: Sequence[Record], split: str) -> dict[str, pd.DataFrame]:
    """The strict micro F1 of single models on the split: a row for each seed, by setting."""
    rows: dict[str, dict[int, list[float]]] = {}
    for record in found:
        if not record.members and (report := getattr(record, split)):
            ner, re = (report[task]["strict"]["micro"]["f1"] for task in ("ner", "re"))
            rows.setdefault(record.setting, {})[record.config["train"]["seed"]] = [ner, re, (ner + re) / 2]
    return {
        setting: pd.DataFrame.from_dict(runs, orient="index", columns=_SCORES)
        for setting, runs in rows.items()
    }


def _difference(values: pd.Series) -> str:
    """Mean and its standard error, in percent; a dash without values."""
    if values.empty:
        return "–"
    percent = 100 * values.astype(float)
    return f"{percent.mean():+.2f}" + ("" if len(percent) == 1 else f" ± {percent.sem():.2f}")
