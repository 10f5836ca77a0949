"""Declared constraints against the annotation: an error if it mostly breaks them, else a warning."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from jner_re import constraints
from jner_re.corpora.constraint_check import check
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

TOKENS = ("Ann", "Bob", "Rome", "Oslo")
ENTITIES = tuple(EntitySpan(i, i + 1, "Peop" if i < 2 else "Loc") for i in range(4))
LABELS = LabelSet(("Loc", "Peop"), ("A", "B"))


def sentence(id: str, *relations: tuple[int, int, str]) -> Sentence:
    return Sentence(TOKENS, ENTITIES, tuple(RelationPair(*relation) for relation in relations), id)


GOOD = [sentence(f"g{i}", (0, 2, "A")) for i in range(3)]


@pytest.mark.parametrize(
    ("declared", "odd", "message"),
    [
        (
            {"argument_types": {"A": {"head": ["Peop"], "tail": ["Loc"]}}},
            [(1, 2, "A"), (3, 0, "A")],
            "argument_types: 'A' is head Peop and tail Loc, and 1 of 5 relations for training break it, the "
            "first in sentence odd: 'Oslo' A 'Ann' joins Loc and Peop",
        ),
        (
            {"at_most": {"A": {"per_head": 1}}},
            [(0, 2, "A"), (0, 3, "A"), (1, 2, "A")],
            "at_most: 'A' is per_head 1, and 1 of 6 relations for training break it, the first in sentence "
            "odd: 'Ann' A 'Oslo' is number 2 of its head",
        ),
        (
            {"at_most": {"A": {"per_tail": 1, "per_head": 2}}},
            [(0, 2, "A"), (0, 3, "A"), (1, 2, "A")],
            "at_most: 'A' is per_head 2 and per_tail 1, and 1 of 6 relations for training break it, the "
            "first in sentence odd: 'Bob' A 'Rome' is number 2 of its tail",
        ),
        (
            {"symmetric": {"A": "once"}},
            [(0, 2, "A"), (2, 0, "A")],
            "symmetric: 'A' is once, and 1 of 5 relations for training break it, the first in sentence odd: "
            "'Rome' A 'Ann' is given in the other direction, too",
        ),
    ],
)
def test_what_breaks_them_is_told_with_its_place(
    declared: dict[str, Any],
    odd: list[tuple[int, int, str]],
    message: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = constraints.of_json(declared, "data/constraints.json")
    labels = LabelSet(("Loc", "Peop"), ("A",))
    with caplog.at_level(logging.WARNING):
        check(found, GOOD, labels)
        assert caplog.messages == []
        check(found, [*GOOD, sentence("odd", *odd)], labels)
    assert caplog.messages == [f"data/constraints.json: {message}; the model will give no such relation"]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"argument_types": {"A": {"head": ["Loc"], "tail": ["Peop"]}}},  # the wrong way round
            "argument_types: 'A' is head Loc and tail Peop, and 3 of 3 relations for training break it, the "
            "first in sentence g0: 'Ann' A 'Rome' joins Peop and Loc; expected less than half",
        ),
        ({"symmetric": {"A": "both"}}, "'Ann' A 'Rome' is without 'A' in the other direction; expected"),
        ({"inverse": [["A", "B"]]}, "inverse: 'A' is the inverse of 'B', and 3 of 3 relations for"),
        (
            {"at_most": {"C": {"per_head": 1}}},
            "c: at_most: 'C' is unknown, expected one of the relation types: A",
        ),
    ],
)
def test_what_cannot_be_meant(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        check(constraints.of_json(declared, "c"), GOOD, LABELS)


def test_annotation_in_both_directions_is_right(caplog: pytest.LogCaptureFixture) -> None:
    both = sentence("s", (0, 1, "A"), (1, 0, "A"), (0, 2, "B"))
    there_and_back = sentence("i", (0, 2, "A"), (2, 0, "B"))
    check(constraints.of_json({"symmetric": {"A": "both"}}, "c"), [both], LABELS)
    check(constraints.of_json({"inverse": [["A", "B"]]}, "c"), [there_and_back], LABELS)
    assert caplog.messages == []


def test_documents_and_sentences_without_a_name(caplog: pytest.LogCaptureFixture) -> None:
    declared = constraints.of_json({"argument_types": {"A": {"head": ["Peop"]}}}, "c")
    for named, place in (
        (
            Sentence(TOKENS, ENTITIES, (RelationPair(2, 0, "A"),), "x", document="notes.txt"),
            "document notes.txt",
        ),
        (Sentence(TOKENS, ENTITIES, (RelationPair(2, 0, "A"),)), "sentence 3 (from 0)"),
    ):
        check(declared, [*GOOD, named], LABELS)
        assert f"the first in {place}: 'Rome' A 'Ann' joins Loc and Peop" in caplog.messages[-1]
