"""DRUG-AE.rel, the adverse drug events of the ADE corpus (Gurulingappa et al., 2012), and files like it.

A row is one relation: PubMed-ID|sentence|adverse effect|begin|end|drug|begin|end, the offsets (code points,
end exclusive) counted from the start of the document. Rows of the same abstract and sentence make one
sentence; its place in the document is the one that matches the offsets of all its rows, which also tells
which mention is meant where a text occurs more than once. Overlapping entities are resolved as in the paper
(section 4): the longer one stays, relations of a removed one go. The sentences are given, so they are not
split again.
"""

from __future__ import annotations

import dataclasses
import math
import pathlib
from collections.abc import Sequence

from jner_re import files
from jner_re.corpora.ade_rows import (
    OFFSET,
    TYPES,
    Mention,
    Reading,
    Row,
    Types,
    rows_by_sentence,
    sentence_offset,
)
from jner_re.corpora.alignment import is_exact, token_span, whole_tokens
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    Loss,
    Spans,
    check_corpus,
    check_sentence,
    raise_problems,
    shortened,
)
from jner_re.corpora.dropping import resolve_overlaps
from jner_re.corpora.text_files import read_text
from jner_re.document import Document, Entity, Relation
from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.text.tokenization import tokenize


def load(
    path: pathlib.Path, tokenization: str = "fine", types: Types = TYPES, language: str = "en"
) -> Corpus:
    """Reads the corpus: one sentence for each abstract and sentence text, in the order of the file.

    A sentence's id is "PubMed-ID:offset of the sentence in the document". Relations lead from the effect to
    the drug. Malformed rows are left out and are problems; removed overlaps, repeated rows and spans that do
    not end where tokens do (they are widened or narrowed to whole tokens) are warnings, as is a file whose
    name speaks of doses, if they are read as effects.

    Args:
      path: the file.
      tokenization: how sentences are split.
      types: what the columns hold.
      language: a key of `LANGUAGE_PATTERNS`.

    Raises:
      InputError: the file cannot be read as text.
    """
    path = pathlib.Path(path)
    content = read_text(path)
    reading = Reading(path, tokenization, types, language)
    reading.findings += content.warnings(str(path))
    sentences, places, documents = [], [], []
    for (document, text), rows in rows_by_sentence(content.text, reading).items():
        offset = sentence_offset(text, rows, reading)
        if offset is None:
            mentions = {mention for row in rows for mention in dataclasses.astuple(row)[1:]}
            reading.lost(Loss("sentence left out", 1, len(mentions), len(rows)))
            continue
        sentence, annotated = _sentence(f"{document}:{offset}", text, rows, offset, reading)
        sentences.append(sentence)
        documents.append(annotated)
        places.append(f"line {rows[0].line}")
        reading.findings += check_sentence(sentence, path, places[-1])
    findings = reading.findings + check_corpus(sentences, path, places)
    spans = Spans(sum(reading.mentions), len(reading.mentions))
    distances = {0: sum(len(document.relations) for document in documents)}
    return Corpus(sentences, findings, spans, documents, [], [], reading.findings, distances)


def write(documents: Sequence[Document], path: pathlib.Path) -> None:
    """Writes one row a relation; a document is one sentence.

    Raises:
      InputError: the format cannot represent a document, or the file cannot be written.
    """
    path = pathlib.Path(path)
    raise_problems(unsupported(documents, path))
    files.write_text(path, "".join(_rows_text(document) for document in documents))


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent: other types, whatever is in no relation, "|" and line ends."""
    findings = []

    def report(record: int, field: str, value: object, expected: str) -> None:
        findings.append(Finding(str(path), f"record {record}", field, repr(value), expected))

    for i, sentence in enumerate(documents):
        if any(character in sentence.text for character in "|\r\n"):
            report(
                i, "text", shortened(sentence.text), "no line ends and no '|' (the format separates by them)"
            )
        scores = [entity.score for entity in sentence.entities] + [r.score for r in sentence.relations]
        scored = [score for score in scores if not math.isnan(score)]
        others = {**sentence.fields, "broken_at": sentence.broken_at, "score": scored}
        for name, value in others.items():
            if value or name in sentence.fields:
                report(i, name, shortened(str(value)), "no further field (the format has none)")
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


def _sentence(
    id: str, text: str, rows: list[Row], offset: int, reading: Reading
) -> tuple[Sentence, Document]:
    tokens = tokenize(text, reading.tokenization, reading.language)
    spans: dict[Mention, EntitySpan] = {}
    line_of: dict[EntitySpan, int] = {}
    mention_of: dict[EntitySpan, Mention] = {}
    merged = -1
    for row in rows:
        for name, mention in ((reading.first, row.first), (reading.second, row.second)):
            if mention in spans:
                continue
            start, end = mention.start - offset, mention.end - offset
            span = token_span(tokens, start, end)
            assert span is not None  # the text is not blank, and every other character is in a token
            entity = spans[mention] = EntitySpan(*span, mention.type)
            if entity in line_of:
                expected, action = f"tokens of its own, unlike line {line_of[entity]}", "merged"
                reading.warning(row.line, name, mention.text, expected, action)
                reading.lost(Loss("merged", entities=1))
                merged = len(reading.findings) - 1
            line_of.setdefault(entity, row.line)
            mention_of.setdefault(entity, mention)
            reading.mentions.append(is_exact(tokens, span, start, end))
            if not reading.mentions[-1]:
                whole = text[tokens[span[0]].start : tokens[span[1] - 1].end]
                expected = whole_tokens(text, start, end, reading.language)
                reading.warning(row.line, name, mention.text, expected, f"changed to {whole!r}")
    entities = sorted(set(spans.values()))
    relations = [
        RelationPair(
            entities.index(spans[row.first]), entities.index(spans[row.second]), reading.types.relation
        )
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
    mentions = [mention_of[entity] for entity in resolved.entities]
    found = (Entity(m.type, m.start - offset, m.end - offset, m.text) for m in mentions)
    joined = (Relation(r.type, r.head, r.tail) for r in resolved.relations)
    return resolved, Document(text, (), tuple(found), tuple(joined), id=id)


def _split_id(id: str) -> tuple[str, int]:
    document, separator, offset = id.rpartition(":")
    if separator and OFFSET.fullmatch(offset):
        return document, int(offset)
    return id, 0


def _rows_text(sentence: Document) -> str:
    document, offset = _split_id(sentence.id)
    rows = []
    for relation in sentence.relations:
        fields = [document, sentence.text]
        for entity in (sentence.entities[relation.head], sentence.entities[relation.tail]):
            fields += [entity.text, str(offset + entity.start), str(offset + entity.end)]
        rows.append("|".join(fields) + "\n")
    return "".join(rows)
