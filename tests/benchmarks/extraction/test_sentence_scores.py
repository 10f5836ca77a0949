"""The score of a splitter, and how the parts that it gives are placed."""

from __future__ import annotations

from benchmarks.extraction.sentence_scores import Score, score, starts_of

SENTENCES = ["A b.", "C d e.", "F."]


def test_starts_of_parts() -> None:
    assert starts_of(["A b. ", " C.", "", "  \n", "\tD"]) == [0, 6, 12]
    assert starts_of([]) == []


def test_perfect_splitter() -> None:
    truth = {"A b. C d e. ": [0, 5], "F. ": [0]}
    assert score(SENTENCES, truth.__getitem__, at_once=2) == Score(right=1, found=1, true=1)


def test_wrong_missed_and_right_breaks() -> None:
    found = score(SENTENCES, lambda text: [0, 2, 12], at_once=3)  # before "b." and "F."
    assert found == Score(right=1, found=2, true=2)
    assert str(found) == "precision 0.5000, recall 0.5000, F1 0.5000 of 2 breaks"


def test_no_breaks_at_all() -> None:
    assert score(["A."], lambda text: [0], at_once=2) == Score(0, 0, 0)
    assert str(Score(0, 0, 0)) == "precision 0.0000, recall 0.0000, F1 0.0000 of 0 breaks"
