"""What a document can be turned into: JSON, SpERT's, brat's, tables."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile

import documents
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import jner_re
from jner_re import Document, Entity, Relation, Token
from jner_re.corpora import brat_annotation, formats, spert_json
from jner_re.schema import Sentence

ADA = documents.marked(
    "[Ada Berg|Peop], who lives in [Oslo|Loc], works for [Statkraft|Org].",
    ("Live_In", 0, 1),
    ("Work_For", 0, 2),
)


def test_json() -> None:
    entity = Entity("Loc", 0, 4, "Rome", 0.123456)
    document = Document("Rome", (Token("Rome", 0, 4),), (entity,), (Relation("In", 0, 0, 0.98765),))
    assert document.to_json() == {
        "text": "Rome",
        "entities": [{"type": "Loc", "start": 0, "end": 4, "text": "Rome", "score": 0.1235}],
        "relations": [{"type": "In", "head": 0, "tail": 0, "score": 0.9877}],
    }


def test_spert() -> None:
    assert ADA.to_spert() == {
        "tokens": ["Ada", "Berg", ",", "who", "lives", "in", "Oslo", ",", "works", "for", "Statkraft", "."],
        "entities": [
            {"type": "Peop", "start": 0, "end": 2},
            {"type": "Loc", "start": 6, "end": 7},
            {"type": "Org", "start": 10, "end": 11},
        ],
        "relations": [
            {"type": "Live_In", "head": 0, "tail": 1},
            {"type": "Work_For", "head": 0, "tail": 2},
        ],
    }


@settings(max_examples=50)
@given(st.lists(documents.documents().filter(lambda document: document.tokens), min_size=1, max_size=3))
def test_spert_is_a_corpus(found: list[Document]) -> None:
    text = json.dumps([document.to_spert() for document in found])
    for document, sentence in zip(found, _spert(text), strict=True):
        assert sentence.tokens == tuple(token.text for token in document.tokens)
        for entity, span in zip(document.entities, sentence.entities, strict=True):
            covered = document.tokens[span.start : span.end]
            assert (span.type, covered[0].start, covered[-1].end) == (entity.type, entity.start, entity.end)
        assert [(r.type, r.head, r.tail) for r in sentence.relations] == [
            (r.type, r.head, r.tail) for r in document.relations
        ]


@pytest.mark.parametrize("place", [(1, 3), (0, 2), (3, 8), (0, 9)])
def test_spert_has_no_parts_of_tokens(place: tuple[int, int]) -> None:
    document = Document("Ada Berg ", ADA.tokens[:2], (Entity("Peop", *place, "", 1.0),))
    with pytest.raises(jner_re.InputError, match=r"entities\[0\] is \d to \d, expected places where tokens"):
        document.to_spert()


def test_brat() -> None:
    assert ADA.to_brat() == (
        "T1\tPeop 0 8\tAda Berg\n"
        "T2\tLoc 23 27\tOslo\n"
        "T3\tOrg 39 48\tStatkraft\n"
        "R1\tLive_In Arg1:T1 Arg2:T2\n"
        "R2\tWork_For Arg1:T1 Arg2:T3\n"
        "#1\tAnnotatorNotes T1\t0.75\n"
        "#2\tAnnotatorNotes T2\t0.75\n"
        "#3\tAnnotatorNotes T3\t0.75\n"
        "#4\tAnnotatorNotes R1\t0.75\n"
        "#5\tAnnotatorNotes R2\t0.75\n"
    )
    assert documents.marked("Nothing here.").to_brat() == ""


def test_brat_breaks_entities_where_lines_end() -> None:
    document = documents.marked("[Ada\nBerg|Peop] met [Bob \r\n\t Lee  Carr|Peop].")
    lines = document.to_brat().splitlines()
    assert lines[:2] == ["T1\tPeop 0 3;4 8\tAda Berg", "T2\tPeop 13 16;21 30\tBob Lee  Carr"]


@given(documents.documents())
def test_brat_is_understood_and_says_what_the_text_says(document: Document) -> None:
    annotation = brat_annotation.parse(document.to_brat(), pathlib.Path("x.ann"))
    assert not annotation.findings
    for entity, found in zip(document.entities, annotation.entities.values(), strict=True):
        assert found.type == entity.type
        assert (found.fragments[0][0], found.fragments[-1][1]) == (entity.start, entity.end)
        parts = [document.text[start:end] for start, end in found.fragments]
        assert found.text == " ".join(parts)
        assert found.text.split() == entity.text.split() and len(found.text.splitlines()) == 1
    ids = list(annotation.entities)
    assert [(r.type, *(ids.index(id) for _, id in r.arguments)) for r in annotation.relations] == [
        (r.type, r.head, r.tail) for r in document.relations
    ]


@settings(max_examples=50)
@given(document=documents.documents(**documents.ONE_LINE))
def test_brat_of_one_line_is_a_corpus(document: Document, tmp_path_factory: pytest.TempPathFactory) -> None:
    assume(document.tokens)
    folder = tmp_path_factory.mktemp("brat")
    (folder / "a.txt").write_bytes(document.text.encode())
    (folder / "a.ann").write_bytes(document.to_brat().encode())
    corpus = formats.load(folder, "brat")
    assert not corpus.findings
    (expected,) = _spert(json.dumps([{**document.to_spert(), "orig_id": "a"}]))
    assert corpus.sentences == [expected]


@pytest.mark.parametrize("type", ["Live In", "", "a\tb"])
def test_brat_has_no_types_with_white_space(type: str) -> None:
    document = Document("Oslo", (Token("Oslo", 0, 4),), (Entity("Loc", 0, 4, "Oslo", 1.0),))
    with pytest.raises(jner_re.InputError, match=r"relations\[0\].type is '.*', expected"):
        Document(document.text, (), document.entities, (Relation(type, 0, 0, 1.0),)).to_brat()


def test_table_of_relations() -> None:
    table = ADA.to_dataframe()
    assert list(table) == [
        *("head_text", "type", "tail_text", "score", "head_type", "tail_type", "head_score", "tail_score"),
        *("head", "tail", "head_start", "head_end", "tail_start", "tail_end"),
    ]
    assert table.to_dict("records")[1] == {
        **{"type": "Work_For", "score": 0.75},
        **{"head": 0, "head_type": "Peop", "head_text": "Ada Berg", "head_start": 0, "head_end": 8},
        **{"tail": 2, "tail_type": "Org", "tail_text": "Statkraft", "tail_start": 39, "tail_end": 48},
        **{"head_score": 0.75, "tail_score": 0.75},
    }


def test_a_printed_table_shows_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal of 80 columns, where pandas leaves columns out, and without one, where it breaks rows."""
    monkeypatch.setenv("COLUMNS", "80")
    for columns, shown in (
        (0, ["Ada Berg", "Work_For", "Statkraft"]),
        (20, ["Ada Berg", "Work_For", "Statkraft", "0.75", "Peop", "Org"]),
    ):
        with pd.option_context("display.width", 80, "display.max_columns", columns):
            line = repr(ADA.to_dataframe()).splitlines()[2]
        assert [word for word in shown if word not in line] == []


def test_table_of_entities() -> None:
    table = ADA.to_dataframe("entities")
    assert list(table) == ["text", "type", "score", "start", "end"]
    assert table.iloc[1].to_dict() == {"type": "Loc", "text": "Oslo", "start": 23, "end": 27, "score": 0.75}
    with pytest.raises(ValueError, match="of is 'tokens', expected 'relations' or 'entities'"):
        ADA.to_dataframe("tokens")  # type: ignore[arg-type]


@pytest.mark.parametrize("of", ["relations", "entities"])
def test_tables_of_many_documents(of: str) -> None:
    found = [Document(""), ADA, documents.marked("It rains."), ADA]
    tables = [document.to_dataframe(of=of) for document in found]
    assert [len(table) for table in tables] == [0, len(ADA.to_dataframe(of)), 0, len(ADA.to_dataframe(of))]
    assert all((table.dtypes == tables[1].dtypes).all() for table in tables)
    whole = pd.concat(tables, keys=range(4))
    assert (whole.dtypes == tables[1].dtypes).all()
    assert set(whole.index.get_level_values(0)) == {1, 3}
    pd.testing.assert_frame_equal(whole.loc[3], tables[1])


def test_pandas_is_imported_when_it_is_needed() -> None:
    code = "import jner_re, sys; sys.exit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def _spert(text: str) -> list[Sentence]:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "corpus.json"
        path.write_text(text, encoding="utf-8")
        return spert_json.read(path)
