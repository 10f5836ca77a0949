"""A Doc of spaCy as a document (`docbin` says what is in it)."""

from __future__ import annotations

import json
import math
from typing import Any

from jner_re.corpora.annotated_text import AnnotatedText, Place, Reading
from jner_re.corpora.corpus import Loss, has_surrogate, shortened
from jner_re.document import Document, Entity, Relation

RELATIONS = "jner_re_relations"  # of a head, in user_data: start, end, type and score of each
SCORE = "score"
_TUTORIAL = "rel"
_MIN_SCORE = 0.5


class DocBinDocument(Reading):
    """A document while it is read."""

    def __init__(self, doc: Any, file: str, place: str, has_groups: bool) -> None:
        """Takes a `spacy.tokens.Doc`; `has_groups` says whether it had groups of spans."""
        super().__init__(file, place)
        self._doc = doc
        if has_groups:
            self.find("spans", "groups of spans", "none (doc.ents are read)", "warning")
        self._id = ""
        self._fields: dict[str, Any] = {}
        self._stored: list[tuple[str, Any, Any, Any]] = []  # name, start, end and value of attributes
        for key, value in doc.user_data.items():
            self._take(key, value)

    def text(self) -> AnnotatedText:
        """The document, with the places of its annotation."""
        text: str = self._doc.text
        scores = {(start, end): value for name, start, end, value in self._stored if name == SCORE}
        entities: list[Entity] = []
        places: list[Place] = []
        by_token: dict[int, int] = {}
        for i, span in enumerate(self._doc.ents):
            start, end, field = span.start_char, span.end_char, f"ents[{i}]"
            if not span.text.strip():
                loss = Loss("only white space", entities=1)
                self.find(field, repr(shortened(span.text)), "more than white space", "problem", loss)
                continue
            by_token[span.start] = len(entities)
            entities.append(
                Entity(span.label_, start, end, text[start:end], _score(scores.get((start, end))))
            )
            places.append(Place(self.place, field, field))
        relations, relation_places = self._relations(entities, by_token)
        document = Document(text, (), tuple(entities), tuple(relations), id=self._id, fields=self._fields)
        return AnnotatedText(document, self.file, self.place, "", tuple(places), tuple(relation_places))

    def _take(self, key: Any, value: Any) -> None:
        """Keeps an entry of user_data."""
        if isinstance(key, tuple) and len(key) >= 4 and key[0] == "._.":
            if key[1] in (RELATIONS, SCORE, _TUTORIAL):
                self._stored.append((key[1], key[2], key[3], value))
            else:
                self.find(f"_.{shortened(str(key[1]))}", shortened(repr(value)), _NO_PLACE, "warning")
        elif key == "id" and isinstance(value, str | int):
            self._id = str(value)
        else:
            try:
                kept = json.loads(json.dumps(value, allow_nan=False))
                if not isinstance(key, str) or has_surrogate(key + json.dumps(kept, ensure_ascii=False)):
                    raise ValueError
            except (TypeError, ValueError, RecursionError):
                field = f"user_data[{shortened(repr(key))}]"
                self.find(field, shortened(repr(value)), "a name, and a value of JSON", "warning")
            else:
                self._fields[key] = kept

    def _relations(
        self, entities: list[Entity], by_token: dict[int, int]
    ) -> tuple[list[Relation], list[Place]]:
        by_place = {(entity.start, entity.end): i for i, entity in enumerate(entities)}
        relations: list[Relation] = []
        places: list[Place] = []
        for name, start, end, value in self._stored:
            found = []
            if name == RELATIONS:
                found = self._of_component(start, end, value)
                ends: dict[Any, int] = dict(by_place)
                expected, field = "places of entities", "_.relations"
            elif name == _TUTORIAL:
                found = self._of_tutorial(value)
                ends, expected, field = dict(by_token), "the first tokens of entities", "_.rel"
            for head, tail, kind, score in found:
                missing = next((end for end in (head, tail) if end not in ends), None)
                if missing is not None:
                    value = f"{shortened(repr(kind))} of {shortened(f'{head} and {tail}')}"
                    self.find(field, value, expected, "problem", Loss("of an unknown entity", relations=1))
                    continue
                relations.append(Relation(kind, ends[head], ends[tail], score))
                places.append(Place(self.place, field, f"{field} {head} to {tail}"))
        return relations, places

    def _of_component(self, start: Any, end: Any, value: Any) -> list[tuple[Any, Any, str, float]]:
        """Relations as places of head and tail, type and score."""
        found = []
        for each in value if isinstance(value, list | tuple) else [value]:
            match each:
                case (int(first), int(last), str(kind), score) if type(start) is int and kind:
                    place = (start + first, start + last)
                    found.append(((start, end), place, kind, _score(score)))
                case _:
                    expected = "start, end, type and score"
                    loss = Loss("of a wrong shape", relations=1)
                    self.find("_.relations", shortened(repr(each)), expected, "problem", loss)
        return found

    def _of_tutorial(self, value: Any) -> list[tuple[Any, Any, str, float]]:
        """Relations that are likely, as first tokens of head and tail, type and score."""
        found = []
        for pair, types in value.items() if isinstance(value, dict) else [(None, value)]:
            match pair, types:
                case (int(head), int(tail)), dict() if all(
                    isinstance(kind, str) and kind and isinstance(score, float | int)
                    for kind, score in types.items()
                ):
                    for kind, score in types.items():
                        if score >= _MIN_SCORE:  # 1 is annotated
                            found.append((head, tail, kind, math.nan if score == 1 else _score(score)))
                case _:
                    expected = "(head, tail): {type: probability}"
                    loss = Loss("of a wrong shape", relations=1)
                    self.find("_.rel", shortened(f"{pair}: {types}"), expected, "problem", loss)
        return found


_NO_PLACE = "no attributes but relations, rel and score"


def _score(value: Any) -> float:
    """A probability, else NaN."""
    return float(value) if isinstance(value, float | int) and 0 <= value <= 1 else math.nan
