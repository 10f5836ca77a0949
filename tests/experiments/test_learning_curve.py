"""Learning curves: a known law is found again, differences are seed by seed, parts are nested."""

from __future__ import annotations

import dataclasses
import math
import pathlib
import xml.etree.ElementTree as ET

import make_record
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.jobs import corpus_parts, records
from experiments.jobs.records import Record
from experiments.tables import curve_plot, learning_curve
from experiments.tables.learning_curve import CHANCE, SELECTED, Curve
from jner_re.corpora import splits
from jner_re.schema import Sentence

SETTINGS = {f"{100 * f:g}% {way}": (f, way) for f in (0.1, 0.4, 1.0) for way in (CHANCE, SELECTED)}


def record(fraction: float, way: str, seed: int, ner: float, re: float) -> Record:
    setting = f"{100 * fraction:g}% {way}"
    made = make_record.record(f"{records.PART}{fraction}-{way}-seed-{seed}", setting)
    corpus = {**made.corpus, "train": {"sentences": round(900 * fraction), "sha256": f"{way}{seed}"}}
    config = {**made.config, "train": {**made.config["train"], "seed": seed}}
    return dataclasses.replace(made, corpus=corpus, config=config, dev=make_record.evaluation(ner, re))


RECORDS = [
    record(0.1, CHANCE, 1, 0.60, 0.20),
    record(0.1, CHANCE, 2, 0.62, 0.22),
    record(0.4, CHANCE, 1, 0.70, 0.40),
    record(0.4, CHANCE, 2, 0.72, 0.44),
    record(0.4, SELECTED, 1, 0.73, 0.45),
    record(0.4, SELECTED, 2, 0.73, 0.47),
    record(1.0, CHANCE, 1, 0.80, 0.60),
    record(1.0, CHANCE, 2, 0.82, 0.62),
]


def law(exponent: float, noise: float = 0.0, noise_seed: int = 0) -> Curve:
    random = np.random.default_rng(noise_seed)
    rows = []
    for fraction in (0.1, 0.2, 0.4, 0.7, 1.0):
        for seed in (1, 2, 3):
            size = 1000 * fraction
            error = 30 * (size / 1000) ** -exponent * math.exp(noise * random.normal())
            rows.append(
                {"fraction": fraction, "sentences": size, "seed": seed, "ner": 100 - error, "re": 50.0}
            )
    return Curve(CHANCE, pd.DataFrame(rows))


def test_a_known_law_is_found_again() -> None:
    exact = learning_curve.gain(law(0.3), "ner")
    expected = 1000 * ((30 / 29) ** (1 / 0.3) - 1)
    assert exact.score == pytest.approx(70) and exact.sentences == pytest.approx(expected, rel=1e-3)
    assert exact.low == pytest.approx(expected, rel=1e-2) and exact.high == pytest.approx(expected, rel=1e-2)
    noisy = [learning_curve.gain(law(0.3, 0.05, seed), "ner") for seed in range(40)]
    assert 18 <= sum(each.low < expected < each.high for each in noisy) <= 36  # of 40, expected 27
    assert (
        str(exact)
        == f"70.0; about {expected:,.0f} more sentences for one point ({exact.low:,.0f} to {exact.high:,.0f})"
    )


def test_a_flat_curve_promises_nothing() -> None:
    for curve, task in ((law(0.3), "re"), (law(-0.1), "ner")):
        assert str(learning_curve.gain(curve, task)).endswith("; one point more is not in sight")
    assert str(learning_curve.Gain(99.2, math.inf, 0, 0)) == "99.2; less than one point is missing"
    noisy = [learning_curve.gain(law(0.1, 0.8, seed), "ner") for seed in range(30)]
    assert any(str(each).endswith("to any number)") for each in noisy)


def test_few_runs_have_no_error() -> None:
    curve = law(0.3)
    few = Curve(CHANCE, curve.runs[curve.runs["seed"] == 1].iloc[:3])
    assert str(learning_curve.gain(few, "ner")).endswith("for one point (too few runs for its error)")


def test_differences_are_seed_by_seed() -> None:
    found = learning_curve.curves(RECORDS, SETTINGS)
    assert [(curve.name, len(curve.runs)) for curve in found] == [(CHANCE, 6), (SELECTED, 6)]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in learning_curve.table(found).splitlines()
    ]
    cells = dict(zip(rows[0], rows[3], strict=True))
    assert cells == {
        "share": "40%",
        "sentences": "360",
        "seeds": "2",
        "NER F1": "71.00 ± 1.41",
        "NER F1, selected": "73.00 ± 0.00",
        "NER F1, difference": "+2.00 ± 1.00",
        "RE F1": "42.00 ± 2.83",
        "RE F1, selected": "46.00 ± 1.41",
        "RE F1, difference": "+4.00 ± 1.00",
    }
    assert dict(zip(rows[0], rows[2], strict=True))["RE F1, difference"] == "+0.00 ± 0.00"


def test_without_selection_there_is_one_curve() -> None:
    chance = {name: found for name, found in SETTINGS.items() if found[1] == CHANCE}
    (curve,) = learning_curve.curves(RECORDS, chance)
    assert curve.name == CHANCE and "selected" not in learning_curve.table([curve])
    points = curve.points("re")
    assert points["mean"].tolist() == pytest.approx([21, 42, 61])
    assert points["deviation"].tolist() == pytest.approx([math.sqrt(2), 2 * math.sqrt(2), math.sqrt(2)])


def test_the_plot_has_a_point_for_every_mean() -> None:
    root = ET.fromstring(curve_plot.plot(learning_curve.curves(RECORDS, SETTINGS), "R&D <x>"))
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 12 and titles[7] == "by chance, 360 sentences: 42.00"
    assert root.get("aria-label") == "learning curve of R&D <x>"
    circles = [circle for circle in root.iter("{http://www.w3.org/2000/svg}circle")]
    heights = [float(circle.get("cy", "nan")) for circle in circles[:3]]
    assert heights == sorted(heights, reverse=True)


def test_runs_on_parts_of_a_corpus_are_of_one_setting(tmp_path: pathlib.Path) -> None:

    for each in RECORDS[:2]:
        records.write(tmp_path, each)
    assert len(records.read_folder(tmp_path)) == 2


@settings(max_examples=50)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.integers(0, 5))
def test_parts_are_nested_and_whole(numbers: list[int], seed: int) -> None:
    sentences = [Sentence((f"word{number}",), (), ()) for number in numbers]
    groups = splits.kept_together(sentences, seed)
    before: set[int] = set()
    for size in range(len(sentences) + 1):
        part = corpus_parts.first(groups, size)
        places = {i for group in part for i in group}
        assert before <= places and len(places) >= size
        left = {sentences[i] for i in range(len(sentences)) if i not in places}
        assert not left & {sentences[i] for i in places}
        assert list(corpus_parts.sentences_of(sentences, part)) == [sentences[i] for i in sorted(places)]
        before = places
