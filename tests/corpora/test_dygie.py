"""DyGIE++'s lines: documents of sentences, places that count tokens of the document."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import tempfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_strategy import ANY_TEXT, sentences

from jner_re.corpora import dygie, formats
from jner_re.corpora.corpus import Corpus, Loss
from jner_re.schema import EntitySpan, RelationPair, Sentence

RECORD: dict[str, Any] = {
    "doc_key": "a",
    "sentences": [["Ann", "Lee", "joined", "Acme"], ["She", "left"]],
    "ner": [[[0, 1, "Peop"], [3, 3, "Org"]], [[4, 4, "Peop", 12.5, 0.9]]],
    "relations": [[[0, 1, 3, 3, "Work_For"]], []],
}


def load(folder: pathlib.Path, *records: Any) -> Corpus:
    (path := folder / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return formats.load(path, "dygie")


def test_places_count_tokens_of_the_document(tmp_path: pathlib.Path) -> None:
    short = {"doc_key": 7, "sentences": [["Hm"]], "ner": [[]], "relations": [[]]}
    corpus = load(tmp_path, RECORD, short)
    assert corpus.findings == []
    assert corpus.sentences == [
        Sentence(
            ("Ann", "Lee", "joined", "Acme"),
            (EntitySpan(0, 2, "Peop"), EntitySpan(3, 4, "Org")),
            (RelationPair(0, 1, "Work_For"),),
            "a:1",
        ),
        Sentence(("She", "left"), (EntitySpan(0, 1, "Peop"),), (), "a:2"),
        Sentence(("Hm",), (), (), "7"),
    ]
    assert len({sentence.document for sentence in corpus.sentences[:2]}) == 1
    assert corpus.documents and corpus.documents[0].text == "Ann Lee joined Acme\nShe left"
    assert [entity.text for entity in corpus.documents[0].entities] == ["Ann Lee", "Acme", "She"]


@given(st.lists(st.lists(sentences(), min_size=1, max_size=3), min_size=1, max_size=3))
def test_round_trip_is_exact(drawn: list[list[Sentence]]) -> None:
    corpus = []
    for number, group in enumerate(drawn):
        for place, sentence in enumerate(group, 1):
            id = f"d{number}:{place}" if len(group) > 1 else f"d{number}"
            corpus.append(dataclasses.replace(sentence, id=id, document=str(number)))
    with tempfile.TemporaryDirectory() as folder:
        dygie.write(corpus, path := pathlib.Path(folder) / "a.jsonl")
        assert len(path.read_bytes().splitlines()) == len(drawn)
        read = dygie.load(path)
    assert read.valid_sentences() == corpus


@given(sentences(ids=ANY_TEXT))
def test_sentences_of_no_document_are_lines_of_their_own(sentence: Sentence) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dygie.write([sentence, sentence], path := pathlib.Path(folder) / "a.jsonl")
        assert dygie.load(path).sentences == [sentence, sentence]


@pytest.mark.parametrize(
    ("changes", "told", "losses"),
    [
        (
            {"ner": [[[0, 4, "Peop"]], []], "relations": [[], []]},
            'ner[0][0] is [0, 4, "Peop"], expected tokens from 0 to 3, as its sentence has (left out)',
            [Loss("outside of its sentence", entities=1)],
        ),
        (
            {"relations": [[[0, 1, 2, 2, "Work_For"]], []]},
            'relations[0][0] is [0, 1, 2, 2, "Work_For"], expected the places of two entities (left out)',
            [Loss("of an unknown entity", relations=1)],
        ),
        (
            {"relations": [[], [[4, 4, 0, 1, "Is"]]]},
            'relations[1][0] is [4, 4, 0, 1, "Is"], expected entities of one sentence (left out)',
            [Loss("between two sentences", relations=1)],
        ),
        (
            {"ner": [[]]},
            'ner is "1 lists", expected 2, as there are sentences (the record is left out)',
            None,
        ),
        (
            {"ner": [[[0, 1]], []]},
            "ner[0][0] is [0, 1], expected a list of 2 tokens' numbers and a type (the record is left out)",
            None,
        ),
        (
            {"ner": [[["0", 1, "A"]], []]},
            'ner[0][0] is ["0", 1, "A"], expected 2 integers and a type (the record is left out)',
            None,
        ),
        ({"sentences": [["a"], "b"]}, 'sentences[1] is "b", expected a list of tokens', None),
        ({"clusters": []}, "'clusters' is given, expected no other key than doc_key, sentences", []),
        ({"ner": [[[0, 1, "A"], [1, 3, "B"]], []], "relations": [[], []]}, "entities[1] is 'B [1, 4)'", []),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: pathlib.Path, changes: dict[str, Any], told: str, losses: list[Loss] | None
) -> None:
    corpus = load(tmp_path, {**RECORD, **changes})
    assert told in str(corpus.findings[0]) and str(corpus.findings[0]).startswith(
        f"{tmp_path / 'a.jsonl'}: line 1"
    )
    assert losses is None or corpus.losses == losses


def test_relations_without_a_list_are_none(tmp_path: pathlib.Path) -> None:
    record = {name: value for name, value in RECORD.items() if name != "relations"}
    assert load(tmp_path, record).findings == []


def test_a_window_joins_the_sentences_of_a_document(tmp_path: pathlib.Path) -> None:
    far = {"sentences": [*RECORD["sentences"], ["Hm"], ["Acme", "paid"]], "ner": [*RECORD["ner"], [], []]}
    far["ner"] = [*RECORD["ner"], [], [[7, 7, "Org"]]]
    far["relations"] = [RECORD["relations"][0], [[4, 4, 0, 1, "Same"]], [], [[7, 7, 0, 1, "Pays"]]]
    load(tmp_path, {**RECORD, **far})
    corpus = formats.load(tmp_path / "a.jsonl", "dygie", window=2)
    assert corpus.sentences == [
        Sentence(
            ("Ann", "Lee", "joined", "Acme", "She", "left", "Hm", "Acme", "paid"),
            (
                EntitySpan(0, 2, "Peop"),
                EntitySpan(3, 4, "Org"),
                EntitySpan(4, 5, "Peop"),
                EntitySpan(7, 8, "Org"),
            ),
            (RelationPair(0, 1, "Work_For"), RelationPair(2, 0, "Same")),
            "a",
            breaks=(4, 6, 7),
        )
    ]
    assert corpus.losses == [Loss("of sentences too far apart", relations=1)]
    assert sum(formats.load(tmp_path / "a.jsonl", "dygie").distances.values()) == 3
