"""doccano's JSON lines: spans as objects and as lists, relations by ids, and what places count."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
import pathlib
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_any_file import ANY_JSON, EXAMPLES, PLACE, TEXT, check, json_object, mostly
from test_document_formats import JSON, annotated

from jner_re.corpora import doccano, doccano_offsets, formats
from jner_re.corpora.corpus import Corpus
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

NOTE = "Ann joined Acme."
NEEDS_CLUSTERS = pytest.mark.skipif(importlib.util.find_spec("regex") is None, reason="needs regex")


def span(id: int, label: str, start: int, end: int) -> dict[str, Any]:
    return {"id": id, "label": label, "start_offset": start, "end_offset": end}


ANN, ACME = span(41, "Peop", 0, 3), span(42, "Org", 11, 15)
WORKS = {"id": 3, "from_id": 41, "to_id": 42, "type": "Work_For"}


def example(*entities: Any, relations: Any = (), text: str = NOTE, **more: Any) -> dict[str, Any]:
    annotation = {"entities": list(entities), "relations": list(relations), "Comments": []}
    return {"id": 7, "text": text, "source": "mail", **annotation, **more}


def load(folder: pathlib.Path, *examples: Any, **options: Any) -> Corpus:
    (path := folder / "all.jsonl").write_text("".join(json.dumps(record) + "\n" for record in examples))
    return formats.load(path, "doccano", **options)


def test_an_example_is_a_document(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, example(ACME, ANN, relations=[WORKS]))
    assert corpus.findings == []
    assert corpus.documents == [
        Document(
            NOTE,
            (),
            (Entity("Org", 11, 15, "Acme"), Entity("Peop", 0, 3, "Ann")),
            (Relation("Work_For", 1, 0),),
            id="7",
            fields={"source": "mail"},
        )
    ]
    assert [s.relations[0].type for s in corpus.sentences] == ["Work_For"]


@pytest.mark.parametrize(
    "record",
    [
        {"id": 7, "text": NOTE, "label": [[0, 3, "Peop"]], "Comments": []},
        {"id": 7, "text": NOTE, "labels": [[0, 3, "Peop"]]},
        {"id": 7, "data": NOTE, "label": [[0, 3, "Peop"]]},
        {"id": "7", "text": NOTE, "entities": [[0, 3, "Peop"]]},
        {"id": 7, "text": NOTE, "entities": [ANN], "relations": None},
    ],
)
def test_projects_without_relations_and_older_versions(tmp_path: pathlib.Path, record: Any) -> None:
    corpus = load(tmp_path, record)
    assert corpus.findings == []
    assert corpus.documents == [Document(NOTE, (), (Entity("Peop", 0, 3, "Ann"),), id="7")]


def test_a_second_list_of_spans_is_told(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, example(ANN, label=[[0, 3, "Loc"]], labels=[]))
    assert [str(finding).partition(": ")[2] for finding in corpus.findings] == [
        "line 1: label is given, too, expected one list of spans, here entities (read over)"
    ]
    assert corpus.documents and corpus.documents[0].fields == {"source": "mail"}


def test_comments_are_kept_if_there_are_any(tmp_path: pathlib.Path) -> None:
    comments = [{"id": 1, "comment": "sure?"}]
    corpus = load(tmp_path, example(ANN, Comments=comments))
    assert corpus.documents and corpus.documents[0].fields == {"source": "mail", "Comments": comments}


@pytest.mark.parametrize(
    ("text", "start", "units"),
    [
        ("Ann 😀 joined Acme.", 14, "utf16"),
        ("Ann 😀 joined Acme.", 13, "code_points"),
        pytest.param("Ann 👨🏻‍🚒 joined Acme.", 13, "graphemes", marks=NEEDS_CLUSTERS),
        pytest.param("Ann\r\njoined Acme.", 11, "graphemes", marks=NEEDS_CLUSTERS),
    ],
)
def test_what_places_count(tmp_path: pathlib.Path, text: str, start: int, units: str) -> None:
    record = example(span(1, "Org", start, start + 4), text=text, id=8)
    corpus = load(tmp_path, example(ANN), record, offsets=units)
    assert corpus.findings == [] and corpus.documents
    assert corpus.documents[1].entities[0].text == "Acme"
    findings = [str(finding) for finding in load(tmp_path, example(ANN), record).problems]
    if units == doccano_offsets.DEFAULT:
        assert findings == []
    else:
        assert findings[0].endswith(
            "line 2: unit of offsets is utf16, under which 1 of 1 entities (the first here) are no whole "
            f"words, expected --offsets={units}, under which 0 are not, or --offsets=utf16 to keep it"
        )


def test_sloppy_entities_are_no_other_unit(tmp_path: pathlib.Path) -> None:
    """Those of texts in which the units are the same tell nothing; nor do those that are wrong under each."""
    records = example(span(1, "Org", 11, 14)), example(span(2, "Org", 0, 2), text="Ann 😀")
    assert load(tmp_path, *records).problems == []


def test_clusters_need_a_package(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "regex", None)
    with pytest.raises(InputError, match=r"regex is missing, expected: pip install .*\[annotation\]"):
        load(tmp_path, example(ANN), offsets="graphemes")


def test_other_units(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="offsets is 'bytes', expected one of utf16, code_points, graphemes"):
        load(tmp_path, example(ANN), offsets="bytes")


@pytest.mark.parametrize(
    ("record", "told", "reasons"),
    [
        (
            example(span(1, "Org", 11, 99)),
            "entities[0] is 11 to 99, expected places of the text, the start before the end, in utf16",
            ["outside of the text"],
        ),
        (example(span(1, "Org", -2, 3)), "entities[0] is -2 to 3, expected places", ["outside of the text"]),
        (example(span(1, "Org", 3, 3)), "entities[0] is 3 to 3, expected places", ["an empty span"]),
        (
            example(span(1, "Org", 1, 2), text="😀 Acme"),
            "entities[0] is 1 to 2, expected places of the text",
            ["outside of the text"],
        ),
        (
            example(span(1, "Org", 3, 4)),
            "entities[0] is ' ', expected more than white space",
            ["blank"],
        ),
        (
            example(ANN, relations=[WORKS]),
            "relations[0] is 'Work_For' from 41 to 42, expected ids of entities, unlike 42",
            ["of an unknown entity"],
        ),
        (
            example(span(42, "Org", 11, 10**30), ANN, relations=[WORKS]),
            "entities[0] is 11 to 1000000000000",
            ["outside of the text", "of a lost entity"],
        ),
        (example(ANN, ANN), "entities[1].id is 41, expected an id that no other span", None),
        (
            example(ANN, relations=[{**WORKS, "to_id": None}]),
            "to_id is null, expected the id of an entity",
            None,
        ),
        ({**example(ANN), "relations": {}}, "relations is {}, expected a list", None),
        (example(ANN, relations=[5]), "relations[0] is 5, expected an object", None),
        (example([0, 3]), "entities[0] is [0, 3], expected an object, or [start, end, label]", None),
        (example([0, "3", "Org"]), 'entities[0].end_offset is "3", expected an integer', None),
        (example([True, 3, "Org"]), "entities[0].start_offset is true, expected an integer", None),
        (example({**ANN, "label": 5}), "entities[0].label is 5, expected a string", None),
        (example({**ANN, "id": [1]}), "entities[0].id is [1], expected a string", None),
        ({"text": NOTE, "label": "positive"}, 'label is "positive", expected a list', None),
        (
            {"text": NOTE, "annotations": []},
            "entities is null, expected the lists entities and relations",
            None,
        ),
        ({"label": []}, "text is null, expected a string", None),
        (example(ANN, text="a\ud800"), "expected Unicode text", None),
        ([example(ANN)], "expected an object with text, entities and relations", None),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: pathlib.Path, record: Any, told: str, reasons: list[str] | None
) -> None:
    corpus = load(tmp_path, record, example(ANN))
    assert "line 1: " in str(corpus.findings[0]) and told in str(corpus.findings[0])
    expected = ["record of a wrong shape"] if reasons is None else reasons
    assert [loss.reason for loss in corpus.losses] == expected


@settings(max_examples=200)
@given(
    st.lists(st.tuples(annotated(), st.dictionaries(st.sampled_from("xyz"), JSON)), min_size=1, max_size=4)
)
def test_round_trip(drawn: list[tuple[Document, dict[str, object]]]) -> None:
    """But for scores, which the format has no place for; the reader is told what places count."""
    collection = [
        dataclasses.replace(
            document,
            entities=tuple(dataclasses.replace(e, score=math.nan) for e in document.entities),
            relations=tuple(dataclasses.replace(r, score=math.nan) for r in document.relations),
            fields=fields,
        )
        for document, fields in drawn
    ]
    with tempfile.TemporaryDirectory() as folder:
        doccano.write(collection, path := pathlib.Path(folder) / "all.jsonl")
        found, findings = doccano.texts(path, "utf16")
        ids = [e["id"] for line in path.read_text().split("\n")[:-1] for e in json.loads(line)["entities"]]
    assert findings == [] and [text.document for text in found] == collection
    assert len(set(ids)) == len(ids)


def test_predictions_are_written_without_their_scores(tmp_path: pathlib.Path) -> None:
    entities = (Entity("Peop", 0, 3, "Ann", 0.9), Entity("Org", 13, 17, "Acme", 0.8))
    document = Document("Ann 😀 joined Acme.", (), entities, (Relation("Work_For", 0, 1, 0.6),), id="a")
    corpus = Corpus([], [], documents=[document, Document("b")])
    [finding] = formats.unsupported(corpus, path := tmp_path / "all.jsonl", "doccano")
    assert finding.kind == "warning" and str(finding).endswith(
        "all records: score is 3 scores of entities and relations, expected none (left out)"
    )
    formats.write(corpus, path, "doccano")
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "id": "a",
            "text": "Ann 😀 joined Acme.",
            "entities": [span(1, "Peop", 0, 3), span(2, "Org", 14, 18)],
            "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "Work_For"}],
        },
        {"text": "b", "entities": [], "relations": []},
    ]


def test_what_cannot_be_written(tmp_path: pathlib.Path) -> None:
    document = Document("a", fields={"entities": 5, "label": 6}, broken_at=(1,))
    found = formats.unsupported(Corpus([], [], documents=[document]), tmp_path / "a.jsonl", "doccano")
    assert [str(finding).partition(": ")[2] for finding in found] == [
        "record 0: entities is 5, expected another name",
        "record 0: broken_at is [1], expected none (the format has no such field)",
    ]


SPANS = st.lists(
    mostly(
        json_object(id=PLACE, label=TEXT, start_offset=PLACE, end_offset=PLACE)
        | st.tuples(PLACE, PLACE, TEXT),
        ANY_JSON,
    ),
    max_size=4,
)
LINES = st.lists(
    mostly(
        json_object(
            id=PLACE | TEXT,
            text=st.sampled_from(["a b", "a. B c", "😀 b", "e\u0301 b", "a\r\nb"]) | TEXT,
            entities=SPANS,
            label=SPANS,
            relations=st.lists(json_object(from_id=PLACE, to_id=PLACE, type=TEXT), max_size=3),
        ).map(json.dumps),
        TEXT,
    ),
    max_size=3,
).map("\n".join)


@settings(max_examples=EXAMPLES)
@given(LINES | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_any_lines(content: str) -> None:
    check("doccano", content.encode(errors="surrogatepass"), ["news"])
