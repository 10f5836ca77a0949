"""The page of results is what the records in the repository say (`make results`)."""

from __future__ import annotations

import pathlib

import pytest

from experiments.jobs import records
from experiments.tables import folder_tables, page_tables

ROOT = pathlib.Path(__file__).parents[2]


def test_the_page_is_what_the_records_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # folders on the page are relative to it
    path = pathlib.Path("docs/results.md")
    page_tables.check(path.read_text(), page_tables.filled(path.read_text(), path), path)


@pytest.mark.parametrize("folder", sorted((ROOT / "results").iterdir()), ids=lambda folder: folder.name)
def test_the_tables_of_a_folder_are_what_its_records_say(folder: pathlib.Path) -> None:
    source = folder.relative_to(ROOT).as_posix()
    for name, content in folder_tables.contents(source, records.read_folder(folder)).items():
        assert (folder / name).read_text() == content
