"""DRUG-AE.rel, the adverse drug events of the ADE corpus (Gurulingappa et al., 2012), and files like it.

A row is one relation: PubMed-ID|sentence|adverse effect|begin|end|drug|begin|end, the offsets (code points,
end exclusive) counted from the start of the document. Rows of the same abstract and sentence make one
sentence; its place in the document is the one that matches the offsets of all its rows, which also tells
which mention is meant where a text occurs more than once. Overlapping entities are resolved as in the paper
(section 4): the longer one stays, relations of a removed one go.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from jner_re import files
from jner_re.corpora.alignment import is_exact, token_span, whole_tokens
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    Spans,
    check_corpus,
    check_sentence,
    raise_problems,
    require_valid,
)
from jner_re.corpora.losses import Loss
from jner_re.corpora.overlaps import resolve_overlaps
from jner_re.corpora.text_files import read_text
from jner_re.corpora.tokenization import tokenize
from jner_re.schema import Entity, Relation, Sentence


class Types(NamedTuple):
    """What the columns hold.

    Attributes:
      first: of the entity that relations lead from, columns 3 to 5.
      second: of the one that they lead to, columns 6 to 8.
      relation: of the relations.
    """

    first: str
    second: str
    relation: str


TYPES = Types("Adverse-Effect", "Drug", "Adverse-Effect")
_OFFSET = re.compile("[0-9]{1,18}")  # no text has a place of more digits
_HTML = re.compile(r"&(?:#\w+|\w+);")


@dataclasses.dataclass(frozen=True)
class _Mention:
    """An annotated text and its place in the document (after `_in_sentence`, in the sentence)."""

    type: str
    text: str
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class _Row:
    """A relation of the file."""

    line: int
    first: _Mention
    second: _Mention


class _Reading:
    """How one file is read, and the findings about it."""

    def __init__(self, file: pathlib.Path, tokenization: str, types: Types) -> None:
        self.file, self.tokenization, self.types = file, tokenization, types
        self.first, self.second = ("effect", "drug") if types == TYPES else types[:2]  # names of columns
        self.findings: list[Finding] = []
        self.mentions: list[bool] = []  # of each different one, whether it is whole tokens
        if types == TYPES and "dose" in file.name.lower():
            expected = "adverse effects, as in DRUG-AE.rel (--ade_types=Dose,Drug,Dose reads DRUG-DOSE.rel)"
            action = f"columns 3 to 5 are read as {types.first}"
            self.findings.append(
                Finding(str(file), "whole file", "name", repr(file.name), expected, action, kind="warning")
            )

    def problem(self, line: int, field: str, value: object, expected: str, action: str) -> None:
        self.findings.append(Finding(str(self.file), f"line {line}", field, repr(value), expected, action))

    def warning(self, line: int, field: str, value: object, expected: str, action: str) -> None:
        finding = Finding(
            str(self.file), f"line {line}", field, repr(value), expected, action, kind="warning"
        )
        self.findings.append(finding)

    def lost(self, loss: Loss) -> None:
        """Says what the last finding lost."""
        self.findings[-1] = dataclasses.replace(self.findings[-1], loss=loss)


def load(path: pathlib.Path, tokenization: str = "fine", types: Types = TYPES) -> Corpus:
    """Reads the corpus: one sentence for each abstract and sentence text, in the order of the file.

    A sentence's id is "PubMed-ID:offset of the sentence in the document". Relations lead from the effect to
    the drug. Malformed rows are left out and are problems; removed overlaps, repeated rows and spans that do
    not end where tokens do (they are widened or narrowed to whole tokens) are warnings, as is a file whose
    name speaks of doses, if they are read as effects.

    Args:
      path: the file.
      tokenization: how sentences are split.
      types: what the columns hold.

    Raises:
      InputError: the file cannot be read as text.
    """
    path = pathlib.Path(path)
    content = read_text(path)
    reading = _Reading(path, tokenization, types)
    reading.findings += content.warnings(str(path))
    sentences, places = [], []
    for (document, text), rows in _groups(content.text, reading).items():
        offset = _sentence_offset(text, rows, reading)
        if offset is None:
            mentions = {mention for row in rows for mention in dataclasses.astuple(row)[1:]}
            reading.lost(Loss("sentence left out", 1, len(mentions), len(rows)))
            continue
        sentence = _sentence(f"{document}:{offset}", text, rows, offset, reading)
        sentences.append(sentence)
        places.append(f"line {rows[0].line}")
        reading.findings += check_sentence(sentence, path, places[-1])
    findings = reading.findings + check_corpus(sentences, path, places)
    return Corpus(sentences, findings, Spans(sum(reading.mentions), len(reading.mentions)))


def write(sentences: Sequence[Sentence], path: pathlib.Path) -> None:
    """Writes one row a relation; a sentence's text is its tokens joined by spaces.

    Raises:
      InputError: a sentence is not valid, the format cannot represent it, or the file cannot be written.
    """
    path = pathlib.Path(path)
    require_valid(sentences, path)
    raise_problems(unsupported(sentences, path))
    files.write_text(path, "".join(_rows_text(sentence) for sentence in sentences))


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent: other types, whatever is in no relation, "|" and line ends."""
    findings = []

    def report(record: int, field: str, value: object, expected: str) -> None:
        findings.append(Finding(str(path), f"record {record}", field, repr(value), expected))

    for i, sentence in enumerate(sentences):
        for j, token in enumerate(sentence.tokens):
            if "|" in token or token.split() != [token]:
                report(i, f"tokens[{j}]", token, "no white space and no '|' (the format separates by them)")
        if not sentence.relations:
            report(i, "relations", [], "a relation (the format has only sentences with relations)")
        for j, relation in enumerate(sentence.relations):
            types = (
                sentence.entities[relation.head].type,
                relation.type,
                sentence.entities[relation.tail].type,
            )
            if types != (TYPES.first, TYPES.relation, TYPES.second):
                expected = f"{TYPES.relation} from {TYPES.first} to {TYPES.second}"
                report(i, f"relations[{j}]", types, expected)
        related = {j for relation in sentence.relations for j in (relation.head, relation.tail)}
        for j, entity in enumerate(sentence.entities):
            if j not in related:
                report(i, f"entities[{j}]", entity.type, "an entity in a relation (the format has no others)")
        document, _ = _split_id(sentence.id)
        if not document or any(character in document for character in "|\r\n"):
            report(i, "id", sentence.id, "'PubMed-ID:offset'")
        if i == 0 and document.startswith("\ufeff"):
            report(i, "id", sentence.id, "no byte order mark at the start of a file")
    return findings


def _groups(content: str, reading: _Reading) -> dict[tuple[str, str], list[_Row]]:
    groups: dict[tuple[str, str], list[_Row]] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line:
            continue
        if line in seen:
            reading.warning(
                number, "row", line[:60], f"no row twice (the same as line {seen[line]})", "merged"
            )
            reading.lost(Loss("given twice", relations=1))
            continue
        seen[line] = number
        fields = line.split("|")
        row = _row(number, fields, reading)
        if row is None:
            reading.lost(Loss("row left out", relations=1))
        else:
            groups.setdefault((fields[0], fields[1]), []).append(row)
    return groups


def _row(line: int, fields: list[str], reading: _Reading) -> _Row | None:
    action = "the row is left out"
    if len(fields) != 8:
        expected = f"8 fields separated by '|', not {len(fields)}"
        reading.problem(line, "row", "|".join(fields)[:60], expected, action)
        return None
    columns = (
        (3, f"{reading.first} begin"),
        (4, f"{reading.first} end"),
        (6, f"{reading.second} begin"),
        (7, f"{reading.second} end"),
    )
    for i, name in columns:
        if not _OFFSET.fullmatch(fields[i]):
            expected = "an offset, a whole number from 0"
            reading.problem(line, name, fields[i][:60], expected, action)
            return None
    first = _Mention(reading.types.first, fields[2], int(fields[3]), int(fields[4]))
    second = _Mention(reading.types.second, fields[5], int(fields[6]), int(fields[7]))
    for name, mention in ((reading.first, first), (reading.second, second)):
        if not mention.text.strip():
            reading.problem(line, name, mention.text, "a text", action)
            return None
        if mention.end - mention.start != len(mention.text):
            expected = f"begin + {len(mention.text)}, the length of {mention.text!r}"
            reading.problem(line, f"{name} end", mention.end, expected, action)
            return None
        if mention.text not in fields[1]:
            reading.problem(line, name, mention.text, "a text that occurs in the sentence", action)
            return None
    return _Row(line, first, second)


def _sentence_offset(text: str, rows: list[_Row], reading: _Reading) -> int | None:
    """Where the sentence starts in its document: the offset that puts every mention where its text is."""
    possible: set[int] | None = None
    for row in rows:
        for name, mention in ((reading.first, row.first), (reading.second, row.second)):
            positions = _occurrences(mention.text, text)
            matching = {mention.start - position for position in positions}
            if possible is not None and not possible & matching:
                places = sorted(offset + position for offset in possible for position in positions)
                by = (
                    f"line {rows[0].line}"
                    if row is not rows[0]
                    else f"{reading.first} begin {row.first.start}"
                )
                expected = f"{' or '.join(map(str, places[:3]))}, where {by} puts it in the sentence"
                if escaped := _HTML.search(text):
                    expected += f" (which has {escaped[0]!r}: offsets of the text without HTML do not fit)"
                action = "the sentence is left out"
                reading.problem(row.line, f"{name} begin", mention.start, expected, action)
                return None
            possible = matching if possible is None else possible & matching
    assert possible
    if len(possible) > 1:
        expected = f"offsets that match one place of the sentence, not {len(possible)}"
        action = "the first place is taken"
        reading.warning(rows[0].line, f"{reading.first} begin", rows[0].first.start, expected, action)
    return max(possible)  # the greatest offset of the sentence: the first place in it


def _occurrences(part: str, text: str) -> list[int]:
    return [i for i in range(len(text) - len(part) + 1) if text.startswith(part, i)]


def _sentence(id: str, text: str, rows: list[_Row], offset: int, reading: _Reading) -> Sentence:
    tokens = tokenize(text, reading.tokenization)
    spans: dict[_Mention, Entity] = {}
    line_of: dict[Entity, int] = {}
    merged = -1
    for row in rows:
        for name, mention in ((reading.first, row.first), (reading.second, row.second)):
            if mention in spans:
                continue
            start, end = mention.start - offset, mention.end - offset
            span = token_span(tokens, start, end)
            assert span is not None  # the text is not blank, and every other character is in a token
            entity = spans[mention] = Entity(*span, mention.type)
            if entity in line_of:
                expected, action = f"tokens of its own, unlike line {line_of[entity]}", "merged"
                reading.warning(row.line, name, mention.text, expected, action)
                reading.lost(Loss("merged", entities=1))
                merged = len(reading.findings) - 1
            line_of.setdefault(entity, row.line)
            reading.mentions.append(is_exact(tokens, span, start, end))
            if not reading.mentions[-1]:
                whole = text[tokens[span[0]].start : tokens[span[1] - 1].end]
                expected = whole_tokens(text, start, end)
                reading.warning(row.line, name, mention.text, expected, f"changed to {whole!r}")
    entities = sorted(set(spans.values()))
    relations = [
        Relation(entities.index(spans[row.first]), entities.index(spans[row.second]), reading.types.relation)
        for row in rows
    ]
    sentence = Sentence(
        tuple(token.text for token in tokens), tuple(entities), tuple(dict.fromkeys(relations)), id
    )
    if len(sentence.relations) < len(relations):  # as their entities were
        loss = Loss("merged", entities=1, relations=len(relations) - len(sentence.relations))
        reading.findings[merged] = dataclasses.replace(reading.findings[merged], loss=loss)
    resolved, removals = resolve_overlaps(sentence)
    for removal in removals:
        name = reading.second if removal.entity.type == reading.types.second else reading.first
        expected = f"no overlap with {removal.kept.type} {sentence.entity_text(removal.kept)!r}"
        action = f"removed with its relations: {removal.relations}"
        value = sentence.entity_text(removal.entity)
        reading.warning(line_of[removal.entity], name, value, expected, action)
        count = len(sentence.relations) - len(resolved.relations) if removal is removals[0] else 0
        reading.lost(Loss("overlapping", entities=1, relations=count))
    return resolved


def _split_id(id: str) -> tuple[str, int]:
    document, separator, offset = id.rpartition(":")
    if separator and _OFFSET.fullmatch(offset):
        return document, int(offset)
    return id, 0


def _rows_text(sentence: Sentence) -> str:
    document, offset = _split_id(sentence.id)
    text = " ".join(sentence.tokens)
    rows = []
    for relation in sentence.relations:
        fields = [document, text]
        for entity in (sentence.entities[relation.head], sentence.entities[relation.tail]):
            start = offset + len(" ".join((*sentence.tokens[: entity.start], "")))
            words = sentence.entity_text(entity)
            fields += [words, str(start), str(start + len(words))]
        rows.append("|".join(fields) + "\n")
    return "".join(rows)
