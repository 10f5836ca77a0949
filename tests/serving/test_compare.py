"""The comparison of `make compatibility` sees what differs and says where."""

from __future__ import annotations

from typing import Any

import compare
import pytest

ROW: dict[str, list[Any]] = {
    "token": ["Ann", "in", "Rome", ""],
    "entity_type": ["Peop", "Loc", ""],
    "entity_text": ["Ann", "Rome", ""],
    "entity_start": [0, 7, -1],
    "entity_end": [3, 11, -1],
    "entity_score": [0.9, 0.8, -1.0],
    "relation_type": ["Live_In", ""],
    "relation_head": [0, -1],
    "relation_tail": [1, -1],
    "relation_score": [0.7, -1.0],
}


def differences(**columns: list[Any]) -> tuple[list[str], compare.Comparison]:
    """Of a second row with other columns, for relations above 0.5."""
    answers: compare.Answers = {"text": [ROW, ROW], "tokens": []}
    other: compare.Answers = {"text": [ROW, {**ROW, **columns}], "tokens": []}
    found = compare.compare(answers, other, 0.5)
    return found.differences, found


def test_equal() -> None:
    lines, found = differences(entity_score=[0.900005, 0.8, -1.0])
    assert lines == [] and found.largest == pytest.approx(5e-6)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"token": ["Ann", "in", "rome", ""]}, "text 1: tokens"),
        ({"entity_start": [0, 6, -1]}, "text 1: entities"),
        ({"entity_text": ["Ann", "rome", ""]}, "text 1: entities"),
        ({"entity_type": ["Peop", "Org", ""]}, "text 1: entities"),
        (
            {"entity_score": [0.9, 0.8001, -1.0]},
            "text 1: entity ('Loc', 7, 11, 'Rome'): score 0.800000000, then",
        ),
        ({"relation_score": [0.7001, -1.0]}, "text 1: relation ('Live_In', 0, 1): score 0.700000000, then"),
        (
            {"relation_score": [float("nan"), -1.0]},
            "text 1: relation ('Live_In', 0, 1): score 0.700000000, then nan",
        ),
    ],
)
def test_different(columns: dict[str, list[Any]], said: str) -> None:
    (line,), _ = differences(**columns)
    assert line.startswith(said)


def test_a_relation_of_one_alone_is_different_and_said_to_be_near_min_score_if_it_is() -> None:
    (line,), found = differences(relation_type=["", ""])
    assert line.endswith("is the reference's alone") and found.near_min_score == 0
    columns = {
        "relation_type": ["Live_In", "Kill"],
        "relation_head": [0, 1],
        "relation_tail": [1, 0],
        "relation_score": [0.7, 0.500004],
    }
    (line,), found = differences(**columns)
    assert "the other's alone, NEAR MIN_SCORE 0.5: a score different by 4.0e-06 explains it" in line
    assert found.near_min_score == 1
