"""What a model learned to name, in vocabulary.json of its directory."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.encoders.checkpoint_source import Origin
from jner_re.errors import InputError
from jner_re.schema import LabelSet, Sentence


@dataclasses.dataclass(frozen=True)
class ModelVocabulary:
    """Types, characters and what they come from.

    Attributes:
      entity_types: sorted.
      relation_types: sorted.
      characters: those that the character BiRNN knows.
      argument_types: (head type, tail type, relation type) seen together in training.
      fingerprints: hashes of the encoders and the word vectors (`Frozen.fingerprints`).
      corpora: checksums of the sentences it was trained on and of the dev set, and of soft targets if it
        learned these.
      origins: commits and weights of the encoders that are of the Hugging Face hub (`Frozen.origins`).
    """

    entity_types: tuple[str, ...]
    relation_types: tuple[str, ...]
    characters: str
    argument_types: tuple[tuple[str, str, str], ...]
    fingerprints: dict[str, str]
    corpora: dict[str, str]
    origins: dict[str, Origin] = dataclasses.field(default_factory=dict)

    @property
    def label_set(self) -> LabelSet:
        """The types."""
        return LabelSet(self.entity_types, self.relation_types)

    def save(self, path: pathlib.Path) -> None:
        """Writes JSON."""
        record = dataclasses.asdict(self)
        if not self.origins:
            del record["origins"]
        files.write_text(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: pathlib.Path) -> ModelVocabulary:
        """Reads what `save` wrote.

        Raises:
          InputError: the file is missing or of another shape.
        """
        record = files.read_json(path)
        try:
            vocabulary = cls(
                entity_types=_texts(record["entity_types"]),
                relation_types=_texts(record["relation_types"]),
                characters="".join(_texts(record["characters"])),
                argument_types=tuple(
                    (head, tail, relation) for head, tail, relation in map(_texts, record["argument_types"])
                ),
                fingerprints=dict(record["fingerprints"]),
                corpora=dict(record["corpora"]),
                origins={name: Origin(**origin) for name, origin in record.get("origins", {}).items()},
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: {error}, expected the vocabulary of a trained model") from None
        return vocabulary


def _texts(values: Any) -> tuple[str, ...]:
    """Raises TypeError if they are no texts."""
    if not all(isinstance(value, str) for value in values):
        raise TypeError(f"found {values!r}")
    return tuple(values)


def argument_types(sentences: Sequence[Sentence]) -> tuple[tuple[str, str, str], ...]:
    """The (head type, tail type, relation type) triples of a corpus."""
    return tuple(
        sorted(
            {
                (s.entities[relation.head].type, s.entities[relation.tail].type, relation.type)
                for s in sentences
                for relation in s.relations
            }
        )
    )
