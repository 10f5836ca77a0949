"""Tables of a learning curve, and what more annotation would bring."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..jobs.records import Record
from . import markdown, scores

CHANCE, SELECTED = "by chance", "selected"
TASKS = {"ner": "NER F1", "re": "RE F1"}
_DRAWS = 4000
_MOST = 100
_FITTED = 3
_FEWEST = 4  # runs: a line has two parameters


@dataclasses.dataclass(frozen=True)
class Curve:
    """The scores of runs on parts of a corpus.

    Attributes:
      name: CHANCE or SELECTED.
      runs: a row for each run: fraction, sentences, seed, "ner" and "re", strict micro F1 on dev in percent.
    """

    name: str
    runs: pd.DataFrame

    def points(self, task: str) -> pd.DataFrame:
        """By fraction: mean sentences, mean score and its standard deviation over the seeds (NaN for one)."""
        grouped = self.runs.groupby("fraction")
        return pd.DataFrame(
            {
                "sentences": grouped["sentences"].mean(),
                "mean": grouped[task].mean(),
                "deviation": grouped[task].std(),
            }
        )


def curves(records: Sequence[Record], fractions: dict[str, tuple[float, str]]) -> list[Curve]:
    """One for each way of drawing.

    Args:
      records: of the runs.
      fractions: the fraction and the way of each setting. The first part of both ways is the same.
    """
    rows: dict[str, list[dict[str, float]]] = {CHANCE: [], SELECTED: []}
    smallest = min(fraction for fraction, _ in fractions.values())
    for record in records:
        if record.dev is None or record.setting not in fractions:
            continue
        fraction, way = fractions[record.setting]
        row = {
            "fraction": fraction,
            "sentences": record.corpus["train"]["sentences"],
            "seed": record.config["train"]["seed"],
            **{task: 100 * record.dev[task]["strict"]["micro"]["f1"] for task in TASKS},
        }
        rows[way].append(row)
        if way == CHANCE and fraction in (smallest, 1.0):
            rows[SELECTED].append(row)
    ways = {way for _, way in fractions.values()}
    return [Curve(way, pd.DataFrame(found)) for way, found in rows.items() if way in ways and found]


def table(found: Sequence[Curve]) -> str:
    """A row for each fraction: scores, and the difference of the selected parts from those by chance."""
    by_name = {curve.name: curve for curve in found}
    chance = by_name[CHANCE].runs
    rows = []
    for fraction, group in chance.groupby("fraction"):
        row: dict[str, str] = {
            "share": f"{100 * float(fraction):g}%",
            "sentences": f"{group['sentences'].mean():,.0f}",
            "seeds": str(len(group)),
        }
        for task, title in TASKS.items():
            row[title] = _deviating(group[task])
            if SELECTED in by_name:
                other = by_name[SELECTED].runs
                other = other[other["fraction"] == fraction]
                row[f"{title}, selected"] = _deviating(other[task])
                paired = group.set_index("seed")[task], other.set_index("seed")[task]
                row[f"{title}, difference"] = _difference((paired[1] - paired[0]).dropna())
        rows.append(row)
    return markdown.table(pd.DataFrame(rows))


@dataclasses.dataclass(frozen=True)
class Gain:
    """What one point more would take.

    Attributes:
      score: the fitted F1 with all sentences, in percent.
      sentences: more, for one point; infinite if that is more than _MOST times as many.
      low: 16th percentile of its uncertainty; NaN if there are too few runs to know.
      high: 84th; infinite where the curve may be flat.
    """

    score: float
    sentences: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.score >= 99:
            return f"{self.score:.1f}; less than one point is missing"
        if math.isinf(self.sentences):
            return f"{self.score:.1f}; one point more is not in sight"
        more = f"about {self.sentences:,.0f} more sentences for one point"
        if math.isnan(self.low):
            return f"{self.score:.1f}; {more} (too few runs for its error)"
        high = f"{self.high:,.0f}" if math.isfinite(self.high) else "any number"
        return f"{self.score:.1f}; {more} ({self.low:,.0f} to {high})"


def gain(curve: Curve, task: str) -> Gain:
    """Fits 100 - F1 = a n^-b to the runs on the largest parts (a line in logarithms) and extrapolates.

    Small parts, on which hardly anything is learned yet, lie on no such line. The errors are those of the
    fit: lines drawn from the estimate's distribution, which the runs' distances from the line give; with few
    runs they are rough.
    """
    runs = curve.runs[curve.runs["fraction"].isin(sorted(set(curve.runs["fraction"]))[-_FITTED:])]
    sizes, errors = runs["sentences"].to_numpy(float), 100 - runs[task].to_numpy(float)
    x, y = np.log(sizes), np.log(np.maximum(errors, 1e-3))
    whole = np.log(sizes.max())
    slope, level = np.polyfit(x - whole, y, 1)  # level: log of the error with all sentences
    score = 100 - float(np.exp(level))
    sentences = _more(sizes.max(), float(slope), float(level))
    if len(x) < _FEWEST:
        return Gain(score, sentences, math.nan, math.nan)
    residuals = y - level - slope * (x - whole)
    variance = float((residuals**2).sum() / max(len(x) - 2, 1))
    design = np.stack([x - whole, np.ones_like(x)], axis=1)
    covariance = variance * np.linalg.inv(design.T @ design)
    drawn = np.random.default_rng(0).multivariate_normal([slope, level], covariance, _DRAWS)
    more = [_more(sizes.max(), s, e) for s, e in drawn]
    low, high = np.percentile(more, [16, 84], method="inverted_cdf")  # of infinite ones, too
    return Gain(score, sentences, float(low), float(high))


def _more(sizes: float, slope: float, level: float) -> float:
    """How many more sentences make the error one point smaller; infinite beyond _MOST times as many."""
    error = math.exp(level)
    if slope >= 0 or error <= 1:
        return math.inf
    logarithm = math.log((error - 1) / error) / slope
    return sizes * math.expm1(logarithm) if logarithm < math.log(_MOST) else math.inf


def _deviating(values: pd.Series) -> str:
    return markdown.deviating(scores.mean_and_deviation(values / 100)) if len(values) else "–"


def _difference(values: pd.Series) -> str:
    if values.empty:
        return "–"
    error = f" ± {values.sem():.2f}" if len(values) > 1 else ""
    return f"{values.mean():+.2f}{error}"
