"""Label Studio's JSON: tasks with regions, relations of three directions, several annotators."""

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
from test_document_formats import annotated

from jner_re.corpora import formats, label_studio
from jner_re.corpora.corpus import Corpus, Loss
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

NOTE = "Ann 😀 joined Acme."


def region(id: str, type: str, start: int, text: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": start + len(text), "text": text, "labels": [type]}
    return {"id": id, "type": "labels", "from_name": "l", "to_name": "t", "value": value, **more}


ANN, ACME = region("x", "Peop", 0, "Ann"), region("y", "Org", 13, "Acme")
WORKS = {"type": "relation", "from_id": "x", "to_id": "y", "direction": "right", "labels": ["Work_For"]}


def task(*result: Any, **more: Any) -> dict[str, Any]:
    return {"id": 3, "data": {"text": NOTE, "source": "mail"}, "annotations": [{"result": result}], **more}


def load(folder: pathlib.Path, *tasks: Any, annotator: str | None = None) -> Corpus:
    (path := folder / "export.json").write_text(json.dumps(tasks))
    return formats.load(path, "label_studio", annotator=annotator)


def test_a_task_is_a_document(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, task(ANN, WORKS, {**ACME, "score": 0.5}))
    assert corpus.findings == []
    assert corpus.documents == [
        Document(
            NOTE,
            (),
            (Entity("Peop", 0, 3, "Ann"), Entity("Org", 13, 17, "Acme")),
            (Relation("Work_For", 0, 1),),
            id="3",
            fields={"source": "mail"},
        )
    ]
    assert [s.relations[0].type for s in corpus.sentences] == ["Work_For"]


@pytest.mark.parametrize(
    ("direction", "pairs"), [("right", {(0, 1)}), ("left", {(1, 0)}), ("bi", {(0, 1), (1, 0)})]
)
def test_directions(tmp_path: pathlib.Path, direction: str, pairs: set[tuple[int, int]]) -> None:
    corpus = load(tmp_path, task(ANN, ACME, {**WORKS, "direction": direction, "labels": ["A", "B"]}))
    assert corpus.documents
    relations = corpus.documents[0].relations
    assert {(r.head, r.tail) for r in relations} == pairs and len(relations) == 2 * len(pairs)


def test_utf_16_units_of_old_exports(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, task(ANN, region("y", "Org", 14, "Acme")))
    assert [w.value for w in corpus.warnings] == ["UTF-16 units"]
    assert corpus.documents and corpus.documents[0].entities[1].text == "Acme"


def test_a_task_is_named_by_its_number_or_its_data(tmp_path: pathlib.Path) -> None:
    broken = task(WORKS)
    nameless = {name: value for name, value in broken.items() if name != "id"}
    own = {**nameless, "data": {**nameless["data"], "id": "t159"}}
    findings = load(tmp_path, broken, nameless, own).problems
    assert [finding.record for finding in findings] == ["task 3", "record 1", "record 2 (id t159)"]


def test_the_newest_annotation_counts_or_that_of_an_annotator(tmp_path: pathlib.Path) -> None:
    def by(who: Any, time: str, *result: Any, **more: Any) -> dict[str, Any]:
        return {"completed_by": who, "updated_at": time, "result": result, **more}

    annotations = [
        by(1, "2026-01-03", ANN),
        by({"id": 2, "email": "bo@x.org"}, "2026-01-02", ANN, ACME),
        by(3, "2026-01-04", was_cancelled=True),
    ]
    whole = {**task(), "annotations": annotations}
    for annotator, count in ((None, 1), ("1", 1), ("2", 2), ("bo@x.org", 2)):
        corpus = load(tmp_path, whole, annotator=annotator)
        assert corpus.documents and len(corpus.documents[0].entities) == count
    corpus = load(tmp_path, whole, annotator="3")
    assert corpus.documents == [] and corpus.losses == [Loss("task without annotation", 1)]
    assert "expected an annotation by '3' that was not cancelled" in str(corpus.warnings[0])


@pytest.mark.parametrize(
    ("changed", "told", "losses"),
    [
        (
            task({**ANN, "value": {**ANN["value"], "text": "Bo"}}),
            "expected a text of the task",
            ["unlike its text"],
        ),
        (task(region("x", "P", 40, "Ann")), "expected a text of the task (tried", ["outside of the text"]),
        (
            task(region("x", "P", 40, "A"), ACME, WORKS),
            "result[0] is 40 to 41 'A'",
            ["outside of the text", "of a lost entity"],
        ),
        (task(ANN, WORKS), "result[1] is 'y', expected the id of a region", ["of an unknown entity"]),
        (
            task(ANN, ACME, {**WORKS, "labels": []}),
            "result[2] is x to y, expected a label",
            ["without a label"],
        ),
        (
            task({**ANN, "value": {"start": 0, "end": 3}}),
            "result[0] is 'Ann', expected a label",
            ["without a label"],
        ),
        (
            task({"type": "choices", "value": {"choices": ["a"]}}),
            "results of type 'choices' is 1, expected",
            [],
        ),
        (
            task({**ANN, "value": {"start": "0", "end": 3}}),
            'result[0].value.start is "0", expected an integer',
            None,
        ),
        (
            task(ANN, ACME, {**WORKS, "direction": "up"}),
            'direction is "up", expected right, left or bi',
            None,
        ),
        ({**task(ANN), "data": {"a": "x", "b": "y"}}, 'data is "a, b", expected one text, or a field', None),
        ({**task(ANN), "data": 5}, "data is 5, expected an object", None),
        ([], "task is [], expected an object with data and annotations", None),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: pathlib.Path, changed: Any, told: str, losses: list[str] | None
) -> None:
    corpus = load(tmp_path, changed, task(ANN))
    assert told in str(corpus.findings[0])
    expected = ["task of a wrong shape"] if losses is None else losses
    assert [loss.reason for loss in corpus.losses] == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,text\n1,a\n", "not JSON: .* \\(CSV and CoNLL have no relations\\)"),
        ('{"id": 1}', "is no list, expected a list of tasks"),
        ('[{"id": 1, "text": "a", "label": []}]', "tasks have no data, .* \\(JSON_MIN has no relations\\)"),
    ],
)
def test_other_exports(tmp_path: pathlib.Path, content: str, told: str) -> None:
    (path := tmp_path / "export").write_text(content)
    with pytest.raises(InputError, match=told):
        formats.load(path, "label_studio")


@settings(max_examples=200)
@given(st.lists(annotated(), min_size=1, max_size=4))
def test_round_trip(collection: list[Document]) -> None:
    """Without scores: with them it is a prediction, which nobody has accepted."""
    gold = [
        dataclasses.replace(
            document,
            entities=tuple(dataclasses.replace(e, score=math.nan) for e in document.entities),
            relations=tuple(dataclasses.replace(r, score=math.nan) for r in document.relations),
            fields={"source": "mail"},
        )
        for document in collection
    ]
    with tempfile.TemporaryDirectory() as folder:
        label_studio.write(gold, path := pathlib.Path(folder) / "tasks.json")
        found, findings = label_studio.texts(path)
    assert findings == [] and [text.document for text in found] == gold


def test_predictions_have_the_least_certain_score(tmp_path: pathlib.Path) -> None:
    entities = (Entity("Peop", 0, 3, "Ann", 0.91234), Entity("Org", 13, 17, "Acme", 0.8))
    document = Document(NOTE, (), entities, (Relation("Work_For", 0, 1, 0.6),), id="a")
    label_studio.write([document], path := tmp_path / "tasks.json")
    [written] = json.loads(path.read_text())
    assert written["data"] == {"id": "a", "text": NOTE} and "annotations" not in written
    [prediction] = written["predictions"]
    assert prediction["score"] == 0.6 and prediction["model_version"] == "jner_re"
    assert [item.get("score") for item in prediction["result"]] == [0.9123, 0.8, 0.6]
    corpus = formats.load(path, "label_studio")
    assert corpus.documents == [] and "none" in str(corpus.warnings[0])


def test_fields_that_it_has_itself_cannot_be_written(tmp_path: pathlib.Path) -> None:
    corpus = Corpus([], [], documents=[Document("a", fields={"id": 5})])
    [finding] = formats.unsupported(corpus, tmp_path / "a.json", "label_studio")
    assert str(finding).endswith("record 0: id is 5, expected another name")
    corpus = Corpus([], [], documents=[Document("a", broken_at=(1,))])
    [finding] = formats.unsupported(corpus, tmp_path / "a.json", "label_studio")
    assert "broken_at is [1], expected none" in str(finding)


def test_a_direction_that_is_null_is_right(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, task(ANN, ACME, {**WORKS, "direction": None}))
    assert corpus.findings == [] and corpus.documents
    assert corpus.documents[0].relations == (Relation("Work_For", 0, 1),)


def test_what_was_accepted_of_a_prediction_is_annotation(tmp_path: pathlib.Path) -> None:
    """Written again it is annotation, which is read, and no prediction."""
    corpus = load(tmp_path, task({**ANN, "score": 0.9}, {**ACME, "score": 0.8}, {**WORKS, "score": 0.6}))
    formats.write(corpus, path := tmp_path / "again.json", "label_studio")
    assert formats.load(path, "label_studio").documents == corpus.documents


RESULTS = st.lists(
    json_object(
        id=st.sampled_from("xy"),
        type=st.sampled_from(["labels", "relation", "choices"]),
        value=json_object(start=PLACE, end=PLACE, text=TEXT, labels=st.lists(TEXT, max_size=2)),
        from_id=st.sampled_from("xyz"),
        to_id=st.sampled_from("xyz"),
        direction=st.sampled_from(["right", "left", "bi", "up"]),
        labels=st.lists(TEXT, max_size=2),
    ),
    max_size=4,
)
TASKS = st.lists(
    mostly(
        json_object(
            id=PLACE,
            data=json_object(text=st.sampled_from(["a b", "a. B c", "a\n\nb"]) | TEXT),
            annotations=st.lists(json_object(result=RESULTS, was_cancelled=st.booleans()), max_size=2),
        ),
        ANY_JSON,
    ),
    max_size=3,
).map(json.dumps)


@settings(max_examples=EXAMPLES)
@given(TASKS | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_any_tasks(content: str) -> None:
    check("label_studio", content.encode(errors="surrogatepass"), ["news"])


def test_one_score_makes_all_predictions(tmp_path: pathlib.Path) -> None:
    """What a model found nothing in has no score, and is no annotation."""
    scored = Document(NOTE, (), (Entity("Peop", 0, 3, "Ann", 0.5),))
    label_studio.write([scored, Document("Nothing")], path := tmp_path / "tasks.json")
    first, second = json.loads(path.read_text())
    assert first["predictions"][0]["score"] == 0.5
    assert (
        second["predictions"] == [{"model_version": "jner_re", "result": []}] and "annotations" not in second
    )
