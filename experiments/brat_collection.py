"""A brat collection of extracted documents."""

from __future__ import annotations

import pathlib

from jner_re import files
from jner_re.document import Document
from jner_re.errors import InputError


class BratCollection:
    """A folder of documents, each a .txt and an .ann, and of brat's list of their types."""

    def __init__(self, folder: pathlib.Path) -> None:
        """Writes nothing yet.

        Raises:
          InputError: the folder has something in it.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder}: exists already, expected a new or empty folder")
        self._folder = folder
        self._entities: set[str] = set()
        self._relations: set[str] = set()

    def add(self, name: str, document: Document) -> None:
        """Writes a document.

        Raises:
          InputError: the folder can't be written to, or a type has white space.
        """
        files.write_text(self._folder / f"{name}.ann", document.to_brat())
        files.write_text(self._folder / f"{name}.txt", document.text)
        entities = self._entities | {entity.type for entity in document.entities}
        relations = self._relations | {relation.type for relation in document.relations}
        if (entities, relations) != (self._entities, self._relations):
            self._entities, self._relations = entities, relations
            files.write_text(self._folder / "annotation.conf", self._types())

    def _types(self) -> str:
        relations = [f"{kind}\tArg1:<ENTITY>, Arg2:<ENTITY>" for kind in sorted(self._relations)]
        lines = ["[entities]", *sorted(self._entities), "[relations]", *relations, "[events]", "[attributes]"]
        return "\n".join(lines) + "\n"
