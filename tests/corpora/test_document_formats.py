"""Documents go from one format to another and back, and nothing is lost."""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib

import documents as random_documents
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import brat, documents, formats
from jner_re.corpora.corpus import Corpus
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\u2028", "\x85", "\x1c", "\t", " "])
TEXTS = st.lists(
    st.one_of(LINE_ENDS, st.text(st.characters(exclude_categories=["Cs"]), max_size=6)), max_size=12
).map("".join)
TYPES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4).filter(
    lambda type: type.split() == [type]
)
SCORES = st.one_of(st.just(math.nan), st.integers(0, 10_000).map(lambda n: n / 10_000))
JSON = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.text("aé\n", max_size=3), st.just([1, {"a": 2}])
)
IDS = st.one_of(
    st.sampled_from(
        ["", "a", "A", "b/c", "../x", ".hidden", "000001=a", "x.txt", "a b", "a\\b", "é", "a/", "0"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)


@st.composite
def annotated(draw: st.DrawFn) -> Document:
    """Any text with any annotation: entities may overlap, nest, and be in several lines."""
    text = draw(TEXTS)
    entities = []
    for _ in range(draw(st.integers(0, 4)) if text else 0):
        start, end = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        if text[start:end].strip():
            entities.append(Entity(draw(TYPES), start, end, text[start:end], draw(SCORES)))
    count = len(entities)
    ends = st.integers(0, count - 1)
    relations = [
        Relation(draw(TYPES), draw(ends), draw(ends), draw(SCORES)) for _ in range(3 if count else 0)
    ]
    return Document(text, (), tuple(entities), tuple(relations), id=draw(IDS))


def in_brat(document: Document) -> bool:
    """Whether the format has it; what it has not is told by name (below)."""
    return not list(document.not_in_brat()) and not document.text.startswith("\ufeff")


COLLECTIONS = st.lists(annotated().filter(in_brat), min_size=1, max_size=4)


def by_id(found: list[Document]) -> list[str]:
    return sorted(json.dumps(document.to_json()) for document in found)


@settings(max_examples=200)
@given(COLLECTIONS)
def test_documents_to_brat_and_back(
    tmp_path_factory: pytest.TempPathFactory, collection: list[Document]
) -> None:
    folder = tmp_path_factory.mktemp("round") / "brat"
    brat.write(collection, folder)
    found, findings = brat.texts(folder)
    assert findings == []
    assert by_id([text.document for text in found]) == by_id(collection)
    assert (folder / "annotation.conf").exists()


@settings(max_examples=200)
@given(
    st.lists(st.tuples(annotated(), st.dictionaries(st.sampled_from("xyz"), JSON)), min_size=1, max_size=4)
)
def test_documents_to_json_lines_and_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[Document, dict[str, object]]]
) -> None:
    collection = [dataclasses.replace(document, fields=fields) for document, fields in drawn]
    path = tmp_path_factory.mktemp("round") / "corpus.jsonl"
    documents.write(collection, path)
    found, findings = documents.texts(path)
    assert findings == []
    assert [text.document for text in found] == collection


@given(random_documents.documents())
def test_brat_of_a_prediction_is_its_json(
    tmp_path_factory: pytest.TempPathFactory, document: Document
) -> None:
    """As `predict --output_format=brat` and `predict` write it."""
    scored = dataclasses.replace(document, id="a", tokens=())
    folder, path = tmp_path_factory.mktemp("brat") / "found", tmp_path_factory.mktemp("json") / "found.jsonl"
    brat.write([scored], folder)
    path.write_text(json.dumps(scored.to_json()) + "\n")
    (from_brat,), _ = brat.texts(folder)
    (from_json,), _ = documents.texts(path)
    assert from_brat.document == from_json.document


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            Document("a\nb", (), (Entity("A", 1, 3, "\nb"),)),
            "entities[0] is '\\nb', expected text that begins",
        ),
        (Document("a b", (), (Entity("A b", 0, 1, "a"),)), "entities[0].type is 'A b', expected one without"),
        (Document("\ufeffa"), "text is '\\ufeffa', expected no byte order mark"),
        (Document("a", fields={"source": "mail"}), "source is 'mail', expected no further field"),
        (Document("a", broken_at=(1,)), "broken_at is '[1]', expected no further field"),
        (Document("a", id="x" * 300), "expected one short enough for a file name"),
    ],
)
def test_what_brat_does_not_have_is_told(tmp_path: pathlib.Path, document: Document, told: str) -> None:
    with pytest.raises(InputError) as error:
        formats.write(Corpus([], [], documents=[document]), tmp_path / "brat", "brat")
    assert told in str(error.value) and list(tmp_path.iterdir()) == []


def test_keys_that_are_not_kept_are_told(tmp_path: pathlib.Path) -> None:
    (path := tmp_path / "a.jsonl").write_text(
        '{"text": "a", "by": "Bo", "entities": [{"type": "A", "start": 0, "end": 1, "n": 1}], '
        '"relations": []}\n'
    )
    (text,), findings = documents.texts(path)
    assert text.document.fields == {"by": "Bo"}
    assert [str(finding) for finding in findings] == [
        f"{path}: line 1: entities[0] is 'n', expected no keys but end, score, start, text, type (read over)"
    ]
