"""brat standoff: a folder of documents, each a text (.txt) and its annotation (.ann).

Every line of a text that is not blank is one sentence; lines that an entity joins are one. A sentence's id is
the document's name, followed by ":LINE" (from 1) if the document has several sentences. `write` makes a
document of every sentence and names it POSITION=ID (a six-digit position from 0 and the percent-encoded id),
which `load` recognizes.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import urllib.parse
from collections.abc import Callable, Sequence

from jner_re.corpora import brat_annotation
from jner_re.corpora.brat_configuration import Configurations
from jner_re.corpora.brat_document import BratDocument, Source
from jner_re.corpora.corpus import Corpus, Finding, Loss, Spans, check_corpus, raise_problems, require_valid
from jner_re.corpora.text_files import Decoded, UnreadableError, decode, new_folder, read_bytes
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.schema import Sentence

_WRITTEN_NAME = re.compile(r"\d{6,}=(.*)", re.ASCII | re.DOTALL)
_LONGEST_NAME = 240  # bytes; file systems allow 255, with the extension
_ANNOTATIONS = (".ann", ".a1", ".a2")


def load(path: pathlib.Path, tokenization: str = "news", event_arguments: bool = False) -> Corpus:
    """Reads all documents under a folder, in the order of their names; hidden files are no documents.

    Problems, each left out: entities that are discontinuous, out of the text or unlike their text; relations
    without two entities of one sentence; unreadable lines and files, ids used twice; a text without
    annotation file and the reverse. Warnings: annotations of other kinds, spans that do not end where tokens
    do (they are widened to whole tokens), byte order marks, offsets that do not count code points.

    Args:
      path: the folder.
      tokenization: how texts are split; "whitespace" for texts that `write` made.
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
    sentences, places = [], []
    spans: list[bool] = []
    findings += _files_left_out([file for file in paths if file.suffix in _ANNOTATIONS], set(texts))
    annotated = set(paths)
    for text in texts:
        if text.with_suffix(".ann") not in annotated:
            findings.append(_not_annotated(text))
            continue
        document = _read(text, folder, configurations, tokenization, event_arguments, findings)
        if document:
            sentences += document.sentences
            places += document.places
            findings += document.findings
            spans += document.spans.values()
    for file, error in configurations.unreadable:
        findings.append(dataclasses.replace(_unreadable(file, error, "not used"), kind="warning"))
    findings += check_corpus(sentences, folder, places)
    return Corpus(sentences, findings, Spans(sum(spans), len(spans)))


def write(sentences: Sequence[Sentence], path: pathlib.Path) -> None:
    """Writes a new folder, one document a sentence, the tokens joined by spaces.

    `load(path, "whitespace")` gives the sentences back exactly.

    Raises:
      InputError: a sentence is not valid, the format cannot represent it, or the folder is not empty.
    """
    path = pathlib.Path(path)
    require_valid(sentences, path)
    raise_problems(unsupported(sentences, path))
    with new_folder(path) as folder:
        for i, sentence in enumerate(sentences):
            name, document = _written_name(i, sentence), Document.of_sentence(sentence)
            (folder / f"{name}.txt").write_bytes(f"{document.text}\n".encode())
            (folder / f"{name}.ann").write_bytes(document.to_brat().encode())


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent: white space in tokens and types, ids too long for a file name."""
    findings = []
    for i, sentence in enumerate(sentences):
        texts = [(f"tokens[{j}]", token) for j, token in enumerate(sentence.tokens)]
        texts += [(f"entities[{j}].type", entity.type) for j, entity in enumerate(sentence.entities)]
        texts += [(f"relations[{j}].type", relation.type) for j, relation in enumerate(sentence.relations)]
        for field, text in texts:
            if text.split() != [text]:
                expected = "no white space (the format separates by it)"
                findings.append(Finding(str(path), f"record {i}", field, repr(text), expected))
        if sentence.tokens[0].startswith("\ufeff"):
            expected = "no byte order mark at the start of a text"
            findings.append(
                Finding(str(path), f"record {i}", "tokens[0]", repr(sentence.tokens[0]), expected)
            )
        if len(_written_name(i, sentence)) > _LONGEST_NAME:
            expected = "an id short enough for a file name"
            findings.append(Finding(str(path), f"record {i}", "id", repr(sentence.id[:60]), expected))
    return findings


def _files(folder: pathlib.Path) -> tuple[list[pathlib.Path], list[Finding]]:
    """All files under a folder in the order of their names, but hidden ones; folders that cannot be read."""
    paths: list[pathlib.Path] = []
    findings: list[Finding] = []

    def report(error: OSError) -> None:
        value = f"unreadable ({error.strerror})"
        file = _shown(error.filename)
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
            expected = f"a text beside it, {_shown(file.with_suffix('.txt').name)}"
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
    expected = f"an annotation beside it, {_shown(text.with_suffix('.ann').name)} (empty if it has none)"
    return _left_out(text, "annotation", "missing", expected, loss)


def _lines(text: pathlib.Path, reason: str) -> Loss:
    """The sentences of a text that is left out: its lines that are not blank."""
    lines = brat_annotation.LINE_END.split(_readable_part(text))
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
    return Finding(_shown(file), "whole file", field, value, expected, "left out", loss=loss)


def _unreadable(file: pathlib.Path, error: UnreadableError, action: str, loss: Loss | None = None) -> Finding:
    return Finding(_shown(file), error.record, error.field, error.value, error.expected, action, loss=loss)


def _read(
    text: pathlib.Path,
    collection: pathlib.Path,
    configurations: Configurations,
    tokenization: str,
    event_arguments: bool,
    findings: list[Finding],
) -> BratDocument | None:
    """Reads a document; None if a file of it cannot be read. Adds what was found in the files."""
    ann = text.with_suffix(".ann")
    content = _decoded(text, findings, lambda: _document(text, ann))
    annotation = _decoded(ann, findings, lambda: _document(text, ann) if content else None)
    if content is None or annotation is None:
        return None
    name = _shown(text.relative_to(collection).with_suffix("").as_posix())
    written = _WRITTEN_NAME.fullmatch(name)
    source = Source(
        content.text,
        content.byte_order_mark,
        _shown(ann),
        _shown(text.name),
        urllib.parse.unquote(written[1]) if written else name,
        configurations.roles(text.parent),
    )
    parsed = brat_annotation.parse(annotation.text, source.file)
    return BratDocument(source, parsed, tokenization, event_arguments)


def _decoded(file: pathlib.Path, findings: list[Finding], loss: Callable[[], Loss | None]) -> Decoded | None:
    """The content of a document's text or annotation; None if it cannot be read, a finding with that loss."""
    try:
        decoded = decode(read_bytes(file), file)
    except UnreadableError as error:
        findings.append(_unreadable(file, error, "the document is left out", loss()))
        return None
    findings += decoded.warnings(_shown(file))
    return decoded


def _shown(path: pathlib.Path | str) -> str:
    """A path as Unicode text: bytes of its name that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _written_name(position: int, sentence: Sentence) -> str:
    return f"{position:06d}={urllib.parse.quote(sentence.id, safe=' ')}"
