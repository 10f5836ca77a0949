"""UIMA CAS: layers, XMI with its type system and JSON, folders and archives, what relations lead to."""

from __future__ import annotations

import dataclasses
import io
import json
import pathlib
import sys
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_document_formats import annotated

from jner_re.corpora import cas, cas_files, formats
from jner_re.corpora.cas_layers import NAMED_ENTITY
from jner_re.corpora.corpus import Corpus, Loss
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

cassis = pytest.importorskip("cassis")

NOTE = "Ann 😀 joined Acme."
RELATION = "webanno.custom.Relation"
TOKEN = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token"
ANN, ACME = Entity("Peop", 0, 3, "Ann"), Entity("Org", 13, 17, "Acme")
FIRST = Document(NOTE, (), (ANN, ACME), (Relation("Work_For", 0, 1),), id="a")


def system(*layers: tuple[str, str]) -> Any:
    """DKPro's and INCEpTION's types, and span layers with a string feature each."""
    types = cassis.TypeSystem()
    types.create_type(TOKEN)
    types.create_feature(types.create_type(NAMED_ENTITY), "value", "uima.cas.String")
    relation = types.create_type(RELATION)
    types.create_feature(relation, "label", "uima.cas.String")
    for feature in ("Governor", "Dependent"):
        types.create_feature(relation, feature, "uima.tcas.Annotation")
    for name, feature in layers:
        type = types.create_type(name)
        if feature:
            types.create_feature(type, feature, "uima.cas.String")
    return types


def make(types: Any, spans: list[Any], relations: list[Any], text: str = NOTE) -> Any:
    """A CAS: (type, start, end, features) of spans; (head, tail, label) of relations, indexes of spans."""
    found = cassis.Cas(types)
    found.sofa_string, found.sofa_mime = text, "text"
    made = []
    for name, start, end, features in spans:
        made.append(types.get_type(name)(begin=start, end=end, **features))
        found.add(made[-1])
    for head, tail, label in relations:
        ends = {"Governor": made[head] if head is not None else None, "Dependent": made[tail]}
        found.add(types.get_type(RELATION)(begin=0, end=3, label=label, **ends))
    return found


SPANS = [(NAMED_ENTITY, 0, 3, {"value": "Peop"}), (NAMED_ENTITY, 13, 17, {"value": "Org"})]


def written(folder: pathlib.Path, made: Any, name: str = "a.json") -> pathlib.Path:
    path = folder / name
    if path.suffix == ".json":
        made.to_json(path)
    else:
        made.to_xmi(path)
        made.typesystem.to_xml(folder / "TypeSystem.xml")
    return path


@pytest.mark.parametrize("name", ["a.json", "a.xmi"])
def test_a_file_with_an_emoji(tmp_path: pathlib.Path, name: str) -> None:
    """Its places are UTF-16 units in the file."""
    path = written(tmp_path, make(system(), SPANS, [(0, 1, "Work_For")]), name)
    assert '"begin": 14' in (content := path.read_text()) or 'begin="14"' in content
    corpus = formats.load(path, "cas")
    assert corpus.findings == [] and corpus.documents == [FIRST]


def test_a_folder_and_an_archive(tmp_path: pathlib.Path) -> None:
    (folder := tmp_path / "in" / "deep").mkdir(parents=True)
    written(folder, make(system(), SPANS, [(0, 1, "Work_For")]), "b.xmi")
    (folder / "TypeSystem.xml").rename(tmp_path / "in" / "TypeSystem.xml")
    written(folder, make(system(), [], [], "No one."), "c.json")
    (folder / ".hidden.json").write_text("{")
    expected = [dataclasses.replace(FIRST, id="deep/b"), Document("No one.", id="deep/c")]
    corpus = formats.load(tmp_path / "in", "cas")
    assert corpus.findings == [] and corpus.documents == expected
    with zipfile.ZipFile(archive := tmp_path / "a.zip", "w") as file:
        for each in (tmp_path / "in").rglob("[!.]*.*"):
            file.write(each, each.relative_to(tmp_path / "in"))
    corpus = formats.load(archive, "cas")
    assert corpus.findings == [] and corpus.documents == expected


def test_the_layer_that_has_annotation(tmp_path: pathlib.Path) -> None:
    types = system(("webanno.custom.Person", "role"), ("webanno.custom.Unused", "x"))
    spans = [("webanno.custom.Person", 0, 3, {"role": "Boss"}), (TOKEN, 0, 3, {})]
    corpus = formats.load(written(tmp_path, make(types, spans, [])), "cas")
    assert corpus.findings == [] and corpus.documents
    assert corpus.documents[0].entities == (Entity("Boss", 0, 3, "Ann"),)


def test_the_basic_layers_of_inception(tmp_path: pathlib.Path) -> None:
    """They have a label, and an identifier of a knowledge base."""
    types = system(("custom.Span", "label"))
    types.create_feature("custom.Span", "identifier", "uima.cas.String")
    spans = [("custom.Span", 0, 3, {"label": "Peop", "identifier": "Q1"})]
    corpus = formats.load(written(tmp_path, make(types, spans, [])), "cas")
    assert corpus.findings == [] and corpus.documents
    assert corpus.documents[0].entities == (Entity("Peop", 0, 3, "Ann"),)


def test_several_layers(tmp_path: pathlib.Path) -> None:
    types = system(("webanno.custom.Person", "role"), ("webanno.custom.Place", ""))
    spans = [
        ("webanno.custom.Person", 0, 3, {"role": "Boss"}),
        ("webanno.custom.Place", 4, 5, {}),
        *SPANS,
    ]
    path = written(tmp_path, make(types, spans, []))
    with pytest.raises(InputError, match=r"expected --span_layer with one of .*Person:role .1 annotations"):
        formats.load(path, "cas")
    corpus = formats.load(path, "cas", span_layer="webanno.custom.Person:role,Place")
    assert corpus.documents and [e.type for e in corpus.documents[0].entities] == ["Boss", "Place"]
    assert [str(warning) for warning in corpus.warnings] == [
        f"{path}: all documents: layer {NAMED_ENTITY} is 2 annotations, expected none but of the layers that "
        "are read (read over)"
    ]
    for wrong, told in [
        ("None", "expected one of the layers .*Person"),
        ("Person:x", "expected webanno.custom.Person:role"),
    ]:
        with pytest.raises(InputError, match=told):
            formats.load(path, "cas", span_layer=wrong)
    with pytest.raises(InputError, match="--relation_layer is 'Person2'"):
        formats.load(path, "cas", span_layer="NamedEntity", relation_layer="Person2")


def test_relations_of_tokens_lead_to_the_entities_there(tmp_path: pathlib.Path) -> None:
    spans = [*SPANS, (TOKEN, 0, 3, {}), (TOKEN, 13, 17, {})]
    corpus = formats.load(written(tmp_path, make(system(), spans, [(3, 2, "Employs")])), "cas")
    assert corpus.findings == [] and corpus.documents
    assert corpus.documents[0].relations == (Relation("Employs", 1, 0),)


@pytest.mark.parametrize(
    ("spans", "relations", "told", "losses"),
    [
        ([(NAMED_ENTITY, 0, 3, {})], [], "is 'Ann', expected a value of the feature value", "without a type"),
        ([(NAMED_ENTITY, 3, 4, {"value": "A"})], [], "is 3 to 4, expected more than", "only white space"),
        ([(NAMED_ENTITY, 2, 2, {"value": "A"})], [], "is 2 to 2, expected places", "outside of the text"),
        (SPANS, [(0, 1, None)], "is 'Ann' to 'Acme', expected a value of the feature", "without a type"),
        (SPANS, [(None, 1, "A")], "Governor is none, expected an entity's", "of an unknown entity"),
        ([*SPANS, (TOKEN, 4, 5, {})], [(0, 2, "A")], "Dependent is Token 4 (4 to 5)", "of an unknown entity"),
        (
            [*SPANS, (NAMED_ENTITY, 0, 3, {"value": "B"}), (TOKEN, 0, 3, {})],
            [(3, 1, "A")],
            "expected the places of one entity, not 2",
            "of an ambiguous entity",
        ),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: pathlib.Path, spans: list[Any], relations: list[Any], told: str, losses: str
) -> None:
    corpus = formats.load(written(tmp_path, make(system(), spans, relations)), "cas")
    assert told in str(corpus.findings[0])
    assert corpus.losses[0].reason == losses


def test_places_that_are_none(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, make(system(), SPANS, [(0, 1, "A")]))
    path.write_text(path.read_text().replace('"begin": 14', '"begin": 5').replace('"end": 18', '"end": 99'))
    corpus = formats.load(path, "cas")
    assert "places is 2 outside of the text or inside a character" in str(corpus.findings[0])
    assert [loss.reason for loss in corpus.losses] == ["outside of the text", "of a lost entity"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("<xmi:XMI", "<xmi:XM", 1), "expected a UIMA CAS"),
        (lambda text: "<!DOCTYPE a [<!ENTITY b 'c'>]>" + text, "content is a DOCTYPE in it"),
        (lambda text: '<?xml version="1.0" encoding="UTF-7"?>' + text.partition("?>")[2], "encoding UTF-7"),
        (lambda text: "[]", "content is no object"),
        (lambda text: '{"%HEADER": {"%OFFSET_ENCODING": "UTF-8"}}', "places in UTF-8, not in"),
        (lambda text: "{}", "expected a UIMA CAS"),
        (lambda text: '{"%TYPES": "\\ud83d"}', "UnicodeEncodeError"),
        (lambda text: "[" * 100_000, "expected a UIMA CAS"),
    ],
)
def test_files_that_are_none(tmp_path: pathlib.Path, change: Any, told: str) -> None:
    path = written(tmp_path, make(system(), SPANS, []), "a.xmi")
    path.write_text(change(path.read_text()))
    corpus = formats.load(path, "cas")
    assert told in str(corpus.findings[0]) and Loss("unreadable document", 1) in corpus.losses


def test_no_documents(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, make(system(), SPANS, []), "a.xmi")
    (tmp_path / "TypeSystem.xml").unlink()
    assert "is no TypeSystem.xml beside it" in str(formats.load(path, "cas").findings[0])
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"has no .xmi or .json file, expected UIMA CAS documents"):
        formats.load(tmp_path / "none", "cas")
    with pytest.raises(InputError, match="missing: no such file"):
        formats.load(tmp_path / "missing", "cas")


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_export_of_a_project(tmp_path: pathlib.Path, is_whole: bool) -> None:
    """Curated documents first; what several annotated is left out."""
    written(tmp_path, made := make(system(), SPANS, [(0, 1, "Work_For")]), "x.xmi")
    made.to_json(tmp_path / "x.json")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as inner:
        inner.write(tmp_path / "x.xmi", "ann.xmi")
        inner.write(tmp_path / "TypeSystem.xml", "TypeSystem.xml")
    names = ["annotation/a/INITIAL_CAS.zip", "annotation/a/ann.zip", "annotation/b/bo.json"]
    names += ["annotation/c/ann.zip", "annotation/c/bo.zip", "curation/c/CURATION_USER.zip"]
    names += ["annotation/d/ann.zip", "annotation/d/bo.zip"]
    with zipfile.ZipFile(path := tmp_path / "project.zip", "w") as project:
        for name in names:
            project.write(tmp_path / f"x{pathlib.Path(name).suffix}", name)
        if is_whole:
            project.writestr("exportedproject.json", "{}")
        project.writestr("annotation/e/ann.zip", "none")
        project.write(tmp_path / "x.zip", "annotation/f/INITIAL_CAS.zip")
        project.writestr("annotation/g/ann.zip", nested())
    corpus = formats.load(path, "cas")
    assert corpus.documents == [dataclasses.replace(FIRST, id=id) for id in "abc"]
    assert [str(finding) for finding in corpus.findings if finding.kind == "problem"] == [
        f"{path}: d: annotators is ann, bo, expected one, or a curated document (left out)",
        f"{path}/annotation/e/ann.zip: whole file: content is unreadable (File is not a zip file), expected "
        "a .zip of a UIMA CAS (the document is left out)",
        f"{path}/annotation/g/ann.zip: whole file: content is no .xmi or .json file in it, expected "
        "a .zip of a UIMA CAS (the document is left out)",
    ]
    assert [str(finding) for finding in corpus.warnings] == [
        f"{path}: f: annotators is none, expected one, or a curated document (left out)"
    ]


def nested() -> bytes:
    """An archive in archives, as projects have them."""
    content = b""
    for name in ("a.tsv", "annotation/a/ann.zip", "annotation/a/ann.zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr(name, content)
        content = buffer.getvalue()
    return content


def test_a_project_that_nobody_annotated(tmp_path: pathlib.Path) -> None:
    with zipfile.ZipFile(path := tmp_path / "project.zip", "w") as project:
        project.writestr("exportedproject.json", '{"name": "x"}')
    with pytest.raises(InputError, match=r"project.zip: has no .xmi or .json file, expected"):
        formats.load(path, "cas")


def test_what_would_fill_the_memory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cas_files, "_LARGEST", 1000)
    with zipfile.ZipFile(path := tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.json", " " * 5000)
    assert "a.json: whole file: size is 5,000 bytes, expected at most 1,000" in str(
        formats.load(path, "cas").findings[0]
    )


def test_every_document_has_a_file_of_its_own(tmp_path: pathlib.Path) -> None:
    ids = ["Ω" * 150, "000000", "000001=", "a", "a.json/c", "", "A"]
    cas.write([dataclasses.replace(FIRST, id=id) for id in ids], folder := tmp_path / "out")
    found, _ = cas.texts(folder)
    assert len(found) == len(ids)
    assert {text.document.id for text in found} >= {id for id in ids if id}


def test_archives_that_are_broken(tmp_path: pathlib.Path) -> None:
    with zipfile.ZipFile(archive := tmp_path / "a.zip", "w") as file:
        file.writestr("a.json", "{}" * 50)
    archive.write_bytes(archive.read_bytes().replace(b"{}" * 50, b"[]" * 50))
    corpus = formats.load(archive, "cas")
    assert "content is unreadable (Bad CRC-32" in str(corpus.findings[0])


@settings(max_examples=30, deadline=None)
@given(st.lists(annotated().filter(lambda document: document.text), min_size=1, max_size=3))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, collection: list[Document]) -> None:
    cas.write(collection, folder := tmp_path_factory.mktemp("round") / "cas")
    found, findings = cas.texts(folder)
    assert findings == []
    assert by_id([text.document for text in found]) == by_id(collection)


def by_id(found: list[Document]) -> list[str]:
    return sorted(json.dumps(document.to_json()) for document in found)


def test_what_it_does_not_have_is_told(tmp_path: pathlib.Path) -> None:
    corpus = Corpus([], [], documents=[Document("a", broken_at=(1,), fields={"source": "mail"})])
    findings = formats.unsupported(corpus, tmp_path / "a", "cas")
    assert [str(finding).partition(": record 0: ")[2] for finding in findings] == [
        "source is 'mail', expected no further field (the format has none)",
        "broken_at is [1], expected no further field (the format has none)",
    ]


def test_without_cassis(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, make(system(), SPANS, []))
    monkeypatch.setitem(sys.modules, "cassis", None)
    with pytest.raises(InputError, match=r"cassis is missing, expected: pip install .*\[annotation\]"):
        cas.texts(path)
    with pytest.raises(InputError, match="cassis is missing"):
        cas.write([FIRST], tmp_path / "out")
