"""What extraction gives: a text with its tokens, entities and relations."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Literal

from jner_re.corpora.tokenization import Token

if TYPE_CHECKING:
    import pandas as pd

_ENTITY_COLUMNS = {"type": "str", "text": "str", "start": "int64", "end": "int64", "score": "float64"}
_RELATION_COLUMNS = {
    "type": "str",
    **{f"{role}_{name}": kind for role in ("head", "tail") for name, kind in _ENTITY_COLUMNS.items()},
    "score": "float64",
}


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

    def to_spert(self) -> dict[str, Any]:
        """A record of SpERT's JSON, as the corpora have them: offsets are of tokens, scores are left out.

        The document is one record; relations join entities of one of its sentences.
        """
        starts = {token.start: i for i, token in enumerate(self.tokens)}
        ends = {token.end: i + 1 for i, token in enumerate(self.tokens)}
        return {
            "tokens": [token.text for token in self.tokens],
            "entities": [
                {"type": entity.type, "start": starts[entity.start], "end": ends[entity.end]}
                for entity in self.entities
            ],
            "relations": [
                {"type": relation.type, "head": relation.head, "tail": relation.tail}
                for relation in self.relations
            ],
        }

    def to_brat(self) -> str:
        """The annotation in brat's standoff format (.ann); `text` is its document (.txt).

        An entity that runs over a line break is written in fragments, one a line, as brat asks.
        """
        lines = []
        for number, entity in enumerate(self.entities, start=1):
            parts = [
                (entity.start + part.start(), entity.start + part.end())
                for part in re.finditer(r"[^\r\n]+", entity.text)
            ]
            spans = ";".join(f"{start} {end}" for start, end in parts)
            text = " ".join(self.text[start:end] for start, end in parts)
            lines.append(f"T{number}\t{entity.type} {spans}\t{text}\n")
        for number, relation in enumerate(self.relations, start=1):
            arguments = f"Arg1:T{relation.head + 1} Arg2:T{relation.tail + 1}"
            lines.append(f"R{number}\t{relation.type} {arguments}\t\n")
        return "".join(lines)

    def to_dataframe(self, of: Literal["relations", "entities"] = "relations") -> pd.DataFrame:
        """A row a relation, with all that is known of its two entities, or a row an entity.

        The columns are the same for every document, so that frames can be joined by `pandas.concat`.

        Args:
          of: "relations": type, head_type, head_text, head_start, head_end, head_score, the same of the tail,
            and score; or "entities": type, text, start, end, score.
        """
        import pandas as pd

        if of == "entities":
            rows = [_values(entity) for entity in self.entities]
            return pd.DataFrame(rows, columns=list(_ENTITY_COLUMNS)).astype(_ENTITY_COLUMNS)
        rows = [
            (
                found.type,
                *_values(self.entities[found.head]),
                *_values(self.entities[found.tail]),
                found.score,
            )
            for found in self.relations
        ]
        return pd.DataFrame(rows, columns=list(_RELATION_COLUMNS)).astype(_RELATION_COLUMNS)

    def _repr_html_(self) -> str:
        """What notebooks show: entities and relation arcs."""
        from jner_re import drawing

        return drawing.html(self)


def _values(entity: Entity) -> tuple[Any, ...]:
    return tuple(getattr(entity, name) for name in _ENTITY_COLUMNS)


def _rounded(found: Entity | Relation) -> dict[str, Any]:
    return {**dataclasses.asdict(found), "score": round(found.score, 4)}
