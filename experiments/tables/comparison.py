"""The tables of the paper with our rows in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from . import markdown, published
from .published import Row
from .scores import RATIOS

_SCORES = ("NER P", "NER R", "NER F1", "RE P", "RE R", "RE F1", "F1 of both")


def comparison(summaries: Mapping[str, Mapping[str, Any]], rows: Sequence[Row], source: str) -> str:
    """As the paper's Table 2: micro and macro scores of each setting, above what others published.

    Args:
      summaries: as `scores.summary` gives them, by the name of the row.
      rows: published ones of the same corpus.
      source: of our rows, such as the folder of their records.
    """
    ours = [
        [name, summary["runs"], average, *_cells(summary, average), source]
        for name, summary in summaries.items()
        for average in ("micro", "macro")
    ]
    theirs = [
        [row.model, "", row.average, *map(markdown.figure, (*row.ner, *row.re, row.average_f1)), row.source]
        for row in rows
    ]
    columns = ["model", "runs", "average", *_SCORES, "source"]
    return markdown.table(pd.DataFrame(ours + theirs, columns=columns))


def published_rows(corpus: str, settings: Sequence[str]) -> tuple[Row, ...]:
    """What was published of a corpus: the paper's ablation if the settings are its, else whole models."""
    ablation = {published.NO_NER_SPECIFIC, published.NO_RE_SPECIFIC, published.NO_TASK_SPECIFIC}
    rows = published.ABLATIONS if ablation & set(settings) else published.MODELS
    return tuple(row for row in rows if row.corpus == corpus)


def per_type(summaries: Mapping[str, Mapping[str, Any]]) -> str:
    """Precision, recall and F1 of each entity and relation type."""
    rows = [
        [name, task.upper(), type, *(markdown.deviating(scores[ratio]) for ratio in RATIOS)]
        for name, summary in summaries.items()
        for task in ("ner", "re")
        for type, scores in summary[task]["per_type"].items()
    ]
    return markdown.table(pd.DataFrame(rows, columns=["model", "task", "type", "P", "R", "F1"]))


def _cells(summary: Mapping[str, Any], average: str) -> list[str]:
    scores = [summary[task][average][ratio] for task in ("ner", "re") for ratio in RATIOS]
    return [markdown.deviating(score) for score in (*scores, summary["average_f1"][average])]
