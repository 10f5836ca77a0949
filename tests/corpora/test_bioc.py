"""BioC: passages and sentences at their places, relations by roles, ways to count, XML and JSON."""

from __future__ import annotations

import json
import pathlib
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_document_formats import JSON, annotated

from jner_re.corpora import bioc, formats
from jner_re.corpora.corpus import Corpus
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>PubMed</source><date>20260101</date><key>x.key</key>
  <document><id>7</id><infon key="source">mail</infon>
    <passage><infon key="type">title</infon><offset>0</offset><text>Gold &amp; rash</text>
      <annotation id="T1"><infon key="type">Drug</infon><infon key="MESH">D1</infon>
        <location offset="0" length="4"/><text>Gold</text></annotation>
    </passage>
    <passage><offset>12</offset>
      <sentence><offset>12</offset><text>It helps.</text></sentence>
      <sentence><offset>22</offset><text>Pain goes.</text>
        <annotation id="T2"><infon key="type">Effect</infon><location offset="22" length="4"/>
          <text>Pain</text></annotation></sentence>
    </passage>
    <relation id="R1"><infon key="relation type">Treats</infon>
      <node refid="T2" role="Object"/><node refid="T1" role="Subject"/></relation>
  </document>
</collection>
"""


def annotation(id: str, type: str, start: int, text: str, **more: Any) -> dict[str, Any]:
    locations = [{"offset": start, "length": len(text)}]
    return {"id": id, "infons": {"type": type}, "text": text, "locations": locations, **more}


def relation(*nodes: tuple[str, str], **infons: Any) -> dict[str, Any]:
    named = [{"refid": id, "role": role} for id, role in nodes]
    return {"id": "R", "infons": infons or {"type": "Work_For"}, "nodes": named}


ANN, ACME = annotation("x", "Peop", 0, "Ann"), annotation("y", "Org", 11, "Acme")
WORKS = relation(("x", "head"), ("y", "tail"))


def record(*annotations: Any, relations: Any = (), text: str = "Ann joined Acme.", **more: Any) -> Any:
    passage = {"offset": 0, "text": text, "annotations": annotations, "relations": relations}
    return {"id": "7", "passages": [passage], **more}


def load(folder: pathlib.Path, *documents: Any) -> Corpus:
    (path := folder / "a.json").write_text(json.dumps({"documents": documents}))
    return formats.load(path, "bioc")


def test_xml_with_passages_and_sentences(tmp_path: pathlib.Path) -> None:
    (path := tmp_path / "a.xml").write_text(XML)
    corpus = formats.load(path, "bioc")
    assert corpus.documents == [
        Document(
            "Gold & rash\nIt helps. Pain goes.",
            (),
            (Entity("Drug", 0, 4, "Gold"), Entity("Effect", 22, 26, "Pain")),
            (Relation("Treats", 0, 1),),
            id="7",
            fields={"source": "mail"},
        )
    ]
    assert [str(f) for f in corpus.document_findings] == [
        f"{path}: whole file: infons of annotations is MESH 1, expected none but type and score (read over)",
        f"{path}: whole file: infons of passages is type 1, expected none but type and score (read over)",
    ]


def test_an_infon_that_is_given_twice_is_told(tmp_path: pathlib.Path) -> None:
    infon = '<infon key="type">Drug</infon>'
    (path := tmp_path / "a.xml").write_text(XML.replace(infon, f'{infon}<infon key="type">X</infon>'))
    corpus = formats.load(path, "bioc")
    assert any("type (again)" in str(finding) for finding in corpus.warnings)
    assert corpus.documents and corpus.documents[0].entities[0].type == "Drug"


@pytest.mark.parametrize(
    "wrap", [lambda c: [c], lambda c: {"PubTator3": c["documents"]}, lambda c: c["documents"][0]]
)
def test_how_pmc_and_pubtator_wrap_documents(tmp_path: pathlib.Path, wrap: Any) -> None:
    (path := tmp_path / "a.json").write_text(json.dumps(wrap({"documents": [record(ANN)]})))
    corpus = formats.load(path, "bioc")
    assert corpus.findings == [] and corpus.documents and corpus.documents[0].id == "7"


@pytest.mark.parametrize(
    ("nodes", "pair"),
    [
        ([("x", "Arg2"), ("y", "Arg1")], (1, 0)),
        ([("x", "Disease"), ("y", "Chemical")], (1, 0)),
        ([("y", "TARGET"), ("x", "Source")], (0, 1)),
        ([("y", "a"), ("x", "b")], (1, 0)),
        ([("y", ""), ("x", "")], (1, 0)),
    ],
)
def test_roles_tell_the_head(
    tmp_path: pathlib.Path, nodes: list[tuple[str, str]], pair: tuple[int, int]
) -> None:
    corpus = load(tmp_path, record(ANN, ACME, relations=[relation(*nodes)]))
    assert corpus.documents and corpus.documents[0].relations == (Relation("Work_For", *pair),)


@pytest.mark.parametrize(
    ("width", "told"),
    [(1, []), (2, ["UTF-16 units"]), (4, ["bytes"])],
)
def test_passages_and_annotations_count_in_the_same_units(
    tmp_path: pathlib.Path, width: int, told: list[str]
) -> None:
    first = {"offset": 0, "text": "😀 Bo.", "annotations": [annotation("y", "Peop", 1 + width, "Bo")]}
    place = 5 + width
    second = {"offset": place, "text": "Ann left.", "annotations": [annotation("x", "Peop", place, "Ann")]}
    corpus = load(tmp_path, {"id": "7", "passages": [first, second]})
    assert [warning.value for warning in corpus.warnings] == told
    entities = (Entity("Peop", 2, 4, "Bo"), Entity("Peop", 6, 9, "Ann"))
    assert corpus.documents == [Document("😀 Bo.\nAnn left.", (), entities, id="7")]


@pytest.mark.parametrize(("offset", "gap"), [(3, ""), (4, "\n"), (10**12, "\n")])
def test_gaps_between_passages_are_short(tmp_path: pathlib.Path, offset: int, gap: str) -> None:
    there = {"offset": offset, "text": "Ann", "annotations": [annotation("x", "Peop", offset, "Ann")]}
    corpus = load(tmp_path, {"id": "7", "passages": [{"offset": 0, "text": "Ab."}, there]})
    assert corpus.findings == [] and corpus.documents
    found = corpus.documents[0]
    assert found.text == f"Ab.{gap}Ann" and found.entities[0].start == len(f"Ab.{gap}")


def test_parts_with_white_space_between_are_one_place(tmp_path: pathlib.Path) -> None:
    parts = [{"offset": 11, "length": 4}, {"offset": 4, "length": 6}]
    whole = annotation("x", "A", 0, "joined Acme", locations=parts)
    corpus = load(tmp_path, record(whole))
    assert (
        corpus.findings == [] and corpus.documents and corpus.documents[0].entities[0].text == "joined Acme"
    )


@pytest.mark.parametrize(
    ("changed", "told", "losses"),
    [
        (
            record({**ANN, "text": "Bo"}),
            "annotations[0] is 0 to 3 'Bo', expected the text there, 'Ann'",
            ["unlike its text"],
        ),
        (record(annotation("x", "P", 40, "Ann")), "expected places in the text", ["outside of the text"]),
        (
            record(
                {**ANN, "locations": [{"offset": 0, "length": 3}, {"offset": 11, "length": 4}], "text": ""}
            ),
            "locations is 2 places (''), expected one place",
            ["discontinuous"],
        ),
        (record({**ANN, "locations": []}), "locations is none, expected a place", ["without a place"]),
        (record({**ANN, "infons": {}}), "is 'Ann', expected an infon 'type'", ["without a type"]),
        (
            record(annotation("x", "P", 40, "A"), ACME, relations=[WORKS]),
            "annotations[0] is 40 to 41 'A'",
            ["outside of the text", "of a lost entity"],
        ),
        (
            record(ANN, relations=[WORKS]),
            "is 'y', expected the id of an annotation",
            ["of an unknown entity"],
        ),
        (
            record(ANN, ACME, ACME, relations=[WORKS]),
            "is 'y', expected the id of one annotation, not 2",
            ["of an ambiguous entity"],
        ),
        (
            record(ANN, relations=[relation(("x", "a"))]),
            "is a x, expected two annotations",
            ["of 1 nodes"],
        ),
        (
            record(ANN, ACME, relations=[relation(("x", ""), ("y", ""), novel="No")]),
            "is x to y, expected an infon 'type'",
            ["without a type"],
        ),
        (
            record(ANN, relations=[relation(relation="CID", Chemical="D1", Disease="D2")]),
            "relations[0] is relation CID, Chemical D1, Disease D2, expected nodes",
            ["between concepts"],
        ),
        (
            record(ANN, relations=[relation(("0", "3,4"), role1="D1", role2="D2", type="A")]),
            "relations[0] is role1 D1, role2 D2, type A, expected nodes",
            ["between concepts"],
        ),
        (
            record({**ANN, "locations": [{"offset": "0", "length": 3}]}),
            'locations[0].offset is "0", expected an integer',
            None,
        ),
        (record({**ANN, "infons": []}, infons=[1]), "infons is [1], expected an object", None),
        (
            {"id": "7", "passages": [{"offset": 0, "text": "Ann"}, {"offset": 2, "text": "left"}]},
            "passages[1].offset is 2, expected a place after the end of the text before it",
            None,
        ),
        ({"id": "7"}, "passages is null, expected a list", None),
        (5, "document is 5, expected an object with passages", None),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: pathlib.Path, changed: Any, told: str, losses: list[str] | None
) -> None:
    corpus = load(tmp_path, changed, record(ANN))
    assert told in str(corpus.findings[0])
    assert [loss.reason for loss in corpus.losses] == (losses or ["document of a wrong shape"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a", "line 1 column 1: not JSON: .* expected a collection of BioC"),
        ('{"id": 1}', "has no list of documents, expected"),
        ("<collection>", "not XML: no element found"),
        ("<html/>", "is <html>, expected BioC's <collection>"),
        ('<!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/hostname">]><collection>&e;</collection>', "not XML"),
        (
            '<!DOCTYPE c [<!ENTITY a "aaaaaaaaaa">'
            + "".join(f'<!ENTITY {b} "{f"&{a};" * 30}">' for a, b in ("ab", "bc", "cd", "de", "ef"))
            + "]><collection><document><id>&f;</id></document></collection>",
            "not XML: limit on input amplification",
        ),
    ],
)
def test_other_files(tmp_path: pathlib.Path, content: str, told: str) -> None:
    (path := tmp_path / "a").write_text(content)
    with pytest.raises(InputError, match=told):
        formats.load(path, "bioc")


def in_xml(document: Document) -> bool:
    return not bioc.unsupported([document], pathlib.Path("a.xml"))


@settings(max_examples=100)
@given(st.lists(annotated().filter(in_xml), min_size=1, max_size=4))
def test_round_trip_in_xml(collection: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bioc.write(collection, path := pathlib.Path(folder) / "a.xml")
        found, findings = bioc.texts(path)
    assert findings == [] and [text.document for text in found] == collection


@settings(max_examples=100)
@given(annotated(), st.dictionaries(st.sampled_from("xyz"), JSON))
def test_round_trip_in_json(document: Document, fields: dict[str, object]) -> None:
    document = Document(
        document.text, (), document.entities, document.relations, id=document.id, fields=fields
    )
    with tempfile.TemporaryDirectory() as folder:
        bioc.write([document], path := pathlib.Path(folder) / "a.json")
        found, findings = bioc.texts(path)
    assert findings == [] and [text.document for text in found] == [document]


def test_the_package_bioc_reads_what_is_written_and_its_files_are_read(tmp_path: pathlib.Path) -> None:
    biocxml, biocjson = pytest.importorskip("bioc.biocxml"), pytest.importorskip("bioc.biocjson")
    entities = (Entity("Peop", 0, 3, "Ann", 0.5), Entity("Org", 11, 15, "Acme"))
    text = Document("Ann joined Acme.", (), entities, (Relation("R", 1, 0),), id="7", fields={"a": "b"})
    for name, other in (("a.xml", biocxml), ("a.json", biocjson)):
        bioc.write([text], path := tmp_path / name)
        collection = other.loads(path.read_text())
        [passage] = collection.documents[0].passages
        assert [a.text for a in passage.annotations] == ["Ann", "Acme"]
        assert [(n.refid, n.role) for n in passage.relations[0].nodes] == [("T2", "head"), ("T1", "tail")]
        path.write_text(other.dumps(collection))
        assert formats.load(path, "bioc").documents == [text]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (Document("a\0b"), "text is 'a\\x00b', expected no control characters"),
        (Document("a", fields={"n": 5}), "n is 5, expected a string (or a path that ends in .json)"),
        (Document("a", broken_at=(1,)), "broken_at is [1], expected none"),
    ],
)
def test_what_xml_does_not_have_is_told(tmp_path: pathlib.Path, document: Document, told: str) -> None:
    corpus = Corpus([], [], documents=[document])
    [finding] = formats.unsupported(corpus, tmp_path / "a.xml", "bioc")
    assert told in str(finding)
    in_json = formats.unsupported(corpus, tmp_path / "a.json", "bioc")
    assert len(in_json) == len(document.broken_at)


def test_xml_in_another_encoding_is_none_of_utf_8(tmp_path: pathlib.Path) -> None:
    (path := tmp_path / "a.xml").write_bytes(XML.replace("Gold", "Göld").encode("latin-1"))
    with pytest.raises(InputError, match="expected UTF-8 text"):
        formats.load(path, "bioc")
