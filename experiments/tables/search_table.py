"""The trials of a search, the best one first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..jobs.records import Record
from ..jobs.search_job import METRIC, best_epoch
from . import markdown

_SCORES = {"average F1": METRIC, "NER F1": "val_ner_f1", "RE F1": "val_re_f1"}


def search_table(trials: Sequence[Record], count: int | None = None) -> str:
    """Scores on dev (strict micro F1, percent) at the best epoch, and what the trials differ in.

    Args:
      trials: records with a history.
      count: how many to show; None for all.
    """
    ranked = sorted(trials, key=lambda trial: -(best_epoch(trial)[METRIC] or 0.0))
    values = [_values(trial) for trial in ranked]
    names = [name for name in values[0] if len({repr(each[name]) for each in values}) > 1]
    columns = ["trial", *_SCORES, "epochs", "parameters", *names]
    return markdown.table(
        columns, [_row(*pair, names) for pair in list(zip(ranked, values, strict=True))[:count]]
    )


def _row(trial: Record, values: dict[str, Any], names: Sequence[str]) -> list[str]:
    best = best_epoch(trial)
    scores = [markdown.percent(best[name]) for name in _SCORES.values()]
    return [
        trial.name,
        *scores,
        str(trial.epochs),
        f"{trial.parameters:,}",
        *(str(values[name]) for name in names),
    ]


def _values(trial: Record) -> dict[str, Any]:
    return {**trial.config["model"], **trial.config["train"]}
