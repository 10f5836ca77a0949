"""UIMA CAS, XMI or JSON, as INCEpTION and WebAnno export documents; read by the package dkpro-cassis.

A document is a text with annotations of the types of a type system: in XMI in a file TypeSystem.xml beside
it, in JSON in the same file. Entities are the annotations of one layer (type), such as custom.Span of
INCEpTION or DKPro's NamedEntity, with the entity's type in a feature; relations those of another, whose
features `Governor` and `Dependent` are head and tail (`cas_layers`). Places count UTF-16 units, which cassis
translates.
"""

from __future__ import annotations

import json
import math
import pathlib
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

from jner_re import extras, files
from jner_re.corpora import json_records
from jner_re.corpora.annotated_text import AnnotatedText
from jner_re.corpora.brat import LONGEST_NAME, BratCollection
from jner_re.corpora.cas_document import METADATA, CasDocument
from jner_re.corpora.cas_files import Source, sources
from jner_re.corpora.cas_layers import ANNOTATION, HEAD, LABEL, RELATION, SPAN, TAIL, Layers
from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.corpora.text_files import UnreadableError, decode, new_folder
from jner_re.document import Document

_ENCODING = re.compile(r"""<\?xml[^>]*encoding\s*=\s*["']([^"']*)""")
# Types whose annotations are no layers of people: tokens, sentences, and what INCEpTION keeps about itself.
_OF_TOOLS = (
    "uima.",
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.",
    "de.tudarmstadt.ukp.dkpro.core.api.metadata.",
    "de.tudarmstadt.ukp.clarin.webanno.api.",
    "de.tudarmstadt.ukp.inception.",
)


def texts(
    path: pathlib.Path, span_layer: str | None = None, relation_layer: str | None = None
) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads the documents of a file, a folder or a .zip.

    Left out with a finding each: a document that cannot be read; annotations without a type or outside of the
    text; relations without two entities; annotations of other layers.

    Args:
      path: an .xmi or .json file, or a folder or a .zip of them.
      span_layer: the layer of entities, TYPE or TYPE:FEATURE, several with commas; by default the only one.
      relation_layer: likewise.

    Raises:
      InputError: there is no document; there are several layers, or none of a given name.
    """
    path = pathlib.Path(path)
    findings: list[Finding] = []
    systems: dict[bytes, Any] = {}
    read = []
    for source in sources(path, findings):
        cas = _read(source, systems, findings)
        if cas is not None:
            read.append((source, cas))
    layers = Layers([cas for _, cas in read], span_layer, relation_layer, path)
    found = []
    for source, cas in read:
        reading = CasDocument(cas, source.file, source.id, layers)
        found.append(reading.text())
        findings += reading.findings
    known = {layer.name for layer in (*layers.spans, *layers.relations)}
    others = Counter(fs.type.name for _, cas in read for fs in cas.select(ANNOTATION))
    for name, count in sorted(others.items()):
        if name not in known and not name.startswith(_OF_TOOLS):
            what = (
                f"layer {shortened(name)}",
                f"{count} annotations",
                "none but of the layers that are read",
            )
            findings.append(Finding(str(path), "all documents", *what, "read over", "warning"))
    return found, findings


def write(documents: Sequence[Document], path: pathlib.Path) -> None:
    """Writes a new folder with a .json a document, whose id names it if that can be.

    Raises:
      InputError: the folder is not empty, or the package dkpro-cassis is missing.
    """
    system = _type_system()
    with new_folder(pathlib.Path(path)) as folder:
        collection = BratCollection(folder)
        for document in documents:
            name = collection.name(document.id)
            in_a_document = any(part.lower().endswith(".json") for part in name.split("/")[:-1])
            if in_a_document or len(name.encode()) > LONGEST_NAME:
                name = collection.name("")
            files.write_text(folder / f"{name}.json", _cas(document, system).to_json() + "\n")


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid documents: further fields, "broken_at"."""
    findings = []
    for i, document in enumerate(documents):
        found: list[tuple[str, Any]] = list(document.fields.items())
        if document.broken_at:
            found.append(("broken_at", list(document.broken_at)))
        for field, value in found:
            expected = "no further field (the format has none)"
            findings.append(Finding(str(path), f"record {i}", field, shortened(repr(value)), expected))
    return findings


def _cassis() -> Any:
    try:
        import cassis
    except ImportError as error:
        raise extras.missing(error.name, "annotation") from None
    return cassis


def _read(source: Source, systems: dict[bytes, Any], findings: list[Finding]) -> Any:
    """A document as cassis has it; None if it cannot be read, which is told."""
    cassis = _cassis()
    try:
        text = decode(source.content, pathlib.Path(source.file)).text
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            cas = _load(cassis, text, source.types, systems)
    except UnreadableError as error:
        where = (error.record, error.field, error.value, error.expected)
    except Exception as error:  # cassis has no errors of its own: any of Python's and lxml's
        name = "" if isinstance(error, _NotCasError) else f"{type(error).__name__}: "
        where = ("whole file", "content", shortened(f"{name}{error}"), "a UIMA CAS, XMI or JSON")
    else:
        inside = sum("Not mapping" in str(warning.message) for warning in warned)
        if inside:
            what = ("whole file", "places", f"{inside} outside of the text or inside a character", "none")
            findings.append(Finding(source.file, *what, "kept"))
        return cas
    loss = Loss("unreadable document", 1)
    findings.append(Finding(source.file, *where, "the document is left out", loss=loss))
    return None


class _NotCasError(Exception):
    """Why something is no CAS that is read."""


def _load(cassis: Any, text: str, types: bytes | None, systems: dict[bytes, Any]) -> Any:
    if not text.lstrip().startswith("<"):
        value = json_records.loads(text)
        if not isinstance(value, dict):
            raise _NotCasError("no object")
        json.dumps(value, ensure_ascii=False).encode()  # no half of a surrogate pair
        header = value.get("%HEADER")
        units = (header if isinstance(header, dict) else value).get("%OFFSET_ENCODING", "UTF-16")
        if units != "UTF-16":
            raise _NotCasError(f"places in {units}, not in UTF-16 units")
        return cassis.load_cas_from_json(text)
    if types is None:
        raise _NotCasError("no TypeSystem.xml beside it")
    if types not in systems:
        systems[types] = cassis.load_typesystem(_plain_xml(decode(types, pathlib.Path()).text))
    return cassis.load_cas_from_xmi(_plain_xml(text), systems[types])


def _plain_xml(text: str) -> str:
    """XML that defines no entities, which lxml would read from other files or let fill the memory."""
    encoding = _ENCODING.match(text)
    if encoding and encoding[1].lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise _NotCasError(f"in the encoding {encoding[1]}, not UTF-8")
    if "<!DOCTYPE" in text:
        raise _NotCasError("a DOCTYPE in it")
    return text


def _type_system() -> Any:
    system = _cassis().TypeSystem()
    metadata = system.create_type(METADATA, "uima.tcas.DocumentAnnotation")
    entity = system.create_type(SPAN)
    relation = system.create_type(RELATION)
    for type, features in (
        (metadata, ("documentTitle", "documentId")),
        (entity, (LABEL,)),
        (relation, (LABEL,)),
    ):
        for feature in features:
            system.create_feature(type, feature, "uima.cas.String")
    for feature in (HEAD, TAIL):
        system.create_feature(relation, feature, SPAN)
    for type in (entity, relation):
        system.create_feature(type, "score", "uima.cas.Double")
    return system


def _cas(document: Document, system: Any) -> Any:
    cas = _cassis().Cas(system)
    cas.sofa_string, cas.sofa_mime = document.text, "text"
    metadata, entity, relation = (system.get_type(name) for name in (METADATA, SPAN, RELATION))
    whole = {"begin": 0, "end": len(document.text)}
    cas.add(metadata(**whole, documentTitle=document.id, documentId=document.id))
    spans = [entity(begin=e.start, end=e.end, label=e.type, score=_score(e.score)) for e in document.entities]
    for span in spans:
        cas.add(span)
    for r in document.relations:
        tail = spans[r.tail]  # INCEpTION's relations stand where their dependents do
        ends = {HEAD: spans[r.head], TAIL: tail}
        cas.add(relation(begin=tail.begin, end=tail.end, label=r.type, score=_score(r.score), **ends))
    return cas


def _score(score: float) -> float | None:
    return None if math.isnan(score) else round(score, 4)
