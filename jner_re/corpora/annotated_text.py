"""What readers of running text have in common: what they hand on, and what they find on the way."""

from __future__ import annotations

import dataclasses
from typing import Literal, NamedTuple

from jner_re.corpora.corpus import Finding, Loss
from jner_re.document import Document


class Place(NamedTuple):
    """Where an entity or a relation stands in its file.

    Attributes:
      record: e.g. "line 7 (T3)".
      field: what of the record is meant, e.g. "span" or "entities[2]".
      name: by which others refer to it, e.g. "T3" or "entities[2]".
    """

    record: str
    field: str
    name: str


@dataclasses.dataclass(frozen=True)
class AnnotatedText:
    """A document as its file has it.

    Attributes:
      document: every entity is inside its text, every relation has two of the entities.
      file: of the annotation.
      record: of the document in it, e.g. "line 3".
      text_file: the name of the file that the text is in, if it is another.
      entities: the place of each entity.
      relations: likewise.
    """

    document: Document
    file: str
    record: str
    text_file: str
    entities: tuple[Place, ...]
    relations: tuple[Place, ...]

    @property
    def key(self) -> str:
        """Which no other document has."""
        return f"{self.file}\n{self.record}"


class Reading:
    """A document of a file while it is read.

    Attributes:
      file: the name of the file.
      place: of the document in it, e.g. "line 3".
      findings: what was found wrong or left out.
    """

    def __init__(self, file: str, place: str) -> None:
        self.file, self.place = file, place
        self.findings: list[Finding] = []

    def find(
        self,
        field: str,
        value: str,
        expected: str,
        kind: Literal["problem", "warning"],
        loss: Loss | None = None,
        action: str = "left out",
    ) -> None:
        """Adds a finding about the document."""
        self.findings.append(Finding(self.file, self.place, field, value, expected, action, kind, loss))
