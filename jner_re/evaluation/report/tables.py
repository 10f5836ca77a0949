"""The tables of the report as HTML."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jner_re.evaluation.calibration import Reliability
from jner_re.evaluation.report.escaped import escaped
from jner_re.evaluation.report.outcomes import KINDS, RIGHT, Outcome, Task


def scores_table(caption: str, scores: Mapping[str, Any]) -> str:
    """Precision, recall, F1 (in percent) and counts: micro, macro and each type.

    Args:
      caption: of the table.
      scores: S of DESIGN's evaluation JSON.
    """
    rows = [(name, scores[name]) for name in ("micro", "macro")] + list(scores["per_type"].items())
    return table(
        caption,
        ("type", "P", "R", "F1", "tp", "fp", "fn"),
        [
            (name, *(f"{100 * p[ratio]:.2f}" for ratio in ("precision", "recall", "f1")),
             *(str(p.get(count, "")) for count in ("tp", "fp", "fn")))
            for name, p in rows
        ],
    )  # fmt: skip


def kinds_table(caption: str, task: Task, outcomes: Iterable[Outcome]) -> str:
    """How many errors of each kind there are, and how many false positives and negatives they are."""
    found = [outcome for outcome in outcomes if outcome.task == task and outcome.kind != RIGHT]
    rows = []
    for name, kinds in (*((kind, (kind,)) for kind in KINDS[task]), ("all", KINDS[task])):
        chosen = [outcome for outcome in found if outcome.kind in kinds]
        positives = sum(outcome.predicted is not None for outcome in chosen)
        negatives = sum(outcome.gold is not None for outcome in chosen)
        rows.append((name, str(len(chosen)), str(positives), str(negatives)))
    return table(caption, ("kind of error", "errors", "fp", "fn"), rows)


def kind_counts(outcomes: Iterable[Outcome]) -> collections.Counter[tuple[str, str]]:
    """The number of outcomes by task and kind."""
    return collections.Counter((outcome.task, outcome.kind) for outcome in outcomes)


def bins_table(caption: str, result: Reliability) -> str:
    """The bins that are not empty."""
    count = len(result.counts)
    bins = zip(result.counts, result.mean_scores, result.accuracies, strict=True)
    rows = [
        (f"{k / count:.1f} to {(k + 1) / count:.1f}", f"{number:,}", f"{score:.3f}", f"{share:.3f}")
        for k, (number, score, share) in enumerate(bins)
        if number
    ]
    return table(caption, ("score", "count", "mean score", "right"), rows)


def facts_table(caption: str, facts: Mapping[str, str]) -> str:
    """Names and values."""
    return table(caption, (), list(facts.items()), "facts")


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], of_class: str = "numbers"
) -> str:
    """A table of texts, which it escapes; the first cell of a row is its heading."""
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in header)
    lines = [
        f'<tr><th scope="row">{escaped(first)}</th>'
        + "".join(f"<td>{escaped(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    ]
    return (
        f'<div class="wide"><table class="{of_class}"><caption>{escaped(caption)}</caption>'
        + (f"<thead><tr>{head}</tr></thead>" if header else "")
        + f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
