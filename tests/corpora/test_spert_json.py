from __future__ import annotations

import json
import pathlib
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_strategy import ANY_TEXT, sentences

from jner_re.corpora import spert_json
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

RECORD = {
    "tokens": ["Ann", "joined", "Acme", "."],
    "entities": [{"type": "Peop", "start": 0, "end": 1}, {"type": "Org", "start": 2, "end": 3}],
    "relations": [{"type": "Work_For", "head": 0, "tail": 1}],
    "orig_id": 12,
}
SENTENCE = Sentence(
    ("Ann", "joined", "Acme", "."),
    (EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, "Org")),
    (RelationPair(0, 1, "Work_For"),),
    "12",
)


def changed(**fields: object) -> list[object]:
    return [RECORD, {**RECORD, "orig_id": 13, **fields}]


def without(key: str) -> list[object]:
    return [RECORD, {name: value for name, value in RECORD.items() if name != key}]


def dump(folder: pathlib.Path, data: object) -> pathlib.Path:
    path = folder / "corpus.json"
    path.write_text(json.dumps(data))
    return path


@settings(deadline=None)
@given(
    st.lists(
        sentences(ids=st.one_of(st.just(""), st.just("7"), st.just("007"), ANY_TEXT)), min_size=1, max_size=4
    )
)
def test_round_trip_is_exact(corpus: list[Sentence]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "corpus.json"
        spert_json.write(corpus, path)
        assert spert_json.read(path) == corpus


@pytest.mark.parametrize(("split", "counts"), [("train", (910, 3391, 1271)), ("test", (288, 1079, 422))])
def test_reads_conll04_whole(shared: pathlib.Path, tmp_path: pathlib.Path, split: str, counts: tuple) -> None:
    source = shared / "data" / "conll04" / f"{split}.json"
    corpus = spert_json.load(source)
    found = corpus.sentences
    assert (len(found), sum(len(s.entities) for s in found), sum(len(s.relations) for s in found)) == counts
    assert corpus.findings == []
    spert_json.write(found, tmp_path / "copy.json")
    assert json.loads((tmp_path / "copy.json").read_text()) == json.loads(source.read_text())


def test_optional_id(tmp_path: pathlib.Path) -> None:
    path = dump(tmp_path, [without("orig_id")[1], {**RECORD, "orig_id": None}, {**RECORD, "orig_id": "d1"}])
    assert [sentence.id for sentence in spert_json.read(path)] == ["", "", "d1"]


WRONG_SHAPES = {
    "record": ([RECORD, 3], "record 1: sentence is 3, expected an object"),
    "no tokens": (without("tokens"), "record 1: tokens is null, expected a list (the key is missing)"),
    "no entities": (without("entities"), "record 1: entities is null, expected a list (the key is missing)"),
    "no relations": (
        without("relations"),
        "record 1: relations is null, expected a list (the key is missing)",
    ),
    "tokens": (changed(tokens="Ann joined"), 'record 1: tokens is "Ann joined", expected a list'),
    "token": (changed(tokens=["Ann", 4]), "record 1: tokens[1] is 4, expected a string"),
    "surrogate": (changed(tokens=["\ud800"]), "record 1: tokens[0] is"),
    "entity": (changed(entities=[[0, 1]]), "record 1: entities[0] is [0, 1], expected an object"),
    "start": (
        changed(entities=[{"type": "Peop", "start": "0", "end": 1}]),
        'record 1: entities[0].start is "0", expected an integer',
    ),
    "nan": (
        changed(entities=[{"type": "Peop", "start": 0, "end": float("nan")}]),
        "record 1: entities[0].end is NaN, expected an integer",
    ),
    "bool": (
        changed(entities=[{"type": "Peop", "start": False, "end": 1}]),
        "record 1: entities[0].start is false, expected an integer",
    ),
    "no type": (changed(entities=[{"start": 0, "end": 1}]), "record 1: entities[0].type is null"),
    "no head": (
        changed(relations=[{"type": "Work_For", "tail": 1}]),
        "record 1: relations[0].head is null, expected an integer (the key is missing)",
    ),
    "id": (changed(orig_id=1.5), "record 1: orig_id is 1.5, expected a string"),
}


@pytest.mark.parametrize("name", WRONG_SHAPES)
def test_record_of_a_wrong_shape_is_reported_and_left_out(tmp_path: pathlib.Path, name: str) -> None:
    data, message = WRONG_SHAPES[name]
    path = dump(tmp_path, data)
    corpus = spert_json.load(path)
    assert corpus.sentences == [SENTENCE]
    [problem] = corpus.problems
    assert message in str(problem)
    assert str(problem).startswith(f"{path}: ") and str(problem).endswith("(the record is left out)")
    with pytest.raises(InputError, match="record 1"):
        spert_json.read(path)


INVALID = {
    "overlap": (
        changed(entities=[{"type": "A", "start": 0, "end": 2}, {"type": "B", "start": 1, "end": 3}]),
        "record 1: entities[1] is 'B [1, 3)', expected no overlap with entities[0] A [0, 2)",
    ),
    "out of range": (
        changed(entities=[*RECORD["entities"], {"type": "A", "start": 3, "end": 5}]),
        "record 1: entities[2].end is 5, expected an exclusive end from 4 to 4",
    ),
    "no argument": (
        changed(relations=[{"type": "Kill", "head": 0, "tail": 2}]),
        "record 1: relations[0].tail is 2, expected an index of one of the 2 entities",
    ),
    "empty token": (
        changed(tokens=["Ann", "", "Acme"]),
        "record 1: tokens[1] is '', expected a non-empty string",
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_sentence_is_reported_and_kept_as_it_is(tmp_path: pathlib.Path, name: str) -> None:
    data, message = INVALID[name]
    corpus = spert_json.load(dump(tmp_path, data))
    assert len(corpus.sentences) == 2
    [problem] = corpus.problems
    assert message in str(problem)


def test_the_first_problems_are_quoted(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError) as error:
        spert_json.read(dump(tmp_path, [RECORD, 1, 2, 3, 4, 5]))
    message = str(error.value)
    assert "record 1" in message and "record 3" in message and "record 4" not in message
    assert message.endswith("and 2 more problems") and "\n" not in message


def test_ids_used_twice_and_other_keys_are_told_and_harmless(tmp_path: pathlib.Path) -> None:
    entities = [{**RECORD["entities"][0], "text": "Ann"}, RECORD["entities"][1]]
    corpus = spert_json.load(
        dump(tmp_path, [RECORD, {**RECORD, "pos": []}, {**RECORD, "pos": [], "entities": entities}])
    )
    assert corpus.problems == [] and corpus.sentences == [SENTENCE] * 3
    told = [(finding.kind, finding.record, finding.field) for finding in corpus.findings]
    assert told == [
        ("warning", "record 1 and 1 more", "pos"),
        ("warning", "record 2", "entities[].text"),
        ("note", "record 1", "id"),
        ("note", "record 2", "id"),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"[]\n\xff", "line 2: byte 3 is 0xff, expected UTF-8"),
        (b'[{"tokens": ["Ann"', "line 1 column 19: not JSON"),
        (b'{"tokens": []}', "is an object with 'tokens', expected one list of sentences"),
        (
            b'{"doc_key": 1}\n{"doc_key": 2}\n',
            "line 2 column 1: more JSON after the first value, expected one list",
        ),
        (b"null", "is null, expected one list"),
        (b'[{"tokens": [], "tokens": []}]', "the key 'tokens' twice"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "sentences is none, expected at least one"),
    ],
)
def test_file_that_is_no_corpus(tmp_path: pathlib.Path, data: bytes, message: str) -> None:
    path = tmp_path / "corpus.json"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        spert_json.read(path)
    assert message in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


def test_missing_file_and_folder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        spert_json.read(tmp_path / "none.json")
    with pytest.raises(InputError, match="is a folder"):
        spert_json.read(tmp_path)


@pytest.mark.parametrize(
    "corpus",
    [
        [],
        [Sentence(("a",), (EntitySpan(0, 2, "A"),))],
        [Sentence(("a", "b"), (EntitySpan(0, 2, "A"), EntitySpan(1, 2, "A")))],
        [Sentence(("\ud800",))],
    ],
)
def test_unvalid_sentences_are_not_written(tmp_path: pathlib.Path, corpus: list[Sentence]) -> None:
    path = tmp_path / "corpus.json"
    path.write_text("before")
    with pytest.raises(InputError, match="not written"):
        spert_json.write(corpus, path)
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]
