"""DyGIE++'s JSON lines, as of SciERC, PURE and PL-Marker: a document of tokenized sentences a line.

    {"doc_key": "a", "sentences": [["Ann", "joined", "Acme"], ["She", "left"]],
     "ner": [[[0, 0, "Peop"], [2, 2, "Org"]], [[3, 3, "Peop"]]],
     "relations": [[[0, 0, 2, 2, "Work_For"]], []]}

Places count tokens from the start of the document, and the end is inclusive. Relations name their entities by
their places. The sentences are given, so they are not split again; a document's text has its tokens joined by
spaces and its sentences on lines of their own.
"""

from __future__ import annotations

import collections
import itertools
import math
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jner_re import files, json_text
from jner_re.corpora import json_lines, json_records
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    Loss,
    check_corpus,
    check_sentence,
    require_valid,
    shortened,
)
from jner_re.corpora.json_records import WrongShapeError
from jner_re.document import Document, Entity, Relation
from jner_re.schema import EntitySpan, RelationPair, Sentence

_KEYS = ("doc_key", "sentences", "ner", "relations")


def load(path: pathlib.Path, window: int = 1) -> Corpus:
    """Reads a corpus with everything found about it.

    A line of a wrong shape is left out whole, as are entities that are not in their sentence and relations
    without two entities: problems. Relations between two sentences, and annotation of other keys (clusters,
    events), are warnings. The third value of an entity and the fifth of a relation are their types; what
    follows them, the scores of predictions, is read over.

    Args:
      path: of the file.
      window: how many consecutive sentences a model reads; where these are more than one, a document is one
        `Sentence` with `breaks`, and relations join entities of so many sentences.

    Raises:
      InputError: the file is no UTF-8 text, or empty.
    """
    path = pathlib.Path(path)
    read, findings = json_lines.read(path, lambda record, place: _Reading(record, str(path), place, window))
    others: dict[str, str] = {}
    for document in read:
        findings += document.findings
        for key in document.other_keys:
            others.setdefault(key, document.place)
    for key, place in others.items():
        expected = f"no other key than {', '.join(_KEYS)}"
        findings.append(
            Finding(str(path), place, shortened(repr(key)), "given", expected, "left out", "warning")
        )
    sentences = [sentence for document in read for sentence in document.sentences]
    places = [place for document in read for place in document.places]
    return Corpus(
        sentences,
        findings + check_corpus(sentences, path, places),
        documents=[document.document() for document in read],
        document_findings=findings,
        distances=collections.Counter(distance for document in read for distance in document.distances),
    )


def write(sentences: Sequence[Sentence], path: pathlib.Path) -> None:
    """Writes sentences; those of one document that follow each other make a line, others a line each.

    Raises:
      InputError: a sentence is not valid, or the file cannot be written.
    """
    path = pathlib.Path(path)
    require_valid(sentences, path)
    lines = (json_text.line(_record(group)) for group in _documents(sentences))
    files.write_text(path, "".join(f"{line}\n" for line in lines))


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid sentences: nothing."""
    return []


class _Fact(NamedTuple):
    """An annotation of the file: its name there, and its values."""

    name: str
    values: list[Any]


class _Reading:
    """A document while it is read.

    Attributes:
      place: of the record.
      sentences: in the order of the text.
      places: of each, for messages.
      findings: what was found wrong or left out.
      other_keys: what else the record has.
      distances: of each relation, in sentences.
    """

    def __init__(self, record: Any, file: str, place: str, window: int) -> None:
        """Takes a record; raises WrongShapeError."""
        if not isinstance(record, dict):
            raise WrongShapeError("document", record, "an object with sentences, ner and relations")
        self._file, self.place = file, place
        self.findings: list[Finding] = []
        self.other_keys = [key for key in record if key not in _KEYS]
        self._id = json_records.check_id(record.get("doc_key"), "doc_key")
        self._tokens = [_tokens(item, i) for i, item in enumerate(json_records.list_of(record, "sentences"))]
        self._starts = [0, *itertools.accumulate(map(len, self._tokens))]
        self._spans: list[EntitySpan] = []  # in tokens of the document
        self._by_place: dict[tuple[int, int], int] = {}
        entities: list[list[EntitySpan]] = [[] for _ in self._tokens]
        number_of: list[int] = []
        index_of: list[int] = []
        for number, found in enumerate(_by_sentence(record, "ner", 2, len(self._tokens))):
            first, end = self._starts[number], self._starts[number + 1]
            for fact in found:
                start, last, type = *_integers(fact, 2), json_records.check_text(fact.values[2], fact.name)
                if not first <= start <= last < end:
                    expected = f"tokens from {first} to {end - 1}, as its sentence has"
                    self._lose(fact, expected, "outside of its sentence", entities=1)
                    continue
                self._by_place.setdefault((start, last), len(self._spans))
                self._spans.append(EntitySpan(start, last + 1, type))
                number_of.append(number)
                index_of.append(len(entities[number]))
                entities[number].append(EntitySpan(start - first, last + 1 - first, type))
        self._relations: list[RelationPair] = []
        self.distances: list[int] = []
        pairs: list[list[RelationPair]] = [[] for _ in self._tokens]
        joined: list[RelationPair] = []  # of the document
        facts = _by_sentence(record, "relations", 4, len(self._tokens)) if "relations" in record else []
        for fact in itertools.chain.from_iterable(facts):
            places, type = _integers(fact, 4), json_records.check_text(fact.values[4], fact.name)
            head, tail = (self._by_place.get((places[i], places[i + 1])) for i in (0, 2))
            if head is None or tail is None:
                self._lose(fact, "the places of two entities", "of an unknown entity", relations=1)
                continue
            self._relations.append(RelationPair(head, tail, type))
            self.distances.append(abs(number_of[head] - number_of[tail]))
            if self.distances[-1] >= window:
                expected = "entities of one sentence"
                reason = "between two sentences"
                if window > 1:
                    expected, reason = (
                        f"entities of {window} consecutive sentences",
                        "of sentences too far apart",
                    )
                self._lose(fact, expected, reason, "warning", relations=1)
            elif window > 1:
                joined.append(RelationPair(head, tail, type))
            else:
                pairs[number_of[head]].append(RelationPair(index_of[head], index_of[tail], type))
        self.sentences, self.places = [], []
        if window > 1 and self._tokens:
            words = tuple(itertools.chain.from_iterable(self._tokens))
            annotation = tuple(self._spans), tuple(joined)
            breaks = tuple(self._starts[1:-1])
            self.sentences.append(Sentence(words, *annotation, self._id, f"{file}\n{place}", breaks))
            self.places.append(place)
            self.findings += check_sentence(self.sentences[0], file, place)
            return
        for number, tokens in enumerate(self._tokens):
            id = f"{self._id}:{number + 1}" if self._id and len(self._tokens) > 1 else self._id
            annotation = tuple(entities[number]), tuple(pairs[number])
            sentence = Sentence(tuple(tokens), *annotation, id, f"{file}\n{place}")
            self.sentences.append(sentence)
            self.places.append(f"{place} (sentence {number + 1})")
            self.findings += check_sentence(sentence, file, self.places[-1])

    def document(self) -> Document:
        """The text with all annotation."""
        places, texts = [], []
        start = 0
        for tokens in self._tokens:
            for token in tokens:
                places.append((start, start + len(token)))
                start += len(token) + 1
            texts.append(" ".join(tokens))
        text = "\n".join(texts)
        entities = []
        for span in self._spans:
            begin, end = places[span.start][0], places[span.end - 1][1]
            entities.append(Entity(span.type, begin, end, text[begin:end], math.nan))
        relations = (Relation(pair.type, pair.head, pair.tail) for pair in self._relations)
        return Document(text, (), tuple(entities), tuple(relations), id=self._id)

    def _lose(
        self,
        fact: _Fact,
        expected: str,
        reason: str,
        kind: Any = "problem",
        entities: int = 0,
        relations: int = 0,
    ) -> None:
        loss = Loss(reason, entities=entities, relations=relations)
        value = shortened(json_text.line(fact.values))
        self.findings.append(
            Finding(self._file, self.place, fact.name, value, expected, "left out", kind, loss)
        )


def _tokens(item: Any, number: int) -> list[str]:
    if not isinstance(item, list):
        raise WrongShapeError(f"sentences[{number}]", item, "a list of tokens")
    return [json_records.check_text(token, f"sentences[{number}][{i}]") for i, token in enumerate(item)]


def _by_sentence(record: dict[str, Any], key: str, places: int, count: int) -> list[list[_Fact]]:
    """The annotations of each sentence, each a list of places and a type; raises WrongShapeError."""
    lists = json_records.list_of(record, key)
    if len(lists) != count:
        raise WrongShapeError(key, f"{len(lists)} lists", f"{count}, as there are sentences")
    found = []
    for number, items in enumerate(lists):
        if not isinstance(items, list):
            raise WrongShapeError(f"{key}[{number}]", items, "a list")
        facts = [_Fact(f"{key}[{number}][{i}]", item) for i, item in enumerate(items)]
        for fact in facts:
            if not isinstance(fact.values, list) or len(fact.values) <= places:
                raise WrongShapeError(
                    fact.name, fact.values, f"a list of {places} tokens' numbers and a type"
                )
        found.append(facts)
    return found


def _integers(fact: _Fact, count: int) -> list[int]:
    for value in fact.values[:count]:
        if type(value) is not int:
            raise WrongShapeError(fact.name, fact.values, f"{count} integers and a type")
    return fact.values[:count]


def _documents(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Sentences that follow each other and are of one document."""
    for key, group in itertools.groupby(sentences, key=lambda sentence: sentence.document):
        found = list(group)
        yield from [found] if key else [[sentence] for sentence in found]


def _record(group: Sequence[Sentence]) -> dict[str, Any]:
    """The document of sentences; its key is the part of their ids before ":1" and so on."""
    key = group[0].id.removesuffix(":1") if len(group) > 1 else group[0].id
    ner, relations, offset = [], [], 0
    for sentence in group:
        places = [(e.start + offset, e.end - 1 + offset) for e in sentence.entities]
        ner.append([[*place, e.type] for place, e in zip(places, sentence.entities, strict=True)])
        relations.append([[*places[r.head], *places[r.tail], r.type] for r in sentence.relations])
        offset += len(sentence.tokens)
    tokens = [list(sentence.tokens) for sentence in group]
    return {"doc_key": key, "sentences": tokens, "ner": ner, "relations": relations}
