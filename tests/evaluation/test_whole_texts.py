"""Evaluation from raw text: by distance, and what no threshold finds."""

from __future__ import annotations

import dataclasses

import documents as random_documents
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jner_re.document import Document, Entity, Relation
from jner_re.evaluation import whole_texts
from jner_re.evaluation.whole_texts import Reading, WholeText
from jner_re.schema import LabelSet

TEXT = "Ada Berg met Bo in well-known Oslo. She left. Bo stayed. Oslo is big."
LABELS = LabelSet(("Loc", "Peop"), ("In", "Met"))
READING = Reading("news", "wrapped", LABELS, None)


def entity(type: str, text: str, after: int = 0) -> Entity:
    start = TEXT.index(text, after)
    return Entity(type, start, start + len(text), text)


GOLD = Document(
    TEXT,
    (),
    (
        entity("Peop", "Ada Berg"),  # 0
        entity("Peop", "Ada"),  # 1, overlapping
        entity("Peop", "Bo"),  # 2
        entity("Loc", "known Oslo"),  # 3, inside a token
        entity("Loc", "Oslo. She"),  # 4, across
        entity("Org", "big"),  # 5, of an unknown type
        entity("Peop", "Bo", 40),  # 6
        entity("Loc", "Oslo", 50),  # 7
        entity("Loc", "Oslo"),  # 8
    ),
    (
        Relation("Met", 0, 2),
        Relation("In", 0, 8),
        Relation("Met", 0, 6),
        Relation("In", 0, 7),
        Relation("In", 2, 3),
        Relation("Know", 0, 2),
        Relation("In", 2, 2),
        Relation("In", 6, 8),
        Relation("In", 8, 0),
    ),
)


def test_what_is_found_at_no_threshold() -> None:
    report, (text,), _ = whole_texts.evaluate([GOLD], [Document(TEXT)], READING, 0.5, "gold")
    assert {(row["reason"], row["entities"], row["relations"]) for row in report["never_found"]} == {
        ("overlapping a longer one", 1, 0),
        ("not whole tokens", 1, 0),
        ("across the end of a sentence", 1, 0),
        ("of a type not in training", 1, 1),
        ("of such an entity", 0, 1),
        ("of an entity with itself", 0, 1),
        ("between two sentences", 0, 3),
    }
    assert {distance: prf["fn"] for distance, prf in report["by_distance"].items()} == {
        "0": 6, "1": 0, "2": 2, "more": 1
    }  # fmt: skip
    assert text.entity_text(text.entities[0]) == "Ada Berg"
    seen = dataclasses.replace(READING, argument_types=[("Peop", "Peop", "Met"), ("Peop", "Loc", "In")])
    report, *_ = whole_texts.evaluate([GOLD], [Document(TEXT)], seen, 0.5, "gold")
    assert {
        "reason": "of types of entities not so related in training",
        "entities": 0,
        "relations": 1,
    } in report["never_found"]


def test_what_is_found_is_right_by_place_and_type() -> None:
    found = Document(
        TEXT,
        (),
        tuple(dataclasses.replace(GOLD.entities[i], score=0.9) for i in (0, 2, 8)),
        (Relation("Met", 0, 1, 0.9), Relation("In", 0, 2, 0.4), Relation("In", 1, 2, 0.8)),
    )
    report, texts, scored = whole_texts.evaluate([GOLD], [found], READING, 0.5, "gold")
    assert [report["ner"]["strict"]["micro"][n] for n in ("tp", "fp", "fn")] == [3, 0, 6]
    assert [report["re"]["strict"]["micro"][n] for n in ("tp", "fp", "fn")] == [1, 1, 8]
    assert [report["by_distance"]["0"][n] for n in ("tp", "fp", "fn")] == [1, 1, 5]
    assert texts[0].drawn(scored[0]).relations == found.relations
    assert "Relations by distance" in whole_texts.tables({**report, "not_read": []})


@given(st.lists(random_documents.documents(), min_size=1, max_size=4))
def test_what_can_be_found_is_what_a_perfect_model_finds(collection: list[Document]) -> None:
    """Documents of the extractor's kind: entities at tokens, so only ends of sentences are in the way."""
    label_set = LabelSet.of([WholeText.of(document) for document in collection])
    reading = Reading("news", "separate", label_set, None)
    report, *_ = whole_texts.evaluate(collection, collection, reading, 0.0, "gold")
    assert report["ner"]["strict"]["micro"]["fn"] == 0
    total = report["ner"]["strict"]["micro"]["tp"]
    never = sum(row["entities"] for row in report["never_found"])
    reasons = {row["reason"] for row in report["never_found"] if row["entities"]}
    assert never <= total and reasons <= {"across the end of a sentence", "overlapping a longer one"}
    far = sum(
        report["by_distance"][name]["tp"] + report["by_distance"][name]["fn"] for name in ("1", "2", "more")
    )
    between = sum(
        row["relations"] for row in report["never_found"] if row["reason"] == "between two sentences"
    )
    assert between <= far


@pytest.mark.parametrize("number", [300])
def test_long_documents_take_no_square_time(number: int) -> None:
    """The pairs that the report looks at share a character: not number squared."""
    from jner_re.evaluation.report.outcomes import _touching
    from jner_re.schema import EntitySpan

    spans = [EntitySpan(10 * i, 10 * i + 4, "A") for i in range(number)]
    assert len(_touching(spans, spans)) == number


def test_a_window_finds_relations_of_its_sentences() -> None:
    reading = dataclasses.replace(READING, distance=1)
    report, _, _ = whole_texts.evaluate([GOLD], [Document(TEXT)], reading, 0.5, "gold")
    reasons = {row["reason"]: row["relations"] for row in report["never_found"]}
    assert "between two sentences" not in reasons and reasons["of sentences too far apart"] == 3
