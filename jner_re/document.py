"""What extraction gives: a text with its tokens, entities and relations."""

from __future__ import annotations

import dataclasses
from typing import Any

from jner_re.corpora.tokenization import Token


@dataclasses.dataclass(frozen=True)
class Entity:
    """An entity, `text[start:end]` of its document.

    Attributes:
      type: e.g. "Peop".
      start: place in the document's text, in code points.
      end: exclusive.
      text: the document's text there.
      score: the CRF's posterior probability of this span with this type.
    """

    type: str
    start: int
    end: int
    text: str
    score: float


@dataclasses.dataclass(frozen=True)
class Relation:
    """A relation between two entities of a document.

    Attributes:
      type: e.g. "Live_In".
      head: index of the entity that it leads from.
      tail: index of the entity that it leads to.
      score: its probability.
    """

    type: str
    head: int
    tail: int
    score: float


@dataclasses.dataclass(frozen=True)
class Document:
    """A text, read.

    Attributes:
      text: as given.
      tokens: its words.
      entities: in the order of the text.
      relations: between them.
    """

    text: str
    tokens: tuple[Token, ...] = ()
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """{"text", "entities": [{fields of Entity}], "relations": [{fields of Relation}]}.

        Scores are rounded to four digits; the tokens are left out.
        """
        return {
            "text": self.text,
            "entities": [_rounded(entity) for entity in self.entities],
            "relations": [_rounded(relation) for relation in self.relations],
        }


def _rounded(found: Entity | Relation) -> dict[str, Any]:
    return {**dataclasses.asdict(found), "score": round(found.score, 4)}
