"""The files of UIMA CAS documents: one file, a folder or an archive of them, with the type systems beside."""

from __future__ import annotations

import collections
import dataclasses
import io
import os
import pathlib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.corpora.text_files import UnreadableError, read_bytes, shown
from jner_re.errors import InputError

_SUFFIXES = (".xmi", ".json")
_TYPES = "typesystem.xml"
_PROJECT = "exportedproject.json"
_OF_PROJECT = ("curation", "annotation")
_NOT_ANNOTATED = "INITIAL_CAS"  # the name of the user whose copy nobody has annotated
_LARGEST = 256 * 2**20  # bytes, of a file in an archive
_EXPECTED = "UIMA CAS documents (.xmi with TypeSystem.xml, or .json), a folder or a .zip of them"


@dataclasses.dataclass(frozen=True)
class Source:
    """A document that is to be read.

    Attributes:
      file: quoted in findings.
      id: the path of the file in its folder or archive, without the ending.
      content: of the file.
      types: the content of the type system beside it, or in the nearest folder above; None if there is none.
    """

    file: str
    id: str
    content: bytes
    types: bytes | None


def sources(path: pathlib.Path, findings: list[Finding]) -> Iterator[Source]:
    """The documents of a file, a folder or an archive, in the order of their names.

    Of an export of a project each document is read once: as it was curated, or else as its only annotator
    left it. One that several annotated and nobody curated is left out, a problem.

    Args:
      path: of a document, of a folder with documents in it and its folders, or of a .zip of them.
      findings: takes one for each file that cannot be read.

    Raises:
      InputError: there is no document.
    """
    if path.is_dir():
        yield from _documents(path, list(_names(path)), lambda name: read_bytes(path / name), findings)
    elif path.is_file() and zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                yield from _documents(path, archive.namelist(), lambda name: _member(archive, name), findings)
        except zipfile.BadZipFile as error:
            raise InputError(f"{path}: not a .zip: {error}, expected {_EXPECTED}") from None
    else:
        try:
            content = read_bytes(path)
        except UnreadableError as error:
            raise InputError(str(error)) from None
        beside = [name for name in os.listdir(path.parent) if name.lower() == _TYPES]
        types = read_bytes(path.parent / beside[0]) if beside else None
        yield Source(str(path), path.stem, content, types)


def _documents(
    path: pathlib.Path, names: Sequence[str], read: Callable[[str], bytes], findings: list[Finding]
) -> Iterator[Source]:
    """The documents among named files."""
    paths = [pathlib.PurePosixPath(name) for name in sorted(names)]
    if of_project := _of_project(paths):
        yield from _project(path, of_project, read, findings)
        return
    documents = _of_cas(paths)
    if not documents:
        raise InputError(f"{path}: has no .xmi or .json file, expected {_EXPECTED}")
    yield from _read(path, documents, paths, read, findings)


def _of_cas(paths: Sequence[pathlib.PurePosixPath]) -> list[pathlib.PurePosixPath]:
    return [each for each in paths if each.suffix.lower() in _SUFFIXES and each.name != _PROJECT]


def _read(
    path: pathlib.Path,
    documents: Sequence[pathlib.PurePosixPath],
    paths: Sequence[pathlib.PurePosixPath],
    read: Callable[[str], bytes],
    findings: list[Finding],
) -> Iterator[Source]:
    """Documents with their type systems."""
    types = {each.parent: each for each in paths if each.name.lower() == _TYPES}
    for each in documents:
        beside = next((types[parent] for parent in each.parents if parent in types), None)
        try:
            content = read(str(each))
            content_of_types = read(str(beside)) if beside else None
        except UnreadableError as error:
            what = (error.record, error.field, error.value, error.expected, "the document is left out")
            loss = Loss("unreadable document", 1)
            findings.append(Finding(shown(path / each), *what, loss=loss))
            continue
        yield Source(shown(path / each), shown(each.with_suffix("")), content, content_of_types)


def _of_project(
    paths: Sequence[pathlib.PurePosixPath],
) -> dict[str, list[pathlib.PurePosixPath]]:
    """The files of each document of a project's export, as {curation,annotation}/DOCUMENT/USER.zip."""
    found = collections.defaultdict(list)
    for each in paths:
        is_exported = each.suffix.lower() in (".zip", *_SUFFIXES)
        if len(each.parts) == 3 and each.parts[0] in _OF_PROJECT and is_exported:
            found[each.parts[1]].append(each)
    is_project = any(each.name == _PROJECT for each in paths)
    return (
        found
        if is_project or any(each.suffix == ".zip" for files in found.values() for each in files)
        else {}
    )


def _project(
    path: pathlib.Path,
    of_documents: dict[str, list[pathlib.PurePosixPath]],
    read: Callable[[str], bytes],
    findings: list[Finding],
) -> Iterator[Source]:
    for document, exported in of_documents.items():
        annotated = [each for each in exported if each.stem != _NOT_ANNOTATED]
        chosen = [each for each in annotated if each.parts[0] == _OF_PROJECT[0]] or annotated
        if len(chosen) != 1:
            value = ", ".join(shortened(shown(each.stem)) for each in chosen) or "none"
            what = (shown(document), "annotators", value, "one, or a curated document", "left out")
            loss = Loss("annotated by several" if chosen else "document without annotation", 1)
            kind: Literal["problem", "warning"] = "problem" if chosen else "warning"
            findings.append(Finding(shown(path), *what, kind, loss))
            continue
        [each] = chosen
        if each.suffix.lower() in _SUFFIXES:
            inner = _read(path, [each], [], read, findings)
        else:
            inner = _nested(path, each, read, findings)
        for source in inner:
            yield dataclasses.replace(source, id=shown(document))


def _nested(
    path: pathlib.Path, each: pathlib.PurePosixPath, read: Callable[[str], bytes], findings: list[Finding]
) -> Iterator[Source]:
    """The documents of an archive in another."""
    try:
        with zipfile.ZipFile(io.BytesIO(read(str(each)))) as archive:
            paths = [pathlib.PurePosixPath(name) for name in sorted(archive.namelist())]
            if not _of_cas(paths):
                raise UnreadableError("", "", "", "no .xmi or .json file in it", "")
            yield from _read(
                path / each, _of_cas(paths), paths, lambda name: _member(archive, name), findings
            )
    except (UnreadableError, zipfile.BadZipFile) as error:
        value = error.value if isinstance(error, UnreadableError) else f"unreadable ({error})"
        what = ("whole file", "content", value, "a .zip of a UIMA CAS", "the document is left out")
        loss = Loss("unreadable document", 1)
        findings.append(Finding(shown(path / each), *what, loss=loss))


def _names(folder: pathlib.Path) -> Iterator[str]:
    """All files under a folder but hidden ones."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                yield pathlib.Path(parent, name).relative_to(folder).as_posix()


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The content of a file in an archive; raises UnreadableError."""
    size = archive.getinfo(name).file_size
    if size > _LARGEST:
        value, expected = f"{size:,} bytes", f"at most {_LARGEST:,}"
        raise UnreadableError(f"{name}: {value}", "whole file", "size", value, expected)
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        value = f"unreadable ({error})"
        raise UnreadableError(f"{name}: {error}", "whole file", "content", value, "a readable file") from None
