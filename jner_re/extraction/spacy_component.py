"""A spaCy component that adds a model's entities and relations to documents.

    nlp = spacy.blank("en")
    nlp.add_pipe("jner_re", config={"model": "runs/mine"})
    doc = nlp("Ada Berg lives in Oslo.")
    doc.ents, doc._.relations

Where the package is not installed but on the path, import this module before. (It has no
`from __future__ import annotations`: spaCy reads the annotations of a factory.)
"""

import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import minibatch

from jner_re.corpora.docbin_document import RELATIONS
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.extraction.client import Client
from jner_re.extraction.precision import FLOAT32
from jner_re.extraction.rows import RefusedInputError

logger = logging.getLogger(__name__)

# Names of what is stored in a document, under the characters of a span and counted from its first one, as
# spaCy stores attributes of spans: it moves them along when documents are joined or cut.
_UNALIGNED = "jner_re_unaligned"  # of a place: start, end and type of each, and whether it is an entity


@dataclasses.dataclass(frozen=True)
class DocRelation:
    """A relation between two entities of a Doc.

    Attributes:
      head: of `doc.ents`.
      tail: likewise.
      type: e.g. "Live_In".
      score: its probability.
    """

    head: Span
    tail: Span
    type: str
    score: float


@dataclasses.dataclass(frozen=True)
class Unaligned:
    """An entity of the model that does not begin and end where spaCy's tokens do.

    Attributes:
      start: in `doc.text`.
      end: exclusive.
      type: e.g. "Peop".
      span: the tokens that it was widened to; None if it was left out, with its relations, since it would
        overlap another entity, or if they have been split or merged with others since.
    """

    start: int
    end: int
    type: str
    span: Span | None


class Component:
    """Sets `doc.ents`, `doc._.relations`, `doc._.unaligned` and `span._.score` of entities.

    The model reads `doc.text` and splits it by itself. Its entities are widened to whole tokens of spaCy's;
    whatever did not fit is in `doc._.unaligned`, and logged. Later components may merge and split tokens,
    and change `doc.ents`: relations are those between entities that are still where they were found.

    `nlp.pipe(n_process=2)` works with the URL of a served model, or where processes are spawned: TensorFlow
    does not survive a fork, and has a thread for each core anyway.
    """

    def __init__(self, name: str, model: Client, threshold: float | None, overwrite_ents: bool) -> None:
        """Takes what `make` does, opened."""
        self.name = name
        self._model, self._threshold, self._overwrite = model, threshold, overwrite_ents
        self._handle: Callable[[str, object, list[Doc], Exception], None] | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Adds what the model finds in one document.

        Raises:
          InputError: it is refused, or the model can't be reached.
        """
        self._annotate(doc, self._model(doc.text, self._threshold))
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 64) -> Iterator[Doc]:
        """Adds what the model finds in many, a batch at a time.

        A document that is refused goes to spaCy's error handler, without the rest of its batch.
        """
        for batch in minibatch(stream, batch_size):
            try:
                answers = self._model.documents_or_errors([doc.text for doc in batch], self._threshold)
            except InputError as error:
                self._fail(batch, error)
                continue
            for doc, found in zip(batch, answers, strict=True):
                if isinstance(found, RefusedInputError):
                    self._fail([doc], RefusedInputError(found.kind, 0, found.problem))
                else:
                    self._annotate(doc, found)
                    yield doc

    def set_error_handler(self, handler: Callable[[str, object, list[Doc], Exception], None]) -> None:
        """What is called with a document that is refused; by default the error is raised."""
        self._handle = handler

    def _fail(self, docs: list[Doc], error: Exception) -> None:
        if self._handle is None:
            raise error
        self._handle(self.name, self, docs, error)

    def _annotate(self, doc: Doc, found: Document) -> None:
        others = () if self._overwrite else doc.ents
        if self._overwrite:
            _forget(doc)
        taken = {token.i for other in others for token in other}
        kept: dict[int, Span] = {}
        for i, entity in enumerate(found.entities):
            span = doc.char_span(entity.start, entity.end, entity.type, alignment_mode="expand")
            assert span is not None, entity
            is_exact = (span.start_char, span.end_char) == (entity.start, entity.end)
            is_free = taken.isdisjoint(range(span.start, span.end))
            if is_free:
                kept[i] = span
                taken.update(range(span.start, span.end))
            if not (is_exact and is_free):
                _store(doc, _UNALIGNED, span, entity.start, entity.end, entity.type, is_free)
                became = (
                    f"widened to {span.text!r}" if is_free else f"{span.text!r} overlaps another, left out"
                )
                logger.warning("%s %r at %s: %s", entity.type, entity.text, entity.start, became)
        doc.ents = (*others, *kept.values())
        for i, span in kept.items():
            span._.score = found.entities[i].score
        for relation in found.relations:
            if relation.head in kept and relation.tail in kept:
                head, tail = kept[relation.head], kept[relation.tail]
                _store(doc, RELATIONS, head, tail.start_char, tail.end_char, relation.type, relation.score)


def _store(doc: Doc, name: str, span: Span, start: int, end: int, *values: object) -> None:
    key = ("._.", name, span.start_char, span.end_char)
    data: dict[Any, Any] = doc.user_data  # keys are tuples, too
    data.setdefault(key, []).append((start - span.start_char, end - span.start_char, *values))


def _stored(doc: Doc, name: str) -> Iterator[tuple[int, int, int, int, Any, Any]]:
    """What `_store` has stored, all in characters: start and end of the span and of the other, two values."""
    for key, others in doc.user_data.items():
        if isinstance(key, tuple) and key[:2] == ("._.", name):
            for start, end, *values in others:
                yield key[2], key[3], key[2] + start, key[2] + end, *values


def _forget(doc: Doc) -> None:
    for key in [*doc.user_data]:
        if isinstance(key, tuple) and key[:1] == ("._.",) and key[1] in (RELATIONS, _UNALIGNED):
            del doc.user_data[key]


def _relations(doc: Doc) -> tuple[DocRelation, ...]:
    there = {(entity.start_char, entity.end_char): entity for entity in doc.ents}
    return tuple(
        DocRelation(there[head_start, head_end], there[start, end], kind, score)
        for head_start, head_end, start, end, kind, score in _stored(doc, RELATIONS)
        if (head_start, head_end) in there and (start, end) in there
    )


def _unaligned(doc: Doc) -> tuple[Unaligned, ...]:
    length = len(doc.text)
    return tuple(
        Unaligned(start, end, kind, doc.char_span(first, last, kind) if is_entity else None)
        for first, last, start, end, kind, is_entity in _stored(doc, _UNALIGNED)
        if first >= 0 and last <= length  # else it was cut off
    )


@Language.factory(
    "jner_re",
    assigns=["doc.ents", "doc._.relations", "doc._.unaligned", "span._.score"],
    default_config={"threshold": None, "overwrite_ents": True, "precision": FLOAT32},
)
def make(
    nlp: Language, name: str, model: str, threshold: float | None, overwrite_ents: bool, precision: str
) -> Component:
    """The component.

    Args:
      nlp: of spaCy.
      name: likewise.
      model: model directory, exported folder, or URL of a served model.
      threshold: of relations, in place of the model's.
      overwrite_ents: whether entities of earlier components go; else those that overlap them are left out.
      precision: as of `jner_re.load`.
    """
    return Component(name, client.load(model, precision), threshold, overwrite_ents)


# As properties, so that a document that is read from disk has them, too.
Doc.set_extension("relations", getter=_relations, force=True)
Doc.set_extension("unaligned", getter=_unaligned, force=True)
Span.set_extension("score", default=None, force=True)
