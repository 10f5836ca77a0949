"""Prodigy's JSON lines: answers, texts that come again, and ends of relations by span or last token."""

from __future__ import annotations

import dataclasses
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

from jner_re.corpora import formats, prodigy
from jner_re.corpora.corpus import Corpus
from jner_re.document import Document, Entity, Relation

NOTE = "Ann Lee joined Acme."


def token(text: str, start: int, id: int, ws: bool) -> dict[str, Any]:
    return {"text": text, "start": start, "end": start + len(text), "id": id, "ws": ws}


TOKENS = [
    token("Ann", 0, 0, True),
    token("Lee", 4, 1, True),
    token("joined", 8, 2, True),
    token("Acme", 15, 3, False),
    token(".", 19, 4, False),
]
ANN = {"start": 0, "end": 7, "token_start": 0, "token_end": 1, "label": "Peop"}
ACME = {"start": 15, "end": 19, "token_start": 3, "token_end": 3, "label": "Org"}
BY_TOKENS = {"head": 1, "child": 3, "label": "Work_For"}
WORKS = {**BY_TOKENS, "head_span": ANN, "child_span": ACME, "color": "#c2f2f6"}
ENTITIES = (Entity("Peop", 0, 7, "Ann Lee"), Entity("Org", 15, 19, "Acme"))


def task(*spans: Any, relations: Any = (), **more: Any) -> dict[str, Any]:
    return {
        "text": NOTE,
        "meta": {"source": "mail"},
        "_input_hash": -13216227,
        "_task_hash": 1212627981,
        "tokens": TOKENS,
        "_session_id": None,
        "_view_id": "relations",
        "spans": list(spans),
        "relations": list(relations),
        "answer": "accept",
        **more,
    }


def load(folder: pathlib.Path, *tasks: Any) -> Corpus:
    (path := folder / "tasks.jsonl").write_text("".join(json.dumps(record) + "\n" for record in tasks))
    return formats.load(path, "prodigy")


def test_a_task_is_a_document(tmp_path: pathlib.Path) -> None:
    scored = {**ANN, "text": "Ann Lee", "score": 0.5, "source": "model"}
    corpus = load(tmp_path, task(scored, ACME, relations=[WORKS], meta={"id": 7, "source": "mail"}, by="Bo"))
    assert corpus.findings == []
    assert corpus.documents == [
        Document(
            NOTE,
            (),
            ENTITIES,
            (Relation("Work_For", 0, 1),),
            id="7",
            fields={"by": "Bo", "meta": {"source": "mail"}},
        )
    ]
    assert [s.relations[0].type for s in corpus.sentences] == ["Work_For"]


WITHOUT_NUMBERS = [{k: v for k, v in item.items() if not k.startswith("token")} for item in (ANN, ACME)]


@pytest.mark.parametrize(
    ("spans", "relation"),
    [
        ((ANN, ACME), BY_TOKENS),
        (WITHOUT_NUMBERS, BY_TOKENS),
        ((ANN, ACME), {**WORKS, "head": 0}),  # the first token, as some scripts write
        ((ANN, ACME), {**WORKS, "head_span": {**ANN, "label": None}}),
        ((ANN, ACME), {**BY_TOKENS, "head_span": {"start": None, "end": None, "label": None}}),
        ((ANN, {**ANN, "label": "Name"}, ACME), WORKS),
        (({**ANN, "end": 3, "token_end": 0}, ANN, ACME), WORKS),
    ],
)
def test_ends_of_relations(tmp_path: pathlib.Path, spans: Any, relation: Any) -> None:
    (path := tmp_path / "tasks.jsonl").write_text(json.dumps(task(*spans, relations=[relation])))
    (text,), findings = prodigy.texts(path)
    [found] = text.document.relations
    ends = [text.document.entities[end] for end in (found.head, found.tail)]
    assert findings == [] and tuple(ends) == ENTITIES


def test_only_accepted_tasks_count(tmp_path: pathlib.Path) -> None:
    answers = ("reject", "ignore", "accept")
    records = [
        task(ANN, text=f"{NOTE} {answer}", answer=answer, _input_hash=i) for i, answer in enumerate(answers)
    ]
    corpus = load(tmp_path, *records, {"text": "raw", "meta": {}})
    assert corpus.documents and [document.text[-6:] for document in corpus.documents] == ["accept"]
    assert [f"{f.kind} {f.record}: {f.value}" for f in corpus.findings] == [
        "warning line 1: reject",
        "warning line 2: ignore",
        "warning line 4: none",
    ]
    assert [loss.reason for loss in corpus.losses] == [
        "task with the answer reject",
        "task with the answer ignore",
        "task without annotation",
    ]


def test_of_one_text_the_last_counts(tmp_path: pathlib.Path) -> None:
    records = [
        task(ANN),
        task(ACME, text=NOTE + " ", meta={}),  # the text was changed, the hash was not
        task(ANN, ACME, meta={}),
        task(answer="reject"),
        task(ACME, meta={"id": 1}),
        task(ANN, meta={"id": 2}),
    ]
    corpus = load(tmp_path, *records)
    assert corpus.documents and [len(d.entities) for d in corpus.documents] == [2, 1, 1]
    assert [str(f).partition(": ")[2] for f in corpus.warnings][:2] == [
        f"line {line}: text is {text!r}, expected a text of its own, unlike line 3 (left out)"
        for line, text in ((1, NOTE), (2, NOTE + " "))
    ]


def test_what_nobody_has_answered_replaces_no_answer(tmp_path: pathlib.Path) -> None:
    asked_again = {**task(ACME), "answer": None}
    corpus = load(tmp_path, task(ANN, ACME, answer="accept"), asked_again)
    assert corpus.documents and [len(d.entities) for d in corpus.documents] == [2]
    assert "line 2: text is" in str(corpus.warnings[0]) and "unlike line 1" in str(corpus.warnings[0])


def test_what_was_asked_with_yes_or_no_is_told(tmp_path: pathlib.Path) -> None:
    [warning] = load(tmp_path, task(ANN, _is_binary=True)).findings
    assert "_is_binary is true, expected a task that asks for all annotation" in str(warning)


def test_scores_of_what_nobody_has_answered(tmp_path: pathlib.Path) -> None:
    record = task({**ANN, "score": 0.5}, ACME, relations=[{**WORKS, "score": 0.25}])
    del record["answer"]
    corpus = load(tmp_path, record)
    assert corpus.findings == [] and corpus.documents
    assert corpus.documents[0].entities[0].score == 0.5 and corpus.documents[0].relations[0].score == 0.25


@pytest.mark.parametrize(
    ("record", "told", "reasons"),
    [
        (
            task({**ANN, "end": 99}),
            "spans[0] is 0 to 99, expected places from 0 to 20, the start before the end",
            ["outside of the text"],
        ),
        (task({**ANN, "start": -7}), "spans[0] is -7 to 7, expected places", ["outside of the text"]),
        (task({**ANN, "end": 10**30}), "spans[0] is 0 to 1000", ["outside of the text"]),
        (task({**ANN, "end": 0}), "spans[0] is 0 to 0, expected places", ["an empty span"]),
        (
            task({**ANN, "text": "Bo"}),
            "spans[0] is 0 to 7 'Bo', expected the text there, 'Ann Lee'",
            ["unlike its text"],
        ),
        (task({**ANN, "start": 3, "end": 4}), "spans[0] is ' ', expected more than white space", ["blank"]),
        (
            task({**ANN, "label": None}, ACME, relations=[WORKS]),
            "spans[0] is 'Ann Lee', expected a label",
            ["without a label", "of a lost entity"],
        ),
        (
            task(ANN, relations=[WORKS]),
            "relations[0].child_span is 15 to 19, expected the place of one of the spans, which none have",
            ["of an unknown entity"],
        ),
        (
            task(ANN, ACME, relations=[{**BY_TOKENS, "head": 0}]),
            "relations[0].head is 0, expected the last token of one of the spans, which none have",
            ["of an unknown entity"],
        ),
        (
            task(ANN, {**ANN, "start": 4, "token_start": 1}, ACME, relations=[BY_TOKENS]),
            "relations[0].head is 1, expected the last token of one of the spans, which 2 have",
            ["of an unknown entity"],
        ),
        (task(ANN, answer="yes"), 'answer is "yes", expected one of accept, reject, ignore', None),
        (task(ANN, answer=[]), "answer is [], expected one of accept", None),
        (task(ANN, meta=5), "meta is 5, expected an object", None),
        (task(ANN, meta={"id": 1.5}), "meta.id is 1.5, expected a string", None),
        (task(5), "spans[0] is 5, expected an object", None),
        (task(spans={}), "spans is {}, expected a list", None),
        (task({**ANN, "start": "0"}), 'spans[0].start is "0", expected an integer', None),
        (task({**ANN, "label": 5}), "spans[0].label is 5, expected a string", None),
        (
            task(ANN, relations=[{**WORKS, "label": None}]),
            "relations[0].label is null, expected a string",
            None,
        ),
        (
            task(ANN, relations=[{"label": "A", "child": 1}]),
            "relations[0].head is null, expected an integer",
            None,
        ),
        (
            task(ANN, relations=[{**WORKS, "head_span": 5}]),
            "relations[0].head_span is 5, expected an object",
            None,
        ),
        (
            task({**ANN, "score": 7}, answer=None),
            "spans[0].score is 7, expected a number from 0 to 1",
            None,
        ),
        (task(ANN, text=None), "text is null, expected a string", None),
        (task(ANN, text="\ud800"), "expected Unicode text", None),
        ([task(ANN)], "expected an object with text and spans", None),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: pathlib.Path, record: Any, told: str, reasons: list[str] | None
) -> None:
    corpus = load(tmp_path, record, task(ANN, text="Ann Lee left.", _input_hash=1))
    [first, *_] = corpus.findings
    assert first.record == "line 1" and told in str(first)
    expected = ["record of a wrong shape"] if reasons is None else reasons
    assert [loss.reason for loss in corpus.losses] == expected


@settings(max_examples=200)
@given(
    st.lists(st.tuples(annotated(), st.dictionaries(st.sampled_from("xyz"), JSON)), min_size=1, max_size=4),
    st.booleans(),
)
def test_round_trip(drawn: list[tuple[Document, dict[str, object]]], is_predicted: bool) -> None:
    """Texts as they stand, accepted without scores or to be answered with them; what is told is not kept."""
    collection = [
        document if is_predicted else without_scores(document)
        for document in (dataclasses.replace(document, fields=fields) for document, fields in drawn)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tasks.jsonl"
        told = formats.unsupported(Corpus([], [], documents=collection), path, "prodigy")
        prodigy.write(collection, path)
        found, findings = prodigy.texts(path)
        records = [json.loads(line) for line in path.read_text().split("\n") if line]
    for record in records:
        check_tokens(record)
    if not told:
        assert findings == [] and [text.document for text in found] == collection


def without_scores(document: Document) -> Document:
    return dataclasses.replace(
        document,
        entities=tuple(dataclasses.replace(e, score=math.nan) for e in document.entities),
        relations=tuple(dataclasses.replace(r, score=math.nan) for r in document.relations),
    )


def check_tokens(record: dict[str, Any]) -> None:
    """They are the text but for white space, and every span is some of them."""
    text, tokens = record["text"], record["tokens"]
    end = 0
    for i, item in enumerate(tokens):
        assert item["id"] == i and item["start"] < item["end"]
        assert item["text"] == text[item["start"] : item["end"]]
        assert not text[end : item["start"]].strip()
        assert i == 0 or tokens[i - 1]["ws"] == (end < item["start"])
        end = item["end"]
    assert not text[end:].strip()
    for item in record["spans"]:
        assert tokens[item["token_start"]]["start"] == item["start"]
        assert tokens[item["token_end"]]["end"] == item["end"]


def test_a_prediction_is_a_task_to_answer(tmp_path: pathlib.Path) -> None:
    entities = (Entity("Peop", 0, 7, "Ann Lee", 0.91234), Entity("Org", 16, 18, "cm", 0.8))
    document = Document(NOTE, (), entities, (Relation("Work_For", 0, 1, 0.6),), id="a", fields={"by": "Bo"})
    corpus = Corpus([], [], documents=[document, Document("Nothing here")])
    path = tmp_path / "tasks.jsonl"
    assert formats.unsupported(corpus, path, "prodigy") == []
    formats.write(corpus, path, "prodigy")
    first, second = [json.loads(line) for line in path.read_text().splitlines()]
    head = ANN
    child = {"start": 16, "end": 18, "token_start": 4, "token_end": 4, "label": "Org"}
    assert first == {
        "by": "Bo",
        "text": NOTE,
        "tokens": [
            *TOKENS[:3],
            token("A", 15, 3, False),
            token("cm", 16, 4, False),
            token("e", 18, 5, False),
            token(".", 19, 6, False),
        ],
        "spans": [{**head, "score": 0.9123}, {**child, "score": 0.8}],
        "relations": [
            {"head": 1, "child": 4, "head_span": head, "child_span": child, "label": "Work_For", "score": 0.6}
        ],
        "meta": {"id": "a"},
    }
    assert "answer" not in second and second["spans"] == []
    prodigy.write([without_scores(document)], path)
    assert json.loads(path.read_text())["answer"] == "accept"


def test_what_cannot_be_written(tmp_path: pathlib.Path) -> None:
    twice = (Entity("A", 0, 1, "a"), Entity("A", 0, 1, "a"))
    collection = [
        Document("a", fields={"spans": 5, "_x": 6, "id": 7, "meta": {"id": 8}}, broken_at=(1,)),
        Document("a", (), twice, (Relation("R", 0, 1),)),
        Document("b", (), twice),
    ]
    found = formats.unsupported(Corpus([], [], documents=collection), tmp_path / "a.jsonl", "prodigy")
    assert [f"{finding.kind} {str(finding).partition(': ')[2]}" for finding in found] == [
        "problem record 0: spans is 5, expected another name",
        "problem record 0: _x is 6, expected another name",
        "problem record 0: id is 7, expected another name",
        "problem record 0: meta is {'id': 8}, expected an object that says more than an id, and no id",
        "problem record 0: broken_at is [1], expected none (the format has no such field)",
        "problem record 1: entities[1] is 'a', expected another place or type than entities[0]",
        "warning record 1: text is 'a', expected another text or id than record 0",
    ]


SPAN = json_object(start=PLACE, end=PLACE, token_start=PLACE, token_end=PLACE, label=TEXT, text=TEXT)
LINES = st.lists(
    mostly(
        json_object(
            text=st.sampled_from(["a b", "a. B c", "a\n\nb"]) | TEXT,
            tokens=st.lists(json_object(start=PLACE, end=PLACE, id=PLACE), max_size=3),
            spans=st.lists(SPAN, max_size=3),
            relations=st.lists(
                json_object(head=PLACE, child=PLACE, head_span=SPAN, child_span=SPAN, label=TEXT), max_size=3
            ),
            answer=st.sampled_from(["accept", "accept", "reject"]),
            meta=st.dictionaries(st.sampled_from(["id", "x"]), ANY_JSON, max_size=2),
            _input_hash=PLACE,
        ).map(json.dumps),
        TEXT,
    ),
    max_size=3,
).map("\n".join)


@settings(max_examples=EXAMPLES)
@given(LINES | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_any_lines(content: str) -> None:
    check("prodigy", content.encode(errors="surrogatepass"), ["news"])
