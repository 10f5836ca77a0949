"""spaCy's DocBin: relations of our component and of spaCy's tutorial, what user_data may be, any bytes."""

from __future__ import annotations

import dataclasses
import pathlib
import sys
import tempfile
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_any_file import ANY_JSON, check
from test_document_formats import JSON, annotated

from jner_re.corpora import docbin, formats
from jner_re.corpora.corpus import Corpus
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

spacy = pytest.importorskip("spacy")

ENTITIES = (Entity("Peop", 0, 8, "Ada Berg"), Entity("Loc", 18, 22, "Oslo"))
FIRST = Document("Ada Berg lives in Oslo.", (), ENTITIES, (Relation("Live_In", 0, 1),))


def made(user_data: dict[Any, Any]) -> Any:
    doc = spacy.blank("en")(FIRST.text)
    doc.set_ents([doc.char_span(e.start, e.end, e.type) for e in ENTITIES])
    doc.user_data.update(user_data)
    return doc


def load(folder: pathlib.Path, *docs: Any) -> Corpus:
    spacy.tokens.DocBin(store_user_data=True, docs=docs).to_disk(path := folder / "a.spacy")
    return formats.load(path, "docbin")


def test_relations_of_the_tutorial(tmp_path: pathlib.Path) -> None:
    """Gold ones are 1 and 0, predicted ones anything between."""
    gold = {("._.", "rel", None, None): {(0, 4): {"Live_In": 1.0, "Work_In": 0.0}, (4, 0): {"Live_In": 0.0}}}
    predicted = {("._.", "rel", None, None): {(0, 4): {"Live_In": 0.75, "Work_In": 0.25}}}
    corpus = load(tmp_path, made(gold), made(predicted))
    scored = dataclasses.replace(FIRST, relations=(Relation("Live_In", 0, 1, 0.75),))
    assert corpus.findings == []
    assert [repr(document) for document in corpus.documents or ()] == [repr(FIRST), repr(scored)]


def test_what_our_component_stores_is_read_and_the_reverse(tmp_path: pathlib.Path) -> None:
    component = pytest.importorskip("jner_re.extraction.spacy_component")
    doc = made({})
    component._store(doc, docbin.RELATIONS, doc.ents[0], 18, 22, "Live_In", 0.75)
    doc.ents[0]._.score = 0.5
    corpus = load(tmp_path, doc)
    assert corpus.findings == [] and corpus.documents
    assert corpus.documents[0].entities[0].score == 0.5
    assert corpus.documents[0].relations == (Relation("Live_In", 0, 1, 0.75),)
    formats.write(corpus, path := tmp_path / "b.spacy", "docbin")
    [again] = spacy.tokens.DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab)
    [found] = again._.relations
    assert (found.head.text, found.type, found.tail.text, found.score) == (
        "Ada Berg",
        "Live_In",
        "Oslo",
        0.75,
    )
    assert again.ents[0]._.score == 0.5


def test_entries_of_user_data_are_fields(tmp_path: pathlib.Path) -> None:
    doc = made({"id": 7, "by": ("Bo", 2), "odd": b"a", ("._.", "mood", None, None): "glad"})
    doc.spans["sc"] = [doc[0:2]]
    corpus = load(tmp_path, doc)
    assert corpus.documents and corpus.documents[0].id == "7"
    assert corpus.documents[0].fields == {"by": ["Bo", 2]}
    assert [str(finding).partition(": record 0: ")[2] for finding in corpus.findings] == [
        "spans is groups of spans, expected none (doc.ents are read) (left out)",
        "user_data['odd'] is b'a', expected a name, and a value of JSON (left out)",
        "_.mood is 'glad', expected no attributes but relations, rel and score (left out)",
    ]


@pytest.mark.parametrize(
    ("doc", "told", "loss"),
    [
        (
            made({("._.", "rel", None, None): {(0, 3): {"A": 1.0}}}),
            "_.rel is 'A' of 0 and 3, expected the first tokens of entities",
            "of an unknown entity",
        ),
        (
            made({("._.", "rel", None, None): {(0, 4): {"A": "x"}}}),
            "_.rel is (0, 4): {'A': 'x'}, expected (head, tail)",
            "of a wrong shape",
        ),
        (
            made({("._.", "jner_re_relations", 0, 8): [(2, 3, "A", 0.5)]}),
            "_.relations is 'A' of (0, 8) and (2, 3), expected places of entities",
            "of an unknown entity",
        ),
        (
            made({("._.", "jner_re_relations", 0, 8): [5]}),
            "_.relations is 5, expected start, end, type and score",
            "of a wrong shape",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: pathlib.Path, doc: Any, told: str, loss: str) -> None:
    corpus = load(tmp_path, doc)
    assert told in str(corpus.findings[0]) and [each.reason for each in corpus.losses] == [loss]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            Document("a b", (), (Entity("A", 0, 3, "a b"), Entity("B", 2, 3, "b"))),
            "entities[1] is 'b', expected no character of entities[0] (ents do not overlap)",
        ),
        (Document("a", broken_at=(1,)), "broken_at is [1], expected none"),
        (Document("a", fields={"id": 5}), "id is 5, expected another name"),
        (Document("a", fields={"n": 10**30}), "record 0: a field has too large a number"),
    ],
)
def test_what_it_does_not_have_is_told(tmp_path: pathlib.Path, document: Document, told: str) -> None:
    with pytest.raises(InputError) as error:
        formats.write(Corpus([], [], documents=[document]), tmp_path / "a.spacy", "docbin")
    assert told in str(error.value) and list(tmp_path.iterdir()) == []


def in_docbin(document: Document) -> bool:
    return not docbin.unsupported([document], pathlib.Path())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(annotated().filter(in_docbin), st.dictionaries(st.sampled_from("xyz"), JSON)),
        min_size=1,
        max_size=3,
    )
)
def test_round_trip(drawn: list[tuple[Document, dict[str, object]]]) -> None:
    collection = [dataclasses.replace(document, fields=fields) for document, fields in drawn]
    with tempfile.TemporaryDirectory() as folder:
        docbin.write(collection, path := pathlib.Path(folder) / "a.spacy")
        found, findings = docbin.texts(path)
    assert findings == []
    assert [normal(text.document) for text in found] == [normal(document) for document in collection]


def normal(document: Document) -> tuple[Any, ...]:
    """Entities in the order of the text, as spaCy has them; relations by what they join."""
    entities = sorted(document.entities, key=lambda entity: entity.start)
    ends = [(entity.start, entity.end) for entity in document.entities]
    relations = sorted((r.type, ends[r.head], ends[r.tail], repr(r.score)) for r in document.relations)
    return document.text, repr(entities), relations, document.id, document.fields


def test_other_files(tmp_path: pathlib.Path) -> None:
    (path := tmp_path / "a.spacy").write_bytes(b"no docbin")
    with pytest.raises(InputError, match=r"ValueError: .*expected a DocBin of spaCy"):
        formats.load(path, "docbin")
    with pytest.raises(InputError, match="missing: no such file"):
        formats.load(tmp_path / "missing", "docbin")


def test_what_would_fill_the_memory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docbin, "_LARGEST", 2**20)
    (path := tmp_path / "a.spacy").write_bytes(zlib.compress(bytes(2**23)))
    with pytest.raises(InputError, match=r"ValueError: 2,097,152 bytes or more, made of 8,\d\d\d, expected"):
        formats.load(path, "docbin")


def test_without_spacy(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path := tmp_path / "a.spacy").write_bytes(b"a")
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(InputError, match="spacy is missing, expected: pip install"):
        docbin.texts(path)
    with pytest.raises(InputError, match="spacy is missing, expected: pip install"):
        docbin.write([FIRST], path)


PACKED = zlib.decompress(
    spacy.tokens.DocBin(
        store_user_data=True, docs=[made({("._.", "rel", None, None): {(0, 4): {"A": 1.0}}, "id": "a"})]
    ).to_bytes()
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PACKED)), st.integers(0, 9), st.binary(max_size=9))
def test_any_change(start: int, length: int, other: bytes) -> None:
    check("docbin", zlib.compress(PACKED[:start] + other + PACKED[start + length :]), ["news"])


ENTRY = ANY_JSON.filter(lambda value: "999999" not in repr(value) and "ud" not in repr(value))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["id", "x", ("._.", "rel", None, None), ("._.", "jner_re_relations", 0, 8)]),
    ENTRY | st.dictionaries(st.tuples(ENTRY.map(repr), st.integers(0, 4)), ENTRY, max_size=2),
)
def test_any_user_data(key: Any, value: Any) -> None:
    try:
        content = spacy.tokens.DocBin(store_user_data=True, docs=[made({key: value})]).to_bytes()
    except (OverflowError, UnicodeEncodeError):
        return
    check("docbin", content, ["news"])


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    check("docbin", content, ["news"])
