"""Rows of the report's tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jner_re.evaluation import table
from jner_re.evaluation.calibration import Reliability
from jner_re.evaluation.report.outcomes import KINDS, Outcome, Task


def distance_rows(scores: Mapping[str, Any]) -> list[list[str]]:
    """Of relations by distance in sentences: what `table.rows` has of a type."""
    return table.rows({"per_type": scores})


def never_rows(losses: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """What the model cannot find, by reason."""
    return [(loss["reason"], f"{loss['entities']:,}", f"{loss['relations']:,}") for loss in losses]


def kinds_rows(task: Task, outcomes: Iterable[Outcome]) -> list[tuple[str, int, int, int]]:
    """Each kind of error and all: how many there are, how many false positives and negatives they are."""
    found = [outcome for outcome in outcomes if outcome.task == task]
    rows = []
    for name, kinds in (*((kind, (kind,)) for kind in KINDS[task]), ("all", KINDS[task])):
        chosen = [outcome for outcome in found if outcome.kind in kinds]
        positives = sum(outcome.predicted is not None for outcome in chosen)
        negatives = sum(outcome.gold is not None for outcome in chosen)
        rows.append((name, len(chosen), positives, negatives))
    return rows


def bins_rows(result: Reliability) -> list[tuple[str, str, str, str]]:
    """The bins that are not empty: scores, count, mean score and share that is right."""
    count = len(result.counts)
    bins = zip(result.counts, result.mean_scores, result.accuracies, strict=True)
    return [
        (f"{k / count:.1f} to {(k + 1) / count:.1f}", f"{number:,}", f"{score:.3f}", f"{share:.3f}")
        for k, (number, score, share) in enumerate(bins)
        if number
    ]
