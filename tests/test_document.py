"""What a document can be turned into."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pandas as pd
import pytest

import jner_re
from jner_re.corpora import brat, spert_json
from jner_re.corpora.tokenization import tokenize


def document(
    text: str, entities: list[tuple[str, str]], relations: list[tuple[str, int, int]]
) -> jner_re.Document:
    """Entities by type and text, in order."""
    found, end = [], 0
    for i, (kind, words) in enumerate(entities):
        start = text.index(words, end)
        end = start + len(words)
        found.append(jner_re.Entity(kind, start, end, words, 0.5 + i / 100))
    return jner_re.Document(
        text,
        tuple(tokenize(text, "news")),
        tuple(found),
        tuple(jner_re.Relation(*relation, 0.987654) for relation in relations),
    )


@pytest.fixture
def example() -> jner_re.Document:
    return document(
        "😀 Ada Berg\r\nlives in New  York.\nBob, too.",
        [("Peop", "Ada Berg"), ("Loc", "New  York"), ("Peop", "Bob")],
        [("Live_In", 0, 1), ("Knows", 1, 0)],
    )


def test_json() -> None:
    entity = jner_re.Entity("Loc", 0, 4, "Rome", 0.123456)
    made = jner_re.Document(
        "Rome", (jner_re.Token("Rome", 0, 4),), (entity,), (jner_re.Relation("In", 0, 0, 0.98765),)
    )
    assert made.to_json() == {
        "text": "Rome",
        "entities": [{"type": "Loc", "start": 0, "end": 4, "text": "Rome", "score": 0.1235}],
        "relations": [{"type": "In", "head": 0, "tail": 0, "score": 0.9877}],
    }


def test_spert_is_read_by_the_corpora(example: jner_re.Document, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "found.json"
    path.write_text(json.dumps([example.to_spert()]))
    (sentence,) = spert_json.load(path).valid_sentences()
    assert sentence.tokens == tuple(token.text for token in example.tokens)
    assert [(e.type, sentence.tokens[e.start : e.end]) for e in sentence.entities] == [
        ("Peop", ("Ada", "Berg")), ("Loc", ("New", "York")), ("Peop", ("Bob",))
    ]  # fmt: skip
    assert [(r.type, r.head, r.tail) for r in sentence.relations] == [("Live_In", 0, 1), ("Knows", 1, 0)]


def test_brat_is_read_by_the_corpora(tmp_path: pathlib.Path) -> None:
    made = document(
        "😀 Ada Berg lives in New  York.", [("Peop", "Ada Berg"), ("Loc", "New  York")], [("In", 0, 1)]
    )
    (tmp_path / "a.txt").write_bytes(made.text.encode())
    (tmp_path / "a.ann").write_bytes(made.to_brat().encode())
    (sentence,) = brat.load(tmp_path).valid_sentences()
    assert [(e.type, e.start, e.end) for e in sentence.entities] == [("Peop", 1, 3), ("Loc", 5, 7)]
    assert [(r.type, r.head, r.tail) for r in sentence.relations] == [("In", 0, 1)]


def test_brat_divides_an_entity_at_a_line_break() -> None:
    made = document("Ada\r\nBerg x\n\ny", [("Peop", "Ada\r\nBerg"), ("Loc", "x\n\ny")], [("In", 1, 0)])
    assert made.to_brat() == (
        "T1\tPeop 0 3;5 9\tAda Berg\nT2\tLoc 10 11;13 14\tx y\nR1\tIn Arg1:T2 Arg2:T1\t\n"
    )
    assert jner_re.Document("nothing").to_brat() == ""


def test_dataframes(example: jner_re.Document) -> None:
    relations = example.to_dataframe()
    assert relations[["type", "head_text", "tail_text"]].values.tolist() == [
        ["Live_In", "Ada Berg", "New  York"], ["Knows", "New  York", "Ada Berg"]
    ]  # fmt: skip
    assert relations["score"].tolist() == [0.987654] * 2 and relations["head_score"][0] == 0.5
    entities = example.to_dataframe("entities")
    assert [example.text[e.start : e.end] for e in entities.itertuples()] == entities["text"].tolist()
    for of, frame in (("relations", relations), ("entities", entities)):
        empty = jner_re.Document("nothing").to_dataframe(of)
        assert len(empty) == 0 and (empty.dtypes == frame.dtypes).all()
        both = pd.concat([empty, frame])
        assert (both.dtypes == frame.dtypes).all() and np.array_equal(both.index, frame.index)
