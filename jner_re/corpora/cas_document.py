"""A UIMA CAS as a document (`cas` says what is in it)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jner_re.corpora.annotated_text import AnnotatedText, Place, Reading
from jner_re.corpora.cas_layers import ANNOTATION, HEAD, TAIL, Layer, Layers
from jner_re.corpora.corpus import Loss, shortened
from jner_re.document import Document, Entity, Relation

METADATA = "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData"
_RECORD = "document"
_RENAMED = {"self": "self_", "type": "type_"}  # features as cassis has them


class CasDocument(Reading):
    """A document while it is read."""

    def __init__(self, cas: Any, file: str, id: str, layers: Layers) -> None:
        """Takes a `cassis.Cas`; `id` is the document's if it does not say itself."""
        super().__init__(file, _RECORD)
        self._layers = layers
        self._text: str = cas.sofa_string or ""
        annotations = sorted(cas.select(ANNOTATION), key=lambda fs: fs.xmiID)
        self._annotations = annotations
        metadata = [fs for fs in annotations if fs.type.name == METADATA]
        given = _feature(metadata[0], "documentId") if metadata else None
        self._id = given if isinstance(given, str) else id
        if not self._text:
            self.find("text", "none", "the text of the document", "warning", action="")
        if len(cas.views) > 1:
            self.find("views", str(len(cas.views)), "one text", "warning", action="the first is read")

    def text(self) -> AnnotatedText:
        """The document, with the places of its annotation."""
        entities: list[Entity] = []
        places: list[Place] = []
        # By the identity of the annotation: cassis's equality is another.
        index: dict[int, int | None] = {}
        for layer, fs in self._of(self._layers.spans):
            entity = self._entity(layer, fs)
            index[id(fs)] = len(entities) if entity else None
            if entity:
                entities.append(entity)
                places.append(Place(self.place, _name(fs), _name(fs)))
        relations: list[Relation] = []
        relation_places: list[Place] = []
        for layer, fs in self._of(self._layers.relations):
            if relation := self._relation(layer, fs, index, entities):
                relations.append(relation)
                relation_places.append(Place(self.place, _name(fs), _name(fs)))
        document = Document(self._text, (), tuple(entities), tuple(relations), id=self._id)
        return AnnotatedText(document, self.file, self.place, "", tuple(places), tuple(relation_places))

    def _of(self, layers: Sequence[Layer]) -> list[tuple[Layer, Any]]:
        by_name = {layer.name: layer for layer in layers}
        return [(by_name[fs.type.name], fs) for fs in self._annotations if fs.type.name in by_name]

    def _entity(self, layer: Layer, fs: Any) -> Entity | None:
        """A span as an entity; None if it can't be one, which is told."""
        start, end = fs.begin, fs.end
        is_place = type(start) is int and type(end) is int and 0 <= start < end <= len(self._text)
        if not (is_place and self._text[start:end].strip()):
            reason = "only white space" if is_place else "outside of the text"
            expected = "more than white space" if is_place else f"places from 0 to {len(self._text)}"
            value = shortened(f"{start} to {end}")
            self.find(_name(fs), value, expected, "problem", Loss(reason, entities=1))
            return None
        kind = _feature(fs, layer.feature) if layer.feature else layer.short_name
        if not isinstance(kind, str) or not kind:
            value = repr(shortened(self._text[start:end]))
            expected = f"a value of the feature {layer.feature}"
            self.find(_name(fs), value, expected, "problem", Loss("without a type", entities=1))
            return None
        return Entity(kind, start, end, self._text[start:end], _score(fs))

    def _relation(
        self, layer: Layer, fs: Any, index: dict[int, int | None], entities: list[Entity]
    ) -> Relation | None:
        """A relation; None if it can't be one, which is told."""
        ends = []
        for feature in (HEAD, TAIL):
            target = _feature(fs, feature)
            span = (getattr(target, "begin", None), getattr(target, "end", None))
            # Relations of tokens lead to the entities with the same places.
            there = [i for i, entity in enumerate(entities) if (entity.start, entity.end) == span]
            found = index.get(id(target))
            if found is None and id(target) not in index and len(there) == 1:
                found = there[0]
            if found is None:
                reason, expected = "of an unknown entity", "an entity's annotation or places"
                if id(target) in index:
                    reason, expected = "of a lost entity", "an entity that was read"
                elif there:
                    reason, expected = "of an ambiguous entity", f"the places of one entity, not {len(there)}"
                value = "none" if target is None else _shown(target)
                self.find(f"{_name(fs)}.{feature}", value, expected, "problem", Loss(reason, relations=1))
                return None
            ends.append(found)
        kind = _feature(fs, layer.feature) if layer.feature else layer.short_name
        if not isinstance(kind, str) or not kind:
            value = " to ".join(repr(shortened(entities[end].text)) for end in ends)
            expected = f"a value of the feature {layer.feature}"
            self.find(_name(fs), value, expected, "problem", Loss("without a type", relations=1))
            return None
        return Relation(kind, ends[0], ends[1], _score(fs))


def _feature(fs: Any, name: str) -> Any:
    return getattr(fs, _RENAMED.get(name, name), None)


def _score(fs: Any) -> float:
    """Its score if that is a probability, else NaN."""
    score = _feature(fs, "score")
    return float(score) if isinstance(score, float | int) and 0 <= score <= 1 else math.nan


def _name(fs: Any) -> str:
    return f"{shortened(fs.type.name.rpartition('.')[2])} {fs.xmiID}"


def _shown(target: Any) -> str:
    if not hasattr(target, "type"):
        return shortened(repr(target))
    return shortened(f"{_name(target)} ({getattr(target, 'begin', None)} to {getattr(target, 'end', None)})")
