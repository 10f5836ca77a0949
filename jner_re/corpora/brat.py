"""brat standoff: a folder of documents, each a text (.txt) and its annotation (.ann).

A document's id is the path of its files in the folder, without the ending. `write` names files so, too, or
POSITION=ID (a six-digit position from 0 and the percent-encoded id) where the id is no such path;
`texts` gives the id back. `text_sentences` makes sentences of documents.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import urllib.parse
from collections.abc import Callable, Iterator, Sequence

from jner_re import files
from jner_re.corpora import brat_annotation, brat_configuration, brat_document
from jner_re.corpora.annotated_text import AnnotatedText
from jner_re.corpora.brat_configuration import Configurations
from jner_re.corpora.brat_document import Source
from jner_re.corpora.corpus import Finding, Loss, raise_problems, shortened
from jner_re.corpora.text_files import (
    LINE_END,
    Decoded,
    UnreadableError,
    decode,
    new_folder,
    read_bytes,
    shown,
)
from jner_re.document import Document
from jner_re.errors import InputError

_WRITTEN_NAME = re.compile(r"\d{6,}=(.*)", re.ASCII | re.DOTALL)
LONGEST_NAME = 240  # bytes; file systems allow 255, with the extension
_ANNOTATIONS = (".ann", ".a1", ".a2")


def texts(path: pathlib.Path, event_arguments: bool = False) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads all documents under a folder, in the order of their names; hidden files are no documents.

    Problems, each left out: entities that are discontinuous, out of the text or unlike their text; relations
    without two entities; unreadable lines and files, ids used twice; a text without annotation file and the
    reverse. Warnings: annotations of other kinds, byte order marks, offsets that do not count code points.

    Args:
      path: the folder.
      event_arguments: the arguments of events are relations too, from the event's trigger, named by the role.

    Raises:
      InputError: no such folder, or it has no .txt file.
    """
    folder = pathlib.Path(path)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected one with .txt and .ann files")
    paths, findings = _files(folder)
    texts = [file for file in paths if file.suffix == ".txt"]
    if not texts:
        raise InputError(f"{folder}: has no .txt file, expected a brat collection")
    configurations = Configurations(folder)
    findings += _files_left_out([file for file in paths if file.suffix in _ANNOTATIONS], set(texts))
    annotated = set(paths)
    found = []
    for file in texts:
        if file.with_suffix(".ann") not in annotated:
            findings.append(_not_annotated(file))
        elif text := _read(file, folder, configurations, event_arguments, findings):
            found.append(text)
    for file, error in configurations.unreadable:
        findings.append(dataclasses.replace(_unreadable(file, error, "not used"), kind="warning"))
    return found, findings


def write(documents: Sequence[Document], path: pathlib.Path) -> None:
    """Writes a new folder: of each document its text, exactly, and its annotation, and annotation.conf.

    Raises:
      InputError: the format cannot represent a document, or the folder is not empty.
    """
    path = pathlib.Path(path)
    raise_problems(unsupported(documents, path))
    with new_folder(path) as folder:
        collection = BratCollection(folder)
        for document in documents:
            collection.add(document)
        collection.write_types()


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid documents, such as white space in types."""
    collection, findings = BratCollection(path), []
    for i, document in enumerate(documents):
        found = [*document.not_in_brat(), *_not_in_files(document, collection.name(document.id))]
        for field, value, expected in found:
            findings.append(Finding(str(path), f"record {i}", field, repr(shortened(value)), expected))
    return findings


class BratCollection:
    """Writes documents into a folder, one after the other."""

    def __init__(self, folder: pathlib.Path) -> None:
        """Writes nothing yet."""
        self._folder = folder
        self._names: set[str] = set()
        self._entities: set[str] = set()
        self._relations: set[str] = set()

    def name(self, id: str) -> str:
        """The path of the files of the next document without their endings, which no other gets.

        It is the document's id if that can be, else POSITION=ID.
        """
        name = self._next_name(id)
        self._names.add(name.casefold())
        return name

    def _next_name(self, id: str) -> str:
        if _is_name(id) and id.casefold() not in self._names:
            return id
        return f"{len(self._names):06d}={urllib.parse.quote(id, safe=' ')}"

    def problem(self, document: Document) -> str:
        """The first thing of a document that the format cannot represent; "" for none."""
        found = [*document.not_in_brat(), *_not_in_files(document, self._next_name(document.id))]
        return "".join(
            f"{field} is {shortened(value)!r}, expected {other}" for field, value, other in found[:1]
        )

    def add(self, document: Document) -> None:
        """Writes a document's text and annotation.

        Raises:
          InputError: the format cannot represent it, or the folder can't be written to.
        """
        if problem := self.problem(document):
            raise InputError(problem)
        name, annotation = self.name(document.id), document.to_brat()
        files.write_text(self._folder / f"{name}.ann", annotation)
        files.write_text(self._folder / f"{name}.txt", document.text)
        self._entities.update(entity.type for entity in document.entities)
        self._relations.update(relation.type for relation in document.relations)

    def write_types(self) -> None:
        """Writes annotation.conf with the types of all documents, so that brat shows them."""
        content = brat_configuration.of_types(self._entities, self._relations)
        files.write_text(self._folder / brat_configuration.NAME, content)


def _not_in_files(document: Document, name: str) -> Iterator[tuple[str, str, str]]:
    """What else of a document a file can't represent: field, value, and what is expected."""
    if document.text.startswith("\ufeff"):
        yield "text", document.text, "no byte order mark at the start"
    if len(name.encode()) > LONGEST_NAME:
        yield "id", document.id, "one short enough for a file name"
    for field, value in document.fields.items():
        yield field, str(value), "no further field (the format has none)"
    if document.broken_at:
        yield "broken_at", str(list(document.broken_at)), "no further field (the format has none)"


def _files(folder: pathlib.Path) -> tuple[list[pathlib.Path], list[Finding]]:
    """All files under a folder in the order of their names, but hidden ones; folders that cannot be read."""
    paths: list[pathlib.Path] = []
    findings: list[Finding] = []

    def report(error: OSError) -> None:
        value = f"unreadable ({error.strerror})"
        file = shown(error.filename)
        findings.append(Finding(file, "whole folder", "content", value, "a readable folder", "left out"))

    for parent, folders, names in os.walk(folder, onerror=report):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [pathlib.Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(paths), findings


def _files_left_out(annotations: list[pathlib.Path], texts: set[pathlib.Path]) -> list[Finding]:
    """The annotation files that have no text, or that are of BioNLP's kinds."""
    findings = []
    for file in annotations:
        if file.with_suffix(".txt") not in texts:
            expected = f"a text beside it, {shown(file.with_suffix('.txt').name)}"
            findings.append(
                _left_out(file, "text", "missing", expected, _annotations(file, "without a text"))
            )
        elif file.suffix != ".ann":
            loss = _annotations(file, "in a file of another kind")
            findings.append(_left_out(file, "suffix", repr(file.suffix), "annotations in an .ann file", loss))
    return findings


def _not_annotated(text: pathlib.Path) -> Finding:
    """A text without annotation: no sentences, for without entities they would teach what is wrong."""
    loss = _lines(text, "text without annotation")
    expected = f"an annotation beside it, {shown(text.with_suffix('.ann').name)} (empty if it has none)"
    return _left_out(text, "annotation", "missing", expected, loss)


def _lines(text: pathlib.Path, reason: str) -> Loss:
    """The sentences of a text that is left out: its lines that are not blank."""
    lines = LINE_END.split(_readable_part(text))
    return Loss(reason, sentences=sum(bool(line.strip()) for line in lines))


def _annotations(file: pathlib.Path, reason: str) -> Loss:
    """What a file that is left out annotates."""
    return brat_annotation.count(_readable_part(file), reason)


def _document(text: pathlib.Path, ann: pathlib.Path) -> Loss:
    """What is in a document that is left out."""
    reason = "unreadable document"
    return dataclasses.replace(_annotations(ann, reason), sentences=_lines(text, reason).sentences)


def _readable_part(file: pathlib.Path) -> str:
    """What can be read of a file, for counting: bytes that are no UTF-8 do not hide the others."""
    try:
        return read_bytes(file).decode("utf-8-sig", "replace")
    except UnreadableError:
        return ""


def _left_out(file: pathlib.Path, field: str, value: str, expected: str, loss: Loss) -> Finding:
    return Finding(shown(file), "whole file", field, value, expected, "left out", loss=loss)


def _unreadable(file: pathlib.Path, error: UnreadableError, action: str, loss: Loss | None = None) -> Finding:
    return Finding(shown(file), error.record, error.field, error.value, error.expected, action, loss=loss)


def _read(
    text: pathlib.Path,
    collection: pathlib.Path,
    configurations: Configurations,
    event_arguments: bool,
    findings: list[Finding],
) -> AnnotatedText | None:
    """Reads a document; None if a file of it cannot be read. Adds what was found in the files."""
    ann = text.with_suffix(".ann")
    content = _decoded(text, findings, lambda: _document(text, ann))
    annotation = _decoded(ann, findings, lambda: _document(text, ann) if content else None)
    if content is None or annotation is None:
        return None
    name = shown(text.relative_to(collection).with_suffix("").as_posix())
    written = _WRITTEN_NAME.fullmatch(name)
    source = Source(
        content.text,
        content.byte_order_mark,
        shown(ann),
        shown(text.name),
        urllib.parse.unquote(written[1]) if written else name,
        configurations.roles(text.parent),
    )
    parsed = brat_annotation.parse(annotation.text, source.file)
    found, more = brat_document.read(source, parsed, event_arguments)
    findings += more
    return found


def _decoded(file: pathlib.Path, findings: list[Finding], loss: Callable[[], Loss | None]) -> Decoded | None:
    """The content of a document's text or annotation; None if it cannot be read, a finding with that loss."""
    try:
        decoded = decode(read_bytes(file), file)
    except UnreadableError as error:
        findings.append(_unreadable(file, error, "the document is left out", loss()))
        return None
    findings += decoded.warnings(shown(file))
    return decoded


def _is_name(id: str) -> bool:
    """Whether an id can be the path of files that give it back."""
    parts = id.split("/")
    return (
        id.isprintable()
        and "\\" not in id
        and all(part and part == part.strip() and part[0] != "." for part in parts)
        and not any(part.endswith((".txt", ".ann")) for part in parts)
        and not _WRITTEN_NAME.fullmatch(id)
        and parts[0].casefold() != brat_configuration.NAME
        and len(id.encode()) <= LONGEST_NAME
    )
