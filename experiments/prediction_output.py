"""Predicted documents as a collection for an annotation tool."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
import sys
from typing import Protocol

from jner_re import files
from jner_re.corpora import brat, formats
from jner_re.corpora.corpus import Finding
from jner_re.document import Document
from jner_re.errors import InputError

from . import text_lines
from .findings_output import list_findings
from .text_lines import Line

DOCUMENTS = "documents"
FORMATS = tuple(format for format in formats.SPLIT_FORMATS if format != DOCUMENTS)  # of annotation tools


class Collection(Protocol):
    """Takes documents one after the other."""

    def add(self, document: Document) -> str:
        """Adds one; gives "", or why the format cannot represent it, and then it is left out."""

    def flush(self) -> None:
        """Writes what can be written before the end."""

    def close(self) -> None:
        """Writes the rest."""


def new(path: str, format: str) -> Collection:
    """A collection that writes a new file or folder.

    Raises:
      InputError: something is there already, there is no such folder, or what the format needs is missing.
    """
    output = files.user_path(path)
    formats.check_installed(format)
    if format in formats.FOLDER_FORMATS:
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise InputError(f"{output}: exists already, expected a new or empty folder")
    elif output.exists():
        raise InputError(f"{output}: exists already, expected a new file")
    elif not output.parent.is_dir():
        raise InputError(f"{output}: no such folder: {output.parent}")
    return _Brat(output) if format == "brat" else _Whole(output, format)


def with_fields(line: Line, document: Document) -> Document:
    """The document of a line, with its name and fields."""
    fields = {name: value for name, value in line.fields.items() if name not in ("id", text_lines.TEXT)}
    return dataclasses.replace(document, id=line.name, fields=fields)


class _Brat:
    """A folder that grows, so that nothing is lost if it is interrupted."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._collection = brat.BratCollection(folder)

    def add(self, document: Document) -> str:
        document = dataclasses.replace(document, fields={}, broken_at=())
        problem = self._collection.problem(document)
        if not problem:
            self._collection.add(document)
        return problem

    def flush(self) -> None:
        self._collection.write_types()

    close = flush


class _Whole:
    """A file, or folder, that is written at the end.

    Further fields of a document that the format has no place for are left out, which is said at the end.
    """

    def __init__(self, path: pathlib.Path, format: str) -> None:
        self._path, self._format = path, format
        self._documents: list[Document] = []
        self._left_out: collections.Counter[str] = collections.Counter()

    def add(self, document: Document) -> str:
        document = dataclasses.replace(document, broken_at=())
        problems = self._problems(document)
        if unlike := {problem.field for problem in problems} & document.fields.keys():
            self._left_out.update(unlike)
            kept = {name: value for name, value in document.fields.items() if name not in unlike}
            document = dataclasses.replace(document, fields=kept)
            problems = self._problems(document)
        if not problems:
            self._documents.append(document)
        return "".join(f"{p.field} is {p.value}, expected {p.expected}" for p in problems[:1])

    def flush(self) -> None:
        pass

    def close(self) -> None:
        findings = formats.unsupported_documents(self._documents, self._path, self._format)
        for name, count in self._left_out.items():
            what = (f"field {name!r}", f"in {count} documents", f"none of this name in {self._format}")
            findings.append(Finding(str(self._path), "all records", *what, "left out", "warning"))
        list_findings(findings, sys.stderr)
        formats.write_documents(self._documents, self._path, self._format, predicted=True)
        print(f"{self._path}: {len(self._documents)} documents", file=sys.stderr)

    def _problems(self, document: Document) -> list[Finding]:
        findings = formats.unsupported_documents([document], self._path, self._format)
        return [finding for finding in findings if finding.kind == "problem"]
