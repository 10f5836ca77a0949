"""annotation.conf, which lists the types of a collection: https://brat.nlplab.org/configuration.html"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable

from jner_re.corpora.text_files import UnreadableError, decode, read_bytes

NAME = "annotation.conf"
_ROLE = re.compile(r"([^\s:,<>]+):[^,]*")

Roles = dict[str, list[tuple[str, ...]]]  # the roles of a relation type, in order, one tuple a definition


def of_types(entities: Iterable[str], relations: Iterable[str]) -> str:
    """The file for types."""
    arguments = [f"{type}\tArg1:<ENTITY>, Arg2:<ENTITY>" for type in sorted(relations)]
    lines = ["[entities]", *sorted(entities), "[relations]", *arguments, "[events]", "[attributes]"]
    return "\n".join(lines) + "\n"


def parse(text: str) -> Roles:
    """The roles of each relation type in the section [relations]."""
    roles: Roles = {}
    section = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[relations]" and line and not line.startswith(("#", "<", "!")):
            name, *rest = line.split(None, 1)
            roles.setdefault(name, []).append(tuple(_ROLE.findall(rest[0])) if rest else ())
    return roles


def in_order(arguments: list[tuple[str, str]], definitions: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Two arguments of a relation, (role, id), head first.

    Arg1 and Arg2 are ordered by name, other roles as the first definition has them that knows both; those of
    no definition stay in the order of the line.
    """
    names = [role for role, _ in arguments]
    for definition in (("Arg1", "Arg2"), *definitions):
        if set(names) <= set(definition):
            return sorted(arguments, key=lambda argument: definition.index(argument[0]))
    return arguments


class Configurations:
    """The annotation.conf of each folder of a collection: its own, else the nearest above it.

    The folder above the collection counts too: the splits of a collection often share its file.
    """

    def __init__(self, collection: pathlib.Path) -> None:
        self._top = collection.absolute().parent
        self._roles: dict[pathlib.Path, Roles] = {}
        self.unreadable: list[tuple[pathlib.Path, UnreadableError]] = []

    def roles(self, folder: pathlib.Path) -> Roles:
        """The roles of relations in a folder; {} if no file says any, or it cannot be read."""
        folder = folder.absolute()
        if folder not in self._roles:
            file = folder / NAME
            if file.is_file():
                self._roles[folder] = self._read(file)
            else:
                above = folder != self._top and folder.parent != folder
                self._roles[folder] = self.roles(folder.parent) if above else {}
        return self._roles[folder]

    def _read(self, file: pathlib.Path) -> Roles:
        try:
            return parse(decode(read_bytes(file), file).text)
        except UnreadableError as error:
            self.unreadable.append((file, error))
            return {}
