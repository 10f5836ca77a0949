"""Documents as JSON lines become the sentences that the export makes of their texts."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import documents as random_documents
import pytest
from hypothesis import given
from sentence_strategy import SOLID_TEXT, sentences

from jner_re.corpora import data_dir, formats
from jner_re.corpora.corpus import Corpus, Loss
from jner_re.corpora.dropping import drop_invalid_annotation
from jner_re.corpora.text_sentences import Splitting
from jner_re.document import Document, Entity
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

TEXT = "Ada Berg lives in Oslo. Bo Dahl of Statkraft met her."
ADA = {"type": "Peop", "start": 0, "end": 8, "text": "Ada Berg", "score": 0.9}
OSLO = {"type": "Loc", "start": 18, "end": 22}
BO = {"type": "Peop", "start": 24, "end": 31}
RECORD: dict[str, Any] = {
    "text": TEXT,
    "entities": [BO, ADA, OSLO],
    "relations": [{"type": "Live_In", "head": 1, "tail": 2, "score": 0.8}],
}


def load(folder: pathlib.Path, *records: Any, tokenization: str = "news") -> Corpus:
    path = folder / "corpus.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return formats.load(path, "documents", tokenization)


def test_a_prediction_is_a_corpus(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, {"id": 7, "source": "mail", **RECORD})
    assert not corpus.findings and corpus.spans == (3, 3)
    assert corpus.sentences == [
        Sentence(
            ("Ada", "Berg", "lives", "in", "Oslo", "."),
            (EntitySpan(0, 2, "Peop"), EntitySpan(4, 5, "Loc")),
            (RelationPair(0, 1, "Live_In"),),
            "7:1",
        ),
        Sentence(
            ("Bo", "Dahl", "of", "Statkraft", "met", "her", "."), (EntitySpan(0, 2, "Peop"),), (), "7:2"
        ),
    ]


@pytest.mark.parametrize(
    ("entities", "relations", "told", "losses"),
    [
        (
            [{"type": "Peop", "start": 18, "end": 31}],
            [],
            "line 1: entities[0] is 'Oslo. Bo Dahl', expected an entity inside a sentence (left out)",
            [Loss("across the end of a sentence", entities=1)],
        ),
        (
            [ADA, BO],
            [{"type": "Knows", "head": 0, "tail": 1}],
            "line 1: relations[0] is 'Knows' of entities[0] and entities[1], expected entities of one "
            "sentence (left out)",
            [Loss("between two sentences", relations=1)],
        ),
        (
            [{**OSLO, "text": "Rome"}, ADA],
            [{"type": "Live_In", "head": 1, "tail": 0}],
            "line 1: entities[0].text is 'Rome', expected the text at 18 to 22, 'Oslo' (left out)",
            [Loss("unlike its text", entities=1), Loss("of a lost entity", relations=1)],
        ),
        (
            [{"type": "Loc", "start": 18, "end": 99}],
            [{"type": "Live_In", "head": 1, "tail": 0}],
            "line 1: entities[0] is 18 to 99, expected places from 0 to 53, the start before the end "
            "(left out)",
            [Loss("outside of the text", entities=1), Loss("of an unknown entity", relations=1)],
        ),
        (
            [{"type": "Loc", "start": 22, "end": 23}, {"type": "Loc", "start": 23, "end": 24}],
            [],
            "line 1: entities[1] is ' ', expected more than white space (left out)",
            [Loss("blank", entities=1)],
        ),
        (
            [{"type": "Loc", "start": 19, "end": 22}],
            [],
            "line 1: entities[0] is 'slo', expected whole tokens (changed to 'Oslo')",
            [],
        ),
    ],
)
def test_what_no_sentence_can_have(
    entities: list[Any], relations: list[Any], told: str, losses: list[Loss], tmp_path: pathlib.Path
) -> None:
    corpus = load(tmp_path, {"text": TEXT, "entities": entities, "relations": relations})
    assert f"{tmp_path / 'corpus.jsonl'}: {told}" == str(corpus.findings[0])
    assert corpus.losses == losses


def test_what_is_no_document(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, RECORD, {"text": "a", "error": "refused"}, ["a"], {**RECORD, "text": 5})
    assert [str(problem).partition("jsonl: ")[2] for problem in corpus.problems] == [
        "line 2: entities is null, expected a list (the key is missing) (the record is left out)",
        'line 3: document is ["a"], expected an object with text, entities and relations '
        "(the record is left out)",
        "line 4: text is 5, expected a string (the record is left out)",
    ]
    (tmp_path / "corpus.jsonl").write_text('{"text": "a"}\n{"text"}\n{"id": 1, "id": 2}\n')
    told = [
        str(problem).partition("jsonl: ")[2]
        for problem in formats.load(tmp_path / "corpus.jsonl", "documents").problems
    ]
    assert told[1:3] == [
        'line 2: column 8 is "{\\"text\\"}", expected JSON of a document '
        "(Expecting ':' delimiter) (the record is left out)",
        'line 3: line is "{\\"id\\": 1, \\"id\\": 2}", expected JSON of a document '
        "(an object has the key 'id' twice) (the record is left out)",
    ]


@given(sentences(SOLID_TEXT))
def test_entities_of_sentences_that_are_written_come_back(
    tmp_path_factory: pytest.TempPathFactory, sentence: Sentence
) -> None:
    """Where the text is one sentence, all of it does."""
    path = tmp_path_factory.mktemp("written") / "corpus.jsonl"
    formats.write([sentence], path, "documents")
    corpus = formats.load(path, "documents", "whitespace")
    assert [token for s in corpus.sentences for token in s.tokens] == list(sentence.tokens)
    if len(corpus.sentences) == 1:
        (found,) = corpus.sentences
        assert found.entities == sentence.entities and found.relations == sentence.relations


@given(random_documents.documents().filter(lambda document: document.text.strip()))
def test_what_is_printed_is_read(tmp_path_factory: pytest.TempPathFactory, document: Document) -> None:
    path = tmp_path_factory.mktemp("printed") / "corpus.jsonl"
    path.write_text(json.dumps(document.to_json()) + "\n")
    corpus = formats.load(path, "documents", "whitespace")
    lost = sum(loss.entities for loss in corpus.losses)
    assert sum(len(sentence.entities) for sentence in corpus.sentences) == len(document.entities) - lost


def test_the_model_chooses_the_tokens_of_a_data_directory(tmp_path: pathlib.Path) -> None:
    record = {"text": "A well-known drug.", "entities": [], "relations": []}
    (tmp_path / "train.jsonl").write_text(json.dumps(record) + "\n")
    (news,), (fine,) = (
        data_dir.read_split(tmp_path, "train", Splitting(style)) for style in ("news", "fine")
    )
    assert news.tokens == ("A", "well-known", "drug", ".") and len(fine.tokens) == 6
    formats.write([news], tmp_path / "train.json")
    with pytest.raises(InputError, match=r"has train.json and train.jsonl, expected one of them"):
        data_dir.read_split(tmp_path, "train", Splitting("news"))


def test_clusters_are_kept_and_follow_their_entities(tmp_path: pathlib.Path) -> None:
    record = {**RECORD, "clusters": [[1, 0], [2, 7, 1], []]}
    record["entities"] = [{**BO, "start": 60, "end": 70}, ADA, OSLO]
    corpus = load(tmp_path, record)
    told = [str(finding).partition("line 1: ")[2] for finding in corpus.findings]
    assert told[1:] == [
        "clusters[1][1] is 7, expected an index of the 3 entities, from 0 (left out)",
        "clusters[1][2] is 1, expected each entity in one cluster, and 1 is in clusters[0] (left out)",
    ]
    assert corpus.documents is not None
    (document,) = corpus.documents
    assert [[document.entities[i].text for i in c] for c in document.clusters] == [["Ada Berg"], ["Oslo"]]
    assert document.to_json()["clusters"] == [[0], [1]] and "clusters" not in document.fields
    kept, _ = drop_invalid_annotation(
        Document(TEXT, (), (Entity("A", 0, 3, "Ada"), Entity("P", 0, 8, "Ada Berg")), clusters=((0, 1),))
    )
    assert kept.clusters == ((0,),)
    (warning,) = formats.unsupported_documents([document], tmp_path, "brat")
    assert "clusters is in 1 documents, expected none in brat (left out)" in str(warning)


@pytest.mark.parametrize("clusters", [{"a": 1}, [1], [["a"]], [[True]]])
def test_clusters_of_another_shape_are_told(tmp_path: pathlib.Path, clusters: Any) -> None:
    corpus = load(tmp_path, {**RECORD, "clusters": clusters})
    assert "expected a list of" in str(corpus.problems[0]) and not corpus.sentences
