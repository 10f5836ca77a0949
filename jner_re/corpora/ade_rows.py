"""The rows of a file like DRUG-AE.rel: what its columns hold, and where a sentence is in its document."""

from __future__ import annotations

import dataclasses
import pathlib
import re
from typing import NamedTuple

from jner_re.corpora.corpus import Finding, Loss


class Types(NamedTuple):
    """What the columns hold.

    Attributes:
      first: of the entity that relations lead from, columns 3 to 5.
      second: of the one that they lead to, columns 6 to 8.
      relation: of the relations.
    """

    first: str
    second: str
    relation: str


TYPES = Types("Adverse-Effect", "Drug", "Adverse-Effect")
OFFSET = re.compile("[0-9]{1,18}")  # no text has a place of more digits
_HTML = re.compile(r"&(?:#\w+|\w+);")


@dataclasses.dataclass(frozen=True)
class Mention:
    """An annotated text and its place in the document (the file's offsets)."""

    type: str
    text: str
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Row:
    """A relation of the file."""

    line: int
    first: Mention
    second: Mention


class Reading:
    """How one file is read, and the findings about it."""

    def __init__(self, file: pathlib.Path, tokenization: str, types: Types, language: str = "en") -> None:
        self.file, self.types = file, types
        self.tokenization, self.language = tokenization, language
        self.first, self.second = ("effect", "drug") if types == TYPES else types[:2]  # names of columns
        self.findings: list[Finding] = []
        self.mentions: list[bool] = []  # of each different one, whether it is whole tokens
        if types == TYPES and "dose" in file.name.lower():
            expected = "adverse effects, as in DRUG-AE.rel (--ade_types=Dose,Drug,Dose reads DRUG-DOSE.rel)"
            action = f"columns 3 to 5 are read as {types.first}"
            self.findings.append(
                Finding(str(file), "whole file", "name", repr(file.name), expected, action, kind="warning")
            )

    def problem(self, line: int, field: str, value: object, expected: str, action: str) -> None:
        """Adds what makes the corpus invalid."""
        self.findings.append(Finding(str(self.file), f"line {line}", field, repr(value), expected, action))

    def warning(self, line: int, field: str, value: object, expected: str, action: str) -> None:
        """Adds what a rule has changed."""
        finding = Finding(
            str(self.file), f"line {line}", field, repr(value), expected, action, kind="warning"
        )
        self.findings.append(finding)

    def lost(self, loss: Loss) -> None:
        """Says what the last finding lost."""
        self.findings[-1] = dataclasses.replace(self.findings[-1], loss=loss)


def rows_by_sentence(content: str, reading: Reading) -> dict[tuple[str, str], list[Row]]:
    """The rows that can be read, by (PubMed-ID, sentence), in the order of the file."""
    groups: dict[tuple[str, str], list[Row]] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line:
            continue
        if line in seen:
            reading.warning(
                number, "row", line[:60], f"no row twice (the same as line {seen[line]})", "merged"
            )
            reading.lost(Loss("given twice", relations=1))
            continue
        seen[line] = number
        fields = line.split("|")
        row = _row(number, fields, reading)
        if row is None:
            reading.lost(Loss("row left out", relations=1))
        else:
            groups.setdefault((fields[0], fields[1]), []).append(row)
    return groups


def _row(line: int, fields: list[str], reading: Reading) -> Row | None:
    action = "the row is left out"
    if len(fields) != 8:
        expected = f"8 fields separated by '|', not {len(fields)}"
        reading.problem(line, "row", "|".join(fields)[:60], expected, action)
        return None
    columns = (
        (3, f"{reading.first} begin"),
        (4, f"{reading.first} end"),
        (6, f"{reading.second} begin"),
        (7, f"{reading.second} end"),
    )
    for i, name in columns:
        if not OFFSET.fullmatch(fields[i]):
            expected = "an offset, a whole number from 0"
            reading.problem(line, name, fields[i][:60], expected, action)
            return None
    first = Mention(reading.types.first, fields[2], int(fields[3]), int(fields[4]))
    second = Mention(reading.types.second, fields[5], int(fields[6]), int(fields[7]))
    for name, mention in ((reading.first, first), (reading.second, second)):
        if not mention.text.strip():
            reading.problem(line, name, mention.text, "a text", action)
            return None
        if mention.end - mention.start != len(mention.text):
            expected = f"begin + {len(mention.text)}, the length of {mention.text!r}"
            reading.problem(line, f"{name} end", mention.end, expected, action)
            return None
        if mention.text not in fields[1]:
            reading.problem(line, name, mention.text, "a text that occurs in the sentence", action)
            return None
    return Row(line, first, second)


def sentence_offset(text: str, rows: list[Row], reading: Reading) -> int | None:
    """Where the sentence starts in its document: the offset that puts every mention where its text is."""
    possible: set[int] | None = None
    for row in rows:
        for name, mention in ((reading.first, row.first), (reading.second, row.second)):
            positions = _occurrences(mention.text, text)
            matching = {mention.start - position for position in positions}
            if possible is not None and not possible & matching:
                places = sorted(offset + position for offset in possible for position in positions)
                by = (
                    f"line {rows[0].line}"
                    if row is not rows[0]
                    else f"{reading.first} begin {row.first.start}"
                )
                expected = f"{' or '.join(map(str, places[:3]))}, where {by} puts it in the sentence"
                if escaped := _HTML.search(text):
                    expected += f" (which has {escaped[0]!r}: offsets of the text without HTML do not fit)"
                action = "the sentence is left out"
                reading.problem(row.line, f"{name} begin", mention.start, expected, action)
                return None
            possible = matching if possible is None else possible & matching
    assert possible
    if len(possible) > 1:
        expected = f"offsets that match one place of the sentence, not {len(possible)}"
        action = "the first place is taken"
        reading.warning(rows[0].line, f"{reading.first} begin", rows[0].first.start, expected, action)
    return max(possible)  # the greatest offset of the sentence: the first place in it


def _occurrences(part: str, text: str) -> list[int]:
    return [i for i in range(len(text) - len(part) + 1) if text.startswith(part, i)]
