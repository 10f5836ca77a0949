"""The tables of a page that are made from records.

What stands between a line <!-- records: FOLDER ... --> and the line <!-- end of records --> is made from the
runs' scores on test, and likewise after <!-- differences: FOLDER --> how much settings differ.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Sequence

from jner_re.errors import InputError

from ..jobs import records
from . import comparison, differences, scores
from .published import BASELINE

_BEGIN = re.compile(r"<!-- (?P<kind>records|differences): (?P<folders>.+) -->")
_END = "<!-- end of records -->"


def filled(page: str, path: pathlib.Path) -> str:
    """The page with its tables made anew.

    Args:
      page: its text.
      path: for messages.

    Raises:
      InputError: a table isn't ended, a folder has no records, or no baseline with something to compare.
    """
    lines: list[str] = []
    begun = 0  # the line of a table whose end is still to come
    tables = 0
    for number, line in enumerate(page.splitlines(), 1):
        if line.strip() == _END:
            begun = 0
        if begun:
            continue
        lines.append(line)
        if found := _BEGIN.fullmatch(line.strip()):
            begun = number
            tables += 1
            made = table if found["kind"] == "records" else differences_table
            lines += ["", made(found["folders"].split()), ""]
    if begun:
        raise InputError(f"{path}: line {begun}: a table without end, expected a line {_END}")
    if not tables:
        raise InputError(
            f"{path}: no table of records, expected a line such as <!-- records: results/mine -->"
        )
    return "\n".join(lines) + "\n"


def check(old: str, new: str, path: pathlib.Path) -> None:
    """Raises InputError that names the first line in which the page is not what it should be."""
    pairs = zip((old + "\n").splitlines(), (new + "\n").splitlines(), strict=False)
    for number, (found, expected) in enumerate(pairs, 1):
        if found != expected:
            raise InputError(f"{path}: line {number}: is {found!r}, expected {expected!r} as the records say")
    if old != new:
        raise InputError(f"{path}: is not what the records say: make it with --update")


def table(folders: Sequence[str]) -> str:
    """The averages on test of all settings in the folders, then what was published of the corpus.

    Args:
      folders: of records of one corpus, in the order of the rows.

    Raises:
      InputError: a folder has no records, none of test, or they are of different corpora.
    """
    summaries, sources, corpora = {}, [], {}
    for folder in map(pathlib.Path, folders):
        found = _read(folder)
        if not any(record.test for record in found):
            raise InputError(
                f"{folder}: no run was tested, expected one that was; a comparison on dev is shown after "
                "<!-- differences: FOLDER -->"
            )
        for setting, summary in scores.summary(found).items():
            summaries[f"{folder.name}, {setting}"] = summary
            sources.append(setting)
        corpora[found[0].corpus["name"]] = folder
    if len(corpora) > 1:
        raise InputError(
            f"{' '.join(folders)}: are of the corpora {', '.join(corpora)}, expected one corpus a table"
        )
    (corpus,) = corpora
    return comparison.comparison(
        summaries, comparison.published_rows(corpus, sources), pathlib.Path(folders[0]).parent.as_posix()
    )


def differences_table(folders: Sequence[str]) -> str:
    """How much each setting of a folder differs from its baseline, on test if both were tested, else on dev.

    Raises:
      InputError: it is not one folder, or it has no baseline with something to compare.
    """
    if len(folders) != 1:
        raise InputError(f"differences: {' '.join(folders)}: expected one folder")
    found = _read(pathlib.Path(folders[0]))
    for split in ("test", "dev"):
        if differences.can_be_made(found, split):
            return differences.table(found, split)
    raise InputError(f"{folders[0]}: expected runs of the setting {BASELINE} and of others")


def _read(folder: pathlib.Path) -> list[records.Record]:
    found = records.read_folder(folder)
    if not found:
        raise InputError(f"{folder}: no records of runs, expected files such as seed-1.json")
    return found
