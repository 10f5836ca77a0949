"""BioC's XML as its JSON: the same collections, with the names and the shape that BioC's JSON has.

The XML is read by Python's expat: it reads no other file and no DTD, which BioC's files name, and refuses
entities that would fill the memory.
"""

from __future__ import annotations

import pathlib
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from jner_re.errors import InputError

NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_INTEGER = re.compile(r"\s*-?[0-9]{1,18}\s*")
_ROOT = "collection"
_EXPECTED = "BioC's <collection>"


def parse(data: bytes, path: pathlib.Path) -> dict[str, Any]:
    """A collection as JSON has it; a place that is no number stays a string.

    Raises:
      InputError: it is no XML, or none of BioC.
    """
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise InputError(f"{path}: not XML: {error}, expected {_EXPECTED}") from None
    if root.tag != _ROOT:
        raise InputError(f"{path}: is <{root.tag[:60]}>, expected {_EXPECTED}")
    return {"documents": [_document(element) for element in root.findall("document")]}


def serialize(collection: dict[str, Any]) -> str:
    """A collection of documents, as JSON has it, as XML."""
    root = ElementTree.Element(_ROOT)
    for name in ("source", "date", "key"):
        ElementTree.SubElement(root, name).text = collection[name]
    for document in collection["documents"]:
        element = ElementTree.SubElement(root, "document")
        ElementTree.SubElement(element, "id").text = document["id"]
        _add_infons(element, document)
        for passage in document["passages"]:
            _add_passage(element, passage)
    ElementTree.indent(root)
    content = ElementTree.tostring(root, encoding="unicode")
    # A carriage return that is not escaped would be read as a line feed.
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
    return declaration + content.replace("\r", "&#13;") + "\n"


def _document(element: ElementTree.Element) -> dict[str, Any]:
    passages = [_text_part(passage) for passage in element.findall("passage")]
    return {"id": _text(element, "id"), "passages": passages, **_annotation(element)}


def _text_part(element: ElementTree.Element) -> dict[str, Any]:
    """A passage or a sentence."""
    return {
        "offset": _integer(_text(element, "offset")),
        "text": _text(element, "text"),
        "sentences": [_text_part(sentence) for sentence in element.findall("sentence")],
        **_annotation(element),
    }


def _annotation(element: ElementTree.Element) -> dict[str, Any]:
    """What documents, passages and sentences have alike."""
    return {
        "infons": _infons(element),
        "annotations": [
            {
                "id": annotation.get("id"),
                "infons": _infons(annotation),
                "text": _text(annotation, "text"),
                "locations": [
                    {name: _integer(location.get(name)) for name in ("offset", "length")}
                    for location in annotation.findall("location")
                ],
            }
            for annotation in element.findall("annotation")
        ],
        "relations": [
            {
                "id": relation.get("id"),
                "infons": _infons(relation),
                "nodes": [dict(node.attrib) for node in relation.findall("node")],
            }
            for relation in element.findall("relation")
        ],
    }


def _infons(element: ElementTree.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for infon in element.findall("infon"):
        key = infon.get("key", "")
        found[f"{key} (again)" if key in found else key] = "".join(infon.itertext())  # which is told
    return found


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = element.find(name)
    return None if found is None else "".join(found.itertext())


def _integer(text: str | None) -> int | str | None:
    return int(text) if text and _INTEGER.fullmatch(text) else text


def _add_infons(parent: ElementTree.Element, part: dict[str, Any]) -> None:
    for key, value in part["infons"].items():
        ElementTree.SubElement(parent, "infon", key=key).text = str(value)


def _add_passage(parent: ElementTree.Element, passage: dict[str, Any]) -> None:
    element = ElementTree.SubElement(parent, "passage")
    _add_infons(element, passage)
    ElementTree.SubElement(element, "offset").text = str(passage["offset"])
    ElementTree.SubElement(element, "text").text = passage["text"]
    for annotation in passage["annotations"]:
        child = ElementTree.SubElement(element, "annotation", id=annotation["id"])
        _add_infons(child, annotation)
        for location in annotation["locations"]:
            ElementTree.SubElement(child, "location", {name: str(n) for name, n in location.items()})
        ElementTree.SubElement(child, "text").text = annotation["text"]
    for relation in passage["relations"]:
        child = ElementTree.SubElement(element, "relation", id=relation["id"])
        _add_infons(child, relation)
        for node in relation["nodes"]:
            ElementTree.SubElement(child, "node", node)
