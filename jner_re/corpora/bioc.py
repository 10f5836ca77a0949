"""BioC, XML or JSON: collections of documents of the biomedical challenges (BioCreative, PubTator, PMC).

    {"documents": [{"id": "7", "infons": {}, "passages": [{"offset": 0, "text": "Ann joined Acme",
      "annotations": [{"id": "T1", "infons": {"type": "Peop"}, "text": "Ann",
                       "locations": [{"offset": 0, "length": 3}]}, …],
      "relations": [{"id": "R1", "infons": {"type": "Work_For"},
                     "nodes": [{"refid": "T1", "role": "head"}, {"refid": "T2", "role": "tail"}]}]}]}]}

The infon "type" is the type. Places count from the start of the document, in code points, or in UTF-16 units
or bytes as some tools do (`bioc_text`). `bioc_document` says which node of a relation is its head.
"""

from __future__ import annotations

import json
import math
import pathlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from jner_re import files, json_text
from jner_re.corpora import bioc_xml, json_records
from jner_re.corpora.annotated_text import AnnotatedText
from jner_re.corpora.bioc_document import BiocDocument
from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.corpora.json_records import WrongShapeError
from jner_re.corpora.text_files import read_text
from jner_re.document import Document
from jner_re.errors import InputError

_EXPECTED = "a collection of BioC"
_NAMES = 8  # that a message lists
_DAY = "19700101"  # a date that BioC asks for; the same documents give the same file


def texts(path: pathlib.Path) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads a collection, XML if it begins with "<", else JSON.

    Left out with a finding each: a document of a wrong shape, or whose passages overlap; annotations outside
    of the text, unlike it or in several places; relations that do not join two annotations.

    Raises:
      InputError: the file is no UTF-8 XML or JSON of BioC.
    """
    path = pathlib.Path(path)
    content = read_text(path)
    findings = content.warnings(str(path))
    found = []
    read_over: Counter[tuple[str, str]] = Counter()
    for number, record in enumerate(_documents(content.text, path)):
        id = record.get("id") if isinstance(record, dict) else None
        place = f"document {shortened(str(id))}" if id else f"record {number}"
        try:
            reading = BiocDocument(record, str(path), place)
            found.append(reading.text())
        except WrongShapeError as wrong:
            loss = Loss("document of a wrong shape", 1)
            findings.append(wrong.finding(path, place, "the document is left out", loss))
            continue
        findings += reading.findings
        read_over += reading.read_over
    return found, [*findings, *_read_over(read_over, path)]


def write(documents: Sequence[Document], path: pathlib.Path) -> None:
    """Writes a collection, JSON if the path ends in .json, else XML; a document has one passage.

    Raises:
      InputError: the file cannot be written.
    """
    path = pathlib.Path(path)
    records = [_record(document) for document in documents]
    collection = {"source": "jner_re", "date": _DAY, "key": "", "infons": {}, "documents": records}
    if _is_json(path):
        files.write_text(path, json_text.line(collection) + "\n")
    else:
        files.write_text(path, bioc_xml.serialize(collection))


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent: "broken_at"; in XML, control characters and fields of other types."""
    findings = []
    for i, document in enumerate(documents):
        found = [] if _is_json(pathlib.Path(path)) else list(_not_in_xml(document))
        if document.broken_at:
            found.append(("broken_at", list(document.broken_at), "none (the format has no such field)"))
        for field, value, expected in found:
            findings.append(Finding(str(path), f"record {i}", field, shortened(repr(value)), expected))
    return findings


def _is_json(path: pathlib.Path) -> bool:
    return path.suffix.lower() == ".json"


def _documents(text: str, path: pathlib.Path) -> list[Any]:
    if text.lstrip().startswith("<"):
        return bioc_xml.parse(text.encode(), path)["documents"]
    try:
        value = json_records.loads(text, only_finite=True)
    except json.JSONDecodeError as error:
        place = f"{path}: line {error.lineno} column {error.colno}"
        raise InputError(f"{place}: not JSON: {error.msg}, expected {_EXPECTED}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}, expected {_EXPECTED}") from None
    # PMC gives a list of collections, PubTator one under its own name.
    collections = value if isinstance(value, list) else [value]
    found: list[Any] = []
    for collection in collections:
        keys = collection if isinstance(collection, dict) else {}
        documents = keys.get("documents", keys.get("PubTator3", [keys] if "passages" in keys else None))
        if not isinstance(documents, list):
            raise InputError(f"{path}: has no list of documents, expected {_EXPECTED}")
        found += documents
    return found


def _read_over(infons: Counter[tuple[str, str]], path: pathlib.Path) -> Iterator[Finding]:
    """A warning for passages, for annotations and for relations, with the names of their infons."""
    for of in sorted({of for of, _ in infons}):
        counts = [(name, count) for (part, name), count in infons.items() if part == of]
        value = ", ".join(f"{shortened(name)} {count}" for name, count in counts[:_NAMES])
        value += ", …" * (len(counts) > _NAMES)
        what = (str(path), "whole file", f"infons of {of}", value, "none but type and score")
        yield Finding(*what, "read over", "warning")


def _record(document: Document) -> dict[str, Any]:
    annotations = [
        {
            "id": f"T{i}",
            "infons": _infons(e.type, e.score),
            "text": e.text,
            "locations": [{"offset": e.start, "length": e.end - e.start}],
        }
        for i, e in enumerate(document.entities, 1)
    ]
    relations = []
    for i, r in enumerate(document.relations, 1):
        ends = (("head", r.head), ("tail", r.tail))
        nodes = [{"refid": f"T{index + 1}", "role": role} for role, index in ends]
        relations.append({"id": f"R{i}", "infons": _infons(r.type, r.score), "nodes": nodes})
    passage = {
        "offset": 0,
        "infons": {},
        "text": document.text,
        "sentences": [],
        "annotations": annotations,
        "relations": relations,
    }
    more: dict[str, Any] = {"annotations": [], "relations": []}
    return {"id": document.id, "infons": dict(document.fields), "passages": [passage], **more}


def _infons(type: str, score: float) -> dict[str, str]:
    return {"type": type} if math.isnan(score) else {"type": type, "score": str(round(score, 4))}


def _not_in_xml(document: Document) -> Iterator[tuple[str, Any, str]]:
    """What XML can't represent of a document: field, value, and what is expected."""
    for name, value in document.fields.items():
        if not isinstance(value, str):
            yield name, value, "a string (or a path that ends in .json)"
    texts = [("id", document.id), ("text", document.text)]
    texts += [(name, str(value)) for name, value in document.fields.items()]
    texts += [("name of a field", name) for name in document.fields]
    texts += [(f"entities[{i}].type", entity.type) for i, entity in enumerate(document.entities)]
    texts += [(f"relations[{i}].type", relation.type) for i, relation in enumerate(document.relations)]
    for name, text in texts:
        if match := bioc_xml.NOT_IN_XML.search(text):
            around = text[max(match.start() - 10, 0) : match.start() + 10]
            yield name, around, "no control characters (or a path that ends in .json)"
