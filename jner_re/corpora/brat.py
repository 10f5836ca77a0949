"""brat standoff: a folder of documents, each a text (.txt) and its annotation (.ann).

Every line of a text that is not blank is one sentence. A sentence's id is the document's name, followed by
":LINE" (from 1) if the document has several sentences. `write` makes a document of every sentence and names
it POSITION=ID (a six-digit position from 0 and the percent-encoded id), which `load` recognizes.
"""

from __future__ import annotations

import bisect
import dataclasses
import pathlib
import re
import urllib.parse
from collections.abc import Iterator, Sequence

from jner_re.corpora import brat_annotation
from jner_re.corpora.alignment import is_exact, token_span
from jner_re.corpora.brat_annotation import Annotation, BinaryRelation, TextBound
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    check_corpus,
    check_sentence,
    raise_problems,
    require_valid,
)
from jner_re.corpora.text_files import new_folder, read_text
from jner_re.corpora.tokenization import Token, tokenize
from jner_re.errors import InputError
from jner_re.schema import Entity, Relation, Sentence

_WRITTEN_NAME = re.compile(r"\d{6,}=(.*)", re.ASCII | re.DOTALL)
_LONGEST_NAME = 240  # bytes; file systems allow 255, with the extension
_LEFT_OUT = "the annotation is left out"


@dataclasses.dataclass
class _Line:
    """A line of a document while it is read: its tokens (offsets of the document) and annotation."""

    number: int
    tokens: list[Token]
    entities: list[Entity] = dataclasses.field(default_factory=list)
    entity_ids: list[str] = dataclasses.field(default_factory=list)
    relations: list[Relation] = dataclasses.field(default_factory=list)
    relation_ids: list[str] = dataclasses.field(default_factory=list)

    def file_name(self, field: str) -> str:
        """A field such as "entities[2]" with the annotation's id in the file."""
        kind, index = field.removesuffix("]").split("[")
        ids = {"entities": self.entity_ids, "relations": self.relation_ids}.get(kind)
        return f"{field} ({ids[int(index)]})" if ids else field


class _Document:
    """A document while it is read."""

    def __init__(self, path: pathlib.Path, name: str, tokenization: str) -> None:
        self.path, self.name = path, name
        self.text = read_text(path, may_be_empty=True)
        self.ann = path.with_suffix(".ann")
        self.findings: list[Finding] = []
        self.lines = list(_lines(self.text, tokenization))

    def report(self, item: TextBound | BinaryRelation, field: str, value: object, expected: str) -> None:
        place = f"line {item.line} ({item.id})"
        self.findings.append(Finding(str(self.ann), place, field, repr(value), expected, _LEFT_OUT))


def load(path: pathlib.Path, tokenization: str = "news") -> Corpus:
    """Reads all documents under a folder, in the order of their names.

    Problems, each left out: entities that are discontinuous, out of the text, across lines or unlike their
    text; relations without two entities of one sentence; unreadable lines, ids used twice; a text without
    annotation file. Warnings: annotations of other kinds, spans that do not end where tokens do (they are
    widened to whole tokens).

    Args:
      path: the folder.
      tokenization: how texts are split; "whitespace" for texts that `write` made.

    Raises:
      InputError: no such folder, or it has no .txt file.
    """
    folder = pathlib.Path(path)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected one with .txt and .ann files")
    texts = sorted(folder.rglob("*.txt"))
    if not texts:
        raise InputError(f"{folder}: has no .txt file, expected a brat collection")
    sentences, places, findings = [], [], _files_without_text(folder)
    for text in texts:
        document = _Document(text, text.relative_to(folder).with_suffix("").as_posix(), tokenization)
        _annotate(document)
        findings += document.findings
        for line in document.lines:
            sentences.append(_sentence(line, document))
            places.append(f"{text.name} line {line.number}")
            findings += check_sentence(
                sentences[-1], document.ann, f"sentence of {places[-1]}", line.file_name
            )
    return Corpus(sentences, findings + check_corpus(sentences, folder, places))


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
            name = _written_name(i, sentence)
            (folder / f"{name}.txt").write_bytes((" ".join(sentence.tokens) + "\n").encode())
            (folder / f"{name}.ann").write_bytes(_annotation_text(sentence).encode())


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
        if len(_written_name(i, sentence)) > _LONGEST_NAME:
            expected = "an id short enough for a file name"
            findings.append(Finding(str(path), f"record {i}", "id", repr(sentence.id[:60]), expected))
    return findings


def _files_without_text(folder: pathlib.Path) -> list[Finding]:
    findings = []
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".ann", ".a1", ".a2") and not file.with_suffix(".txt").is_file():
            expected = f"a text beside it, {file.with_suffix('.txt').name}"
            findings.append(Finding(str(file), "whole file", "text", "missing", expected, "left out"))
        elif file.suffix in (".a1", ".a2"):
            expected = "annotations in an .ann file"
            findings.append(
                Finding(str(file), "whole file", "suffix", repr(file.suffix), expected, "left out")
            )
    return findings


def _lines(text: str, tokenization: str) -> Iterator[_Line]:
    offset = 0
    for number, line in enumerate(text.split("\n"), start=1):
        tokens = [Token(t.text, t.start + offset, t.end + offset) for t in tokenize(line, tokenization)]
        if tokens:
            yield _Line(number, tokens)
        offset += len(line) + 1


def _annotate(document: _Document) -> None:
    """Reads the annotation of a document into its lines."""
    if not document.ann.is_file():
        expected = f"an annotation beside it, {document.ann.name}"
        problem = Finding(str(document.path), "whole file", "annotation", "missing", expected)
        document.findings.append(problem)
        return
    annotation = brat_annotation.parse(read_text(document.ann, may_be_empty=True), document.ann)
    document.findings += annotation.findings
    places = {}
    for entity in annotation.entities.values():
        place = _add_entity(entity, document)
        if place:
            places[entity.id] = place
    for relation in annotation.relations:
        _add_relation(relation, annotation, places, document)


def _add_entity(entity: TextBound, document: _Document) -> tuple[_Line, int] | None:
    """Adds an entity to its line: the line and the entity's index there, or None if it was reported."""
    if len(entity.fragments) > 1:
        spans = ";".join(f"{start} {end}" for start, end in entity.fragments)
        document.report(entity, "span", spans, "one fragment (a discontinuous entity is no span of tokens)")
        return None
    start, end = entity.fragments[0]
    if not start < end <= len(document.text):
        document.report(entity, "span", f"{start} {end}", f"a span within 0 and {len(document.text)}")
        return None
    text = document.text[start:end]
    line = _line_of(start, document.lines)
    span = token_span(line.tokens, start, end) if line else None
    if line is None or span is None or "\n" in text.strip():
        document.report(entity, "span", f"{start} {end}", "text on one line (a line is a sentence)")
        return None
    if text.replace("\n", " ") != entity.text:
        document.report(entity, "text", entity.text, f"the text at {start} {end}, {text!r}")
        return None
    if not is_exact(line.tokens, span, start, end):
        whole = document.text[line.tokens[span[0]].start : line.tokens[span[1] - 1].end]
        place, done = f"line {entity.line} ({entity.id})", f"changed to {whole!r}"
        warning = Finding(
            str(document.ann), place, "span", repr(entity.text), "whole tokens", done, kind="warning"
        )
        document.findings.append(warning)
    line.entities.append(Entity(*span, entity.type))
    line.entity_ids.append(entity.id)
    return line, len(line.entities) - 1


def _line_of(start: int, lines: list[_Line]) -> _Line | None:
    """The line with the first token that ends after `start`."""
    i = bisect.bisect_right([line.tokens[-1].end for line in lines], start)
    return lines[i] if i < len(lines) else None


def _add_relation(
    relation: BinaryRelation,
    annotation: Annotation,
    places: dict[str, tuple[_Line, int]],
    document: _Document,
) -> None:
    for name, id in (("Arg1", relation.head), ("Arg2", relation.tail)):
        if id not in places:
            expected = "an entity that was read" if id in annotation.entities else "the id of an entity"
            document.report(relation, name, id, expected)
            return
    (line, head), (tail_line, tail) = places[relation.head], places[relation.tail]
    if tail_line is not line:
        expected = f"an entity on line {line.number}, where {relation.head} is (a line is a sentence)"
        document.report(relation, "Arg2", relation.tail, expected)
        return
    line.relations.append(Relation(head, tail, relation.type))
    line.relation_ids.append(relation.id)


def _sentence(line: _Line, document: _Document) -> Sentence:
    written = _WRITTEN_NAME.fullmatch(document.name)
    id = urllib.parse.unquote(written[1]) if written else document.name
    if len(document.lines) > 1:
        id = f"{id}:{line.number}"
    tokens = tuple(token.text for token in line.tokens)
    return Sentence(tokens, tuple(line.entities), tuple(line.relations), id)


def _written_name(position: int, sentence: Sentence) -> str:
    return f"{position:06d}={urllib.parse.quote(sentence.id, safe=' ')}"


def _annotation_text(sentence: Sentence) -> str:
    text = " ".join(sentence.tokens)
    lines = []
    for i, entity in enumerate(sentence.entities, start=1):
        start = len(" ".join((*sentence.tokens[: entity.start], "")))
        end = start + len(sentence.entity_text(entity))
        lines.append(f"T{i}\t{entity.type} {start} {end}\t{text[start:end]}\n")
    for i, relation in enumerate(sentence.relations, start=1):
        lines.append(f"R{i}\t{relation.type} Arg1:T{relation.head + 1} Arg2:T{relation.tail + 1}\t\n")
    return "".join(lines)
