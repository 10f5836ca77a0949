r"""The tab-separated text of Bekoulis et al. (2018), "Joint entity recognition and relation extraction as a
multi-head selection problem".

A sentence is a line "#doc ID" and one line a token: index, token, BIO tag, the relations that leave from the
token, and for each the token it leads to. Relations join the last tokens of their entities; a token without
any has ['N'] and its own index:

    #doc 1537
    0	Dennis	B-Peop	['N']	[0]
    1	DeConcini	I-Peop	['Work_For']	[4]

The format has no place for the order of entities and relations: they are read in the order of the text.
"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import warnings
from collections.abc import Sequence

from jner_re import files
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    Loss,
    check_corpus,
    check_sentence,
    has_surrogate,
    raise_problems,
    require_valid,
)
from jner_re.corpora.text_files import read_text
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

_NONE = "N"
_HEADER = "#doc"
_LARGEST = 10**9  # Python prints no number of any length


@dataclasses.dataclass(frozen=True)
class _Row:
    """A line of the file: one token."""

    line: int
    token: str
    tag: str
    relations: list[str]
    heads: list[int]


class _Document:
    """A sentence while it is read: its rows and what is wrong with them."""

    def __init__(self, file: pathlib.Path, id: str, line: int) -> None:
        self.file, self.id, self.line = file, id, line
        self.rows: list[_Row] = []
        self.findings: list[Finding] = []

    def report(self, line: int, field: str, value: object, expected: str) -> None:
        action = "the sentence is left out"
        place = f"line {line} (#doc {self.id})"
        self.findings.append(Finding(str(self.file), place, field, repr(value), expected, action))


def load(path: pathlib.Path) -> Corpus:
    """Reads a corpus; a sentence with a malformed line is left out whole and reported.

    Raises:
      InputError: the file cannot be read as text, or does not start with "#doc".
    """
    path = pathlib.Path(path)
    content = read_text(path)
    sentences, places, findings = [], [], content.warnings(str(path))
    for document in _documents(content.text, path):
        sentence = _sentence(document)
        place = f"line {document.line} (#doc {document.id})"
        if document.findings:
            first, *others = document.findings
            findings += [dataclasses.replace(first, loss=_loss(document)), *others]
            continue
        sentences.append(sentence)
        places.append(place)
        findings += check_sentence(sentence, path, place)
    return Corpus(sentences, findings + check_corpus(sentences, path, places))


def write(sentences: Sequence[Sentence], path: pathlib.Path) -> None:
    """Writes the sentences so that `load` gives them back, entities and relations in the order of the text.

    Raises:
      InputError: a sentence is not valid, the format cannot represent it, or the file cannot be written.
    """
    path = pathlib.Path(path)
    require_valid(sentences, path)
    raise_problems(unsupported(sentences, path))
    files.write_text(path, "".join(_text(sentence) for sentence in sentences))


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent: tabs and line ends, outer spaces in ids, relation type "N"."""
    findings = []
    for i, sentence in enumerate(sentences):
        texts = [(f"tokens[{j}]", token) for j, token in enumerate(sentence.tokens)]
        texts += [(f"entities[{j}].type", entity.type) for j, entity in enumerate(sentence.entities)]
        for field, text in texts:
            if "\t" in text or "\n" in text:
                expected = "no tab or line end (the format separates by them)"
                findings.append(Finding(str(path), f"record {i}", field, repr(text), expected))
        for j, relation in enumerate(sentence.relations):
            if relation.type == _NONE:
                expected = "another type (it means no relation in this format)"
                findings.append(Finding(str(path), f"record {i}", f"relations[{j}].type", "'N'", expected))
        if sentence.id != sentence.id.strip() or "\n" in sentence.id:
            expected = "an id on one line without outer spaces"
            findings.append(Finding(str(path), f"record {i}", "id", repr(sentence.id), expected))
    return findings


def _documents(text: str, path: pathlib.Path) -> list[_Document]:
    documents: list[_Document] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if line == _HEADER or line.startswith(_HEADER + " "):
            documents.append(_Document(path, line.removeprefix(_HEADER).strip(), number))
        elif not documents and line:
            raise InputError(f"{path}: line {number} is {line[:40]!r}, expected '#doc ID'")
        elif line:
            row = _row(line, number, documents[-1])
            if row:
                documents[-1].rows.append(row)
    return documents


def _row(line: str, number: int, document: _Document) -> _Row | None:
    fields = line.split("\t")
    if len(fields) != 5:
        document.report(number, "line", line[:40], "5 fields separated by tabs")
        return None
    index, token, tag, relations, heads = fields
    if index != str(len(document.rows)) and not document.findings:
        document.report(number, "index", index, f"{len(document.rows)}")
    relation_list = _literal_list(relations, str)
    head_list = _literal_list(heads, int)
    if relation_list is None:
        document.report(number, "relations", relations[:40], "a list of strings such as ['Kill']")
    if head_list is None:
        document.report(number, "heads", heads[:40], "a list of integers such as [3]")
    return _Row(number, token, tag, relation_list or [], head_list or [])


def _literal_list(text: str, kind: type) -> list | None:
    """The list that a field says, of strings or whole numbers; None if it is anything else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of unknown escapes, which are no corpus's
            value = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, Warning, RecursionError, MemoryError):
        return None
    if not isinstance(value, list) or not all(type(item) is kind for item in value):
        return None
    if any(has_surrogate(item) if kind is str else abs(item) > _LARGEST for item in value):
        return None
    return value


def _sentence(document: _Document) -> Sentence:
    entities = _entities(document)
    entity_at = {entity.end - 1: i for i, entity in enumerate(entities)}
    relations = []
    for i, row in enumerate(document.rows):
        if row.relations == [_NONE] or not row.relations:
            if row.heads not in ([i], []) and not document.findings:
                document.report(row.line, "heads", row.heads, f"[{i}] for a token without relations")
            continue
        if len(row.relations) != len(row.heads):
            document.report(row.line, "heads", row.heads, f"as many as relations, {len(row.relations)}")
        if i not in entity_at:
            document.report(row.line, "relations", row.relations, "['N'], for no entity ends at this token")
        for name, head in zip(row.relations, row.heads, strict=False):
            if name == _NONE:
                document.report(row.line, "relations", row.relations, "'N' only where there is no relation")
            if head not in entity_at:
                document.report(row.line, "heads", head, "the index of the last token of an entity")
            elif i in entity_at:
                relations.append(RelationPair(entity_at[i], entity_at[head], name))
    return Sentence(tuple(row.token for row in document.rows), tuple(entities), tuple(relations), document.id)


def _loss(document: _Document) -> Loss:
    """What a sentence that is left out holds, as far as its lines have five fields."""
    entities = sum(row.tag.startswith("B-") for row in document.rows)
    relations = sum(name != _NONE for row in document.rows for name in row.relations)
    return Loss("malformed sentence", 1, entities, relations)


def _entities(document: _Document) -> list[EntitySpan]:
    entities: list[EntitySpan] = []
    for i, row in enumerate(document.rows):
        prefix, name = row.tag[:2], row.tag[2:]
        if prefix == "I-" and entities and entities[-1].end == i and entities[-1].type == name:
            entities[-1] = dataclasses.replace(entities[-1], end=i + 1)
        elif prefix == "B-":
            entities.append(EntitySpan(i, i + 1, name))
        elif row.tag != "O":
            expected = "O, B-TYPE, or I-TYPE after a token of the same entity"
            document.report(row.line, "tag", row.tag, expected)
    return entities


def _text(sentence: Sentence) -> str:
    tags = ["O"] * len(sentence.tokens)
    for entity in sentence.entities:
        tags[entity.start : entity.end] = [f"I-{entity.type}"] * (entity.end - entity.start)
        tags[entity.start] = f"B-{entity.type}"
    names: dict[int, list[str]] = {}
    heads: dict[int, list[int]] = {}
    for relation in sorted(sentence.relations, key=lambda relation: relation.head):
        last = sentence.entities[relation.head].end - 1
        names.setdefault(last, []).append(relation.type)
        heads.setdefault(last, []).append(sentence.entities[relation.tail].end - 1)
    lines = [f"{_HEADER} {sentence.id}".rstrip()]
    for i, (token, tag) in enumerate(zip(sentence.tokens, tags, strict=True)):
        lines.append(f"{i}\t{token}\t{tag}\t{names.get(i, [_NONE])}\t{heads.get(i, [i])}")
    return "\n".join(lines) + "\n"
