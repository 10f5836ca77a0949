"""The scores of records as data frames."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ..jobs.records import Record

RATIOS = ("precision", "recall", "f1")
_COUNTS = ("tp", "fp", "fn")


def run_table(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run: what it was, and what it took."""
    rows = []
    for record in records:
        report = record.test or record.dev or {}
        strict = {task: report[task]["strict"]["micro"]["f1"] for task in ("ner", "re") if task in report}
        rows.append(
            {
                "run": record.name,
                "setting": record.setting,
                "seed": _seed(record),
                "epochs": record.epochs,
                "threshold": record.threshold,
                "threshold chosen by": record.threshold_source,
                "parameters": record.parameters,
                "NER F1": 100 * strict.get("ner", math.nan),
                "RE F1": 100 * strict.get("re", math.nan),
                "seconds": _seconds(record),
                "commit": ", ".join(dict.fromkeys(each["commit"] for each in record.run["attempts"])),
            }
        )
    return pd.DataFrame(rows)


def _seed(record: Record) -> str:
    """Those of an ensemble's members are in their own records."""
    return ", ".join(record.members) or str(record.config["train"]["seed"])


def _seconds(record: Record) -> str:
    """Of the last attempt, and how many there were before."""
    before = len(record.run["attempts"]) - 1
    return f"{record.run['seconds']:.0f}" + (f" (interrupted before: {before})" if before else "")


def long_table(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run, split, task, matching, and average or type: ratios from 0 to 1, and counts."""
    return pd.DataFrame([row for record in records for row in _long_rows(record)])


def _long_rows(record: Record) -> Iterator[dict[str, Any]]:
    what = {"setting": record.setting, "run": record.name, "seed": _seed(record)}
    for split, report in (("dev", record.dev), ("test", record.test)):
        if report is None:
            continue
        for task in ("ner", "re"):
            for matching, scores in report[task].items():
                place = {**what, "split": split, "task": task, "matching": matching}
                averages = {"micro": scores["micro"], "macro": scores["macro"]}
                for kind, group in (("average", averages), ("type", scores["per_type"])):
                    for name, prf in group.items():
                        yield {**place, "kind": kind, "name": name, **_numbers(prf)}


def _numbers(prf: dict[str, float]) -> dict[str, float | None]:
    return {key: prf.get(key) for key in (*RATIOS, *_COUNTS)}


def summary(records: Sequence[Record], split: str = "test") -> dict[str, Any]:
    """Mean and standard deviation of the strict scores over the runs of each setting, in percent.

    Args:
      records: of one or more settings; those without an evaluation on the split are left out.
      split: "test" or "dev".

    Returns:
      {setting: {"runs": n, "ner": T, "re": T, "average_f1": {"micro": F, "macro": F}}} with
      T = {"micro": P, "macro": P, "per_type": {type: P}}, P = {"precision": F, "recall": F, "f1": F} and
      F = {"mean", "deviation"}: the deviation of a sample (divided by n - 1), None for one run.
    """
    settings: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if report := getattr(record, split):
            settings.setdefault(record.setting, []).append(report)
    return {setting: _summary_of_setting(reports) for setting, reports in settings.items()}


def _summary_of_setting(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    tasks = {task: [report[task]["strict"] for report in reports] for task in ("ner", "re")}
    averages = {
        average: mean_and_deviation(
            [sum(scores[i][average]["f1"] for scores in tasks.values()) / 2 for i in range(len(reports))]
        )
        for average in ("micro", "macro")
    }
    summaries = {task: _summary_of_task(scores) for task, scores in tasks.items()}
    return {"runs": len(reports), **summaries, "average_f1": averages}


def _summary_of_task(scores: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def over_runs(groups: Sequence[dict[str, float]]) -> dict[str, Any]:
        return {ratio: mean_and_deviation([group[ratio] for group in groups]) for ratio in RATIOS}

    types = sorted({name for score in scores for name in score["per_type"]})
    per_type = {
        name: [score["per_type"][name] for score in scores if name in score["per_type"]] for name in types
    }
    return {
        "micro": over_runs([score["micro"] for score in scores]),
        "macro": over_runs([score["macro"] for score in scores]),
        # As macro has it: a type that is neither in a fold's gold nor predicted there has no score.
        "per_type": {
            name: over_runs(occurring)
            for name, groups in per_type.items()
            if (occurring := [group for group in groups if group["tp"] or group["fp"] or group["fn"]])
        },
    }


def mean_and_deviation(values: Sequence[float]) -> dict[str, float | None]:
    """Of ratios, in percent: {"mean", "deviation"}; the deviation is None for one value."""
    percent = pd.Series(values, dtype=float) * 100
    return {"mean": percent.mean(), "deviation": None if len(values) == 1 else percent.std()}
