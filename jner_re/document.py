"""A text with its entities and relations: what is annotated, and what extraction gives."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from jner_re import drawing, schema
from jner_re.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# Characters that would end a line or a field of an .ann file, with the white space around them.
_BREAK = re.compile(r"\s*[\t-\r\x1c-\x1e\x85\u2028\u2029]\s*")


class Token(NamedTuple):
    """A token and where it stands in its text, in code points (end exclusive)."""

    text: str
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Entity:
    """An entity, `text[start:end]` of its document.

    Attributes:
      type: e.g. "Peop".
      start: place in the document's text, in code points.
      end: exclusive.
      text: the document's text there.
      score: the CRF's posterior probability of this span with this type; NaN if it is annotated.
    """

    type: str
    start: int
    end: int
    text: str
    score: float = math.nan


@dataclasses.dataclass(frozen=True)
class Relation:
    """A relation between two entities of a document.

    Attributes:
      type: e.g. "Live_In".
      head: index of the entity that it leads from.
      tail: index of the entity that it leads to.
      score: its probability; NaN if it is annotated.
    """

    type: str
    head: int
    tail: int
    score: float = math.nan


@dataclasses.dataclass(frozen=True)
class Document:
    """A text with its annotation, gold or predicted.

    Attributes:
      text: as given.
      tokens: its words, if a model has read it.
      entities: of the text; predicted ones in its order.
      relations: between them.
      broken_at: places in the text where a sentence that is too long for the model was broken; no relation
        was looked for across them.
      id: by which its file knows it; "" for none.
      fields: what its file says of it besides, by name, as JSON has it.
      clusters: indexes of entities that are mentions of the same thing; no entity is in two.
    """

    text: str
    tokens: tuple[Token, ...] = ()
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    broken_at: tuple[int, ...] = ()
    id: str = ""
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)
    clusters: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of_sentence(cls, sentence: schema.Sentence, scored: schema.Scored | None = None) -> Document:
        """A sentence's tokens joined by spaces.

        Args:
          sentence: valid or not, but with entities inside it.
          scored: entities and relations in place of the sentence's own, which have the score NaN.
        """
        if scored is None:
            scored = [(e, math.nan) for e in sentence.entities], [(r, math.nan) for r in sentence.relations]
        tokens, place = [], 0
        for token in sentence.tokens:
            tokens.append(Token(token, place, place + len(token)))
            place += len(token) + 1
        text = " ".join(sentence.tokens)
        entities = []
        for entity, score in scored[0]:
            start, end = tokens[entity.start].start, tokens[entity.end - 1].end
            entities.append(Entity(entity.type, start, end, text[start:end], score))
        relations = (Relation(r.type, r.head, r.tail, score) for r, score in scored[1])
        return cls(text, tuple(tokens), tuple(entities), tuple(relations), id=sentence.id)

    def to_json(self) -> dict[str, Any]:
        """{"id", "text", "entities": [{fields of Entity}], "relations": [{fields of Relation}], …}.

        The further fields are among them. Scores are rounded to four digits; those that are NaN are left out,
        an id that is "", and the tokens. If a sentence was broken, "broken_at" says where; if there are
        clusters, "clusters" has them.
        """
        return {
            **({"id": self.id} if self.id else {}),
            **self.fields,
            "text": self.text,
            "entities": [_rounded(entity) for entity in self.entities],
            "relations": [_rounded(relation) for relation in self.relations],
            **({"broken_at": list(self.broken_at)} if self.broken_at else {}),
            **({"clusters": list(map(list, self.clusters))} if self.clusters else {}),
        }

    def to_spert(self) -> dict[str, Any]:
        """A record of SpERT's JSON, the corpora's interchange format: the whole document as one sentence.

        {"tokens": [str], "entities": [{"type", "start", "end"}], "relations": [{"type", "head", "tail"}]},
        with places in tokens, `end` exclusive. A list of such records is a corpus; a document without tokens
        has no place there.

        Raises:
          InputError: an entity does not begin and end where tokens do. Those of the extractor always do.
        """
        starts = {token.start: i for i, token in enumerate(self.tokens)}
        ends = {token.end: i + 1 for i, token in enumerate(self.tokens)}
        entities = []
        for i, entity in enumerate(self.entities):
            start, end = starts.get(entity.start), ends.get(entity.end)
            if start is None or end is None:
                place = f"{entity.start} to {entity.end}"
                raise InputError(f"entities[{i}] is {place}, expected places where tokens begin and end")
            entities.append(schema.EntitySpan(start, end, entity.type))
        relations = (schema.RelationPair(r.head, r.tail, r.type) for r in self.relations)
        tokens = tuple(token.text for token in self.tokens)
        return schema.Sentence(tokens, tuple(entities), tuple(relations)).to_spert()

    def to_brat(self) -> str:
        """The annotation file (.ann) of brat's standoff format; "" if nothing was found.

        It belongs to a file with exactly `text` (UTF-8, line ends as they are). An entity with a line break
        or a tab inside has one fragment for each part, and its parts are joined by a space. Scores are notes,
        rounded to four digits:

            T1\tPeop 0 3;4 8\tAda Berg
            R1\tLive_In Arg1:T1 Arg2:T2
            #1\tAnnotatorNotes T1\t0.93

        Raises:
          InputError: it has what the format cannot represent (`not_in_brat`).
        """
        for field, value, expected in self.not_in_brat():
            raise InputError(f"{field} is {value!r}, expected {expected}")
        lines = []
        for i, entity in enumerate(self.entities, start=1):
            fragments = _fragments(self.text, entity)
            places = ";".join(f"{start} {end}" for start, end in fragments)
            covered = " ".join(self.text[start:end] for start, end in fragments)
            lines.append(f"T{i}\t{entity.type} {places}\t{covered}\n")
        for i, relation in enumerate(self.relations, start=1):
            lines.append(f"R{i}\t{relation.type} Arg1:T{relation.head + 1} Arg2:T{relation.tail + 1}\n")
        scored = [(f"T{i}", entity.score) for i, entity in enumerate(self.entities, start=1)]
        scored += [(f"R{i}", relation.score) for i, relation in enumerate(self.relations, start=1)]
        notes = [f"{id}\t{_digits(score)}" for id, score in scored if not math.isnan(score)]
        lines += [f"#{i}\tAnnotatorNotes {note}\n" for i, note in enumerate(notes, start=1)]
        return "".join(lines)

    def not_in_brat(self) -> Iterator[tuple[str, str, str]]:
        """What brat's standoff format cannot represent: field, value, and what is expected.

        Types that are empty or have white space; entities that begin or end with the end of a line or of a
        field, or have nothing else.
        """
        types = [(f"entities[{i}]", entity.type) for i, entity in enumerate(self.entities)]
        types += [(f"relations[{i}]", relation.type) for i, relation in enumerate(self.relations)]
        for name, type in types:
            if type.split() != [type]:
                yield f"{name}.type", type, "one without white space"
        for i, entity in enumerate(self.entities):
            if not entity.text.strip():
                yield f"entities[{i}]", entity.text, "more than white space"
            elif _BREAK.match(entity.text) or _BREAK.fullmatch(entity.text, len(entity.text.rstrip())):
                yield f"entities[{i}]", entity.text, "text that begins and ends on the entity's lines"

    def to_dataframe(self, of: Literal["relations", "entities"] = "relations") -> pd.DataFrame:
        """A table, one row a relation or an entity; its columns and their types are always the same.

        Of many documents, with a first index level that counts them:

            pd.concat([document.to_dataframe() for document in documents], keys=range(len(documents)))

        Args:
          of: "relations" has `head_text`, `type`, `tail_text`, `score` first, then of
            both entities the type and score, the index among the entities, and the place. "entities" has
            `text`, `type`, `score`, `start`, `end`, in the order that `head` and `tail` refer to.

        Raises:
          ValueError: another value of `of`.
        """
        import pandas as pd  # it takes a while

        if of not in _COLUMNS:
            raise ValueError(f"of is {of!r}, expected 'relations' or 'entities'")
        if of == "entities":
            rows = [dataclasses.asdict(entity) for entity in self.entities]
        else:
            rows = [self._row(relation) for relation in self.relations]
        columns = _COLUMNS[of].items()
        return pd.DataFrame({name: pd.Series([r[name] for r in rows], dtype=kind) for name, kind in columns})

    def _row(self, relation: Relation) -> dict[str, Any]:
        row = dataclasses.asdict(relation)
        for role in ("head", "tail"):
            entity = dataclasses.asdict(self.entities[row[role]])
            row.update({f"{role}_{name}": value for name, value in entity.items()})
        return row

    def _repr_html_(self) -> str:
        """The drawing that notebooks show (`jner_re.drawing`)."""
        return drawing.html(self)


# A terminal shows the first and the last columns of a wide table: texts, types and scores stand first.
_COLUMNS: dict[str, dict[str, type]] = {
    "entities": {"text": str, "type": str, "score": float, "start": int, "end": int},
    "relations": {
        "head_text": str,
        "type": str,
        "tail_text": str,
        "score": float,
        "head_type": str,
        "tail_type": str,
        "head_score": float,
        "tail_score": float,
        "head": int,
        "tail": int,
        "head_start": int,
        "head_end": int,
        "tail_start": int,
        "tail_end": int,
    },
}


def _fragments(text: str, entity: Entity) -> list[tuple[int, int]]:
    """The parts of an entity between line breaks and tabs."""
    breaks = [match.span() for match in _BREAK.finditer(text, entity.start, entity.end)]
    starts = [entity.start, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), entity.end]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


def _rounded(found: Entity | Relation) -> dict[str, Any]:
    record = dataclasses.asdict(found)
    score = record.pop("score")
    return record if math.isnan(score) else {**record, "score": _digits(score)}


def _digits(score: float) -> float:
    return round(score, 4)
